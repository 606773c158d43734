"""What the commands share: how they fail, and how they write."""

from __future__ import annotations

import contextlib
import errno
import gc
import os
import sys
from typing import IO, TYPE_CHECKING, Any, NoReturn

import click

from shapecalc.errors import Problem, RuleError, SpecErrors, refuse
from shapecalc.text import Origin, Source

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from shapecalc.report import Report

#: Exit codes: 1, a check said no; 2, the input or the usage was wrong.
CHECK_FAILED = 1
WRONG_INPUT = 2
#: What a shell says of a program that SIGPIPE ended: nobody reads what is written.
NOBODY_READS = 141


@contextlib.contextmanager
def reported(*, as_json: bool = False) -> Iterator[None]:
    """Turn problems into messages on standard error and exit code 2."""
    from shapecalc.spec.find import files_noted

    try:
        _must_be_writable()
        with files_noted():
            yield
    except SpecErrors as error:
        fail(error.problems, as_json=as_json)
    except RuleError as error:  # an expression that grows too large while it is written
        problem = Problem(error.code, error.message, None, error.rule, error.hint)
        fail([problem], as_json=as_json)
    except MemoryError:
        message = "the network needs more memory than this machine has"
        fail([Problem("E501", message, hint="use a smaller input")], as_json=as_json)


def fail(problems: Sequence[Problem], *, as_json: bool = False) -> NoReturn:
    """Write problems to standard error, and end with exit code 2."""
    from shapecalc.output.problems import more_about, problems_json, problems_text

    text = problems_json(problems) if as_json else problems_text(problems)
    if sys.stderr.isatty() and not as_json:
        text += "\n" + more_about(problems)
    click.echo(text, nl=False, err=True)
    sys.exit(WRONG_INPUT)


def freed(settings: dict[str, str], free: tuple[str, ...]) -> dict[str, str]:
    """Return the settings with those that are free.  Raises `SpecErrors` for one that is both."""
    both = [name for name in free if name in settings]
    if both:
        message = f"'{both[0]}' is given a value and set free"
        origin = Origin(Source(f"--free {both[0]}", both[0]))
        hint = f"leave out --set {both[0]}={settings[both[0]]}, or --free {both[0]}"
        raise refuse("E303", message, origin, hint)
    return {**settings, **dict.fromkeys(free, "free")}


def remark(doubts: Iterable[str]) -> None:
    """Say on standard error what may have been meant otherwise, each doubt once a command."""
    context = click.get_current_context(silent=True)
    known: set[str] = context.meta.setdefault("remarks", set()) if context is not None else set()
    for doubt in doubts:
        if doubt not in known:
            from shapecalc.text.safe import one_line

            known.add(doubt)
            click.echo(f"remark: {one_line(doubt)}", err=True)


def said_partial() -> bool:
    """Tell whether the command has remarked that a network has layers without a rule."""
    from shapecalc.readers import PARTIAL

    remarks: set[str] = click.get_current_context().meta.get("remarks", set())
    return any(PARTIAL in text for text in remarks)


def page_width() -> int:
    """Return how wide lists are set: as the terminal, or as prose where nobody's is known."""
    from shapecalc.output.text import PROSE
    from shapecalc.text.safe import terminal_width

    return terminal_width() if sys.stdout.isatty() else PROSE


def emit(text: str, path: str | None) -> None:
    """Print a text, or write it to a file: beside it first, then renamed into place."""
    emit_parts([text], path)


def emit_parts(parts: Iterable[str | bytes], path: str | None, *, coloured: bool = False) -> None:
    """Print or write what comes in parts; bytes only to a file or a pipe.

    On a terminal only what is made for one, `coloured`, may give it orders: controls in other texts
    are shown.
    """
    gc.freeze()  # what was computed stays until it is written: to look for garbage in it is in vain
    try:
        _emit_parts(parts, path, coloured=coloured)
    finally:
        gc.unfreeze()  # who calls the command in a process of his own keeps his collector as it was


def _emit_parts(parts: Iterable[str | bytes], path: str | None, *, coloured: bool) -> None:
    if path is None:
        from shapecalc.text.safe import with_controls_shown

        for part in parts:
            if isinstance(part, bytes):
                _print_bytes(part)
                continue
            _print(part if coloured or not sys.stdout.isatty() else with_controls_shown(part))
        return
    from shapecalc.text.files import replace

    with explaining(path):
        replace(path, parts)


def write(path: str, fill: Callable[[IO[bytes]], object]) -> None:
    """Let `fill` write a file: beside it first, then renamed into place.  Raises E007."""
    from shapecalc.text import files

    with explaining(path):
        files.fill(path, fill)


def _must_be_writable() -> None:
    """Refuse files to write, before anything is computed, that no command can write.

    Raises `SpecErrors` (E007).
    """
    for param, path in _parameters():
        if not _is_output(param) or path is None or path == "-":
            continue
        if not path:
            message = f"{param.opts[-1]} names no file: its name is empty"
            raise refuse("E007", message, hint="give the file a name, or leave the option out")
        if os.path.isdir(path) or path.endswith(("/", os.sep)):
            message = f"'{path}' cannot be written: {os.strerror(errno.EISDIR)}"
            raise refuse("E007", message, Origin.of_file(path))
        must_be_no_input(path)


def _is_output(param: click.Parameter) -> bool:
    """Tell whether a parameter names a file that is written."""
    word = param.opts[-1]
    written = word in ("--output", "--plot") or word.startswith("--save-")
    metavar = getattr(param, "metavar", None)
    return (written and metavar == "FILE") or metavar == "[TO]"


def must_be_no_input(path: str) -> None:
    """Refuse to write over a file that the command reads, by whatever names it.

    Raises `SpecErrors` (E007).
    """
    from shapecalc.spec.find import noted_files

    if not os.path.isfile(path):
        return
    hint = "give the output another name"
    if any(os.path.samefile(path, file) for file in _input_files()):
        message = f"'{path}' cannot be written: it is the command's own input"
    elif any(os.path.exists(file) and os.path.samefile(path, file) for file in noted_files()):
        message = f"'{path}' cannot be written: the command has read it"
    else:
        return
    raise refuse("E007", message, Origin.of_file(path), hint)


def _must_be_no_spec(path: str) -> None:
    """Refuse to write over a spec, which somebody wrote by hand.  Raises `SpecErrors` (E007)."""
    from shapecalc.spec.find import holds_spec

    if os.path.isfile(path) and holds_spec(path):
        message = f"'{path}' cannot be written: it is a spec, which would be lost"
        hint = "give the output another name, or remove that file first"
        raise refuse("E007", message, Origin.of_file(path), hint)


def _input_files() -> Iterator[str]:
    """Yield the files that the command line names to be read; `.yaml` may be left out there."""
    for param, value in _parameters():
        names = isinstance(param, click.Argument) or param.metavar in ("FILE", "SPEC")
        if names and not _is_output(param):
            for name in filter(None, value if isinstance(value, tuple) else (value,)):
                yield from filter(os.path.isfile, (name, f"{name}.yaml"))


def _parameters() -> Iterator[tuple[click.Parameter, Any]]:
    """Yield the parameters of the command that runs, with their values."""
    context = click.get_current_context(silent=True)
    if context is not None:
        for param in context.command.params:
            yield param, context.params.get(param.name or "")


@contextlib.contextmanager
def explaining(path: str) -> Iterator[None]:
    """Tell why a file cannot be written; one that the command reads never is."""
    must_be_no_input(path)
    _must_be_no_spec(path)
    try:
        yield
    except OSError as error:
        message = f"'{path}' cannot be written: {error.strerror or error}"
        hint = "make the folder first" if isinstance(error, FileNotFoundError) else ""
        problem = Problem("E007", message, Origin.of_file(path), hint=hint)
        raise SpecErrors([problem]) from None


#: What stands for the tables' signs where the output cannot hold them.
_PLAIN = str.maketrans(
    {
        "─": "-",
        "–": "-",
        "…": "...",
        "×": "x",
        "✓": "+",
        "✗": "!",
        "•": "*",
        "±": "+-",
        **{c: str(i) for i, c in enumerate("⁰¹²³⁴⁵⁶⁷⁸⁹")},
        **dict.fromkeys("█▉▊▋▌", "#"),
        **dict.fromkeys("▍▎▏", "|"),
    }
)


def _encodable(text: str, encoding: str) -> str:
    """Replace what an output's encoding does not have."""
    try:
        text.encode(encoding)
    except UnicodeEncodeError:
        return text.translate(_PLAIN).encode(encoding, "replace").decode(encoding)
    return text


def _print(text: str) -> None:
    """Write to standard output."""
    with _piped():
        sys.stdout.write(_encodable(text, sys.stdout.encoding or "ascii"))
        sys.stdout.flush()


def _print_bytes(data: bytes) -> None:
    """Write bytes to standard output.  Raises `SpecErrors` (E323) on a terminal."""
    if sys.stdout.isatty():
        raise refuse("E323", "these are bytes, which no terminal shows", hint="add -o FILE")
    with _piped():
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()


@contextlib.contextmanager
def _piped() -> Iterator[None]:
    """End quietly when a pipe's reader has gone (`... | head`)."""
    try:
        yield
    except BrokenPipeError:
        drop_output()
        sys.exit(NOBODY_READS)
    except OSError as error:
        drop_output()
        message = f"standard output cannot be written: {error.strerror or error}"
        raise refuse("E007", message) from None


def drop_output() -> None:
    """Send what is still buffered nowhere, so that the interpreter's end does not fail on it."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def must_run(reports: Sequence[Report], *, keep: bool = False, force: bool = False) -> None:
    """Refuse to run networks with symbols, and unless forced what needs more memory than is free.

    `keep` says that all activations are kept.
    """
    from shapecalc.graph import without_values

    problems = [problem for report in reports for problem in without_values(report.graph, "a run")]
    if not problems and not force:
        problems = [problem for report in reports for problem in _too_large(report, keep=keep)]
    if problems:
        raise SpecErrors(problems)


def _too_large(report: Report, *, keep: bool) -> Iterator[Problem]:
    """Complain about what does not fit.

    It takes the arrays, the activations at their peak (or all, where they are kept), and half a
    gigabyte to work in.
    """
    from shapecalc.algebra import known
    from shapecalc.reference.memory import free_bytes

    totals = report.totals
    activations = totals.peak
    if keep:
        activations = sum(row.output.size for row in report.rows)
    needed = 4 * known(totals.params + totals.buffers + activations) + 2**29
    free = free_bytes()
    if free is not None and needed > free:
        yield Problem(
            "E501",
            f"running {report.name} takes about {needed / 1e9:,.1f} GB,"
            f" and {free / 1e9:,.1f} GB are free",
            Origin(report.graph.spec.source),
            hint="use a smaller input, or --force to run it all the same",
            facts=(("needed", needed), ("free", free)),
        )


def complete_spec(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[object]:
    """Complete a spec: shipped names, and files."""
    from click.shell_completion import CompletionItem

    from shapecalc.spec.find import shipped

    items: list[object] = [
        CompletionItem(name) for name in shipped() if name.startswith(incomplete)
    ]
    return [*items, CompletionItem(incomplete, type="file")]


def complete_layer(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:
    """Complete a layer type."""
    from shapecalc.layers import BUILT_IN_BLOCKS, BUILTIN, STRUCTURE

    return [
        word for word in (*BUILTIN, *BUILT_IN_BLOCKS, *STRUCTURE) if word.startswith(incomplete)
    ]
