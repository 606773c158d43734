"""The command line: one module a command, imported when it is called.

Those that list what the tool has are together in `inventory`.
"""

from __future__ import annotations

import sys
from contextlib import contextmanager
from importlib import import_module
from typing import TYPE_CHECKING, Any

import click

from shapecalc import __version__
from shapecalc.cli.usage import Commands, problem_of
from shapecalc.errors import SpecErrors

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

#: The exit code of what Ctrl-C ended, as a shell counts.
INTERRUPTED = 130
#: The commands; a module in this package has its command's name.
COMMANDS = (
    "summarize",
    "explain",
    "solve",
    "sweep",
    "compare",
    "tables",
    "reconcile",
    "profiles",
    "training",
    "verify",
    "run",
    "convert",
    "draw",
    "page",
    "watch",
    "homework",
    "layers",
    "specs",
    "schema",
    "completion",
    "errors",
)

#: Those in `inventory`.
_LISTED = ("profiles", "layers", "specs", "schema", "completion", "errors")


@contextmanager
def _ended() -> Iterator[None]:
    """End as shells count where click would exit with 1, which means that a check said no."""
    try:
        yield
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
    except BrokenPipeError:  # of --help; the commands speak for themselves
        from shapecalc.cli.common import NOBODY_READS, drop_output

        drop_output()
        sys.exit(NOBODY_READS)
    except (SpecErrors, click.UsageError) as error:  # of words, before a command has begun
        if type(error).__name__ == "NoArgsIsHelpError":
            raise  # a group without a command is no mistake: its help is shown
        from shapecalc.cli.common import fail

        fail(error.problems if isinstance(error, SpecErrors) else [problem_of(error)])


class _Lazy(Commands):
    """A group that imports a command when it is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module = "inventory" if cmd_name in _LISTED else cmd_name
        command: click.Command = getattr(import_module(f"shapecalc.cli.{module}"), cmd_name)
        return command

    def make_context(self, *words: Any, **options: Any) -> click.Context:  # noqa: ANN401
        with _ended():
            return super().make_context(*words, **options)

    def invoke(self, ctx: click.Context) -> object:
        with _ended():
            return super().invoke(ctx)

    def meant(self, word: str, known: Iterable[str]) -> str:
        return _of_a_spec(word) or super().meant(word, known)


def _of_a_spec(word: str) -> str:
    """Suggest a command for a word that is a file or a shipped spec."""
    from pathlib import Path

    from shapecalc.spec.find import shipped

    if word.lower().endswith((".yaml", ".yml")) or Path(word).is_file() or word in shipped():
        return f"did you mean `shapecalc summarize {word}`?"
    return ""


def _show_version(ctx: click.Context, _param: click.Parameter, wanted: bool) -> None:
    if wanted and not ctx.resilient_parsing:
        click.echo(f"shapecalc, version {__version__}", color=ctx.color)
        ctx.exit()


@click.group(
    cls=_Lazy,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Example:  shapecalc summarize alexnet.yaml",
)
@click.option(
    "--version",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_show_version,
    help="Show the version and exit.",
)
def main() -> None:
    """Say what a ConvNet's layers cost: volumes, parameters, operations, memory.

    A network is a short YAML file; `shapecalc specs` lists those that come with the tool.
    """


def program() -> None:
    """Run the command line as a program, whatever its streams are."""
    import os

    if sys.stdin is None:  # closed by whoever started the program
        sys.stdin = open(os.devnull)  # noqa: PTH123, SIM115
    if sys.stdout is None:  # to write to it is an error, for those commands that do
        sys.stdout = open(os.devnull, "w", opener=_only_to_read)  # noqa: SIM115
    if sys.stderr is None:
        sys.stderr = open(os.devnull, "w")  # noqa: PTH123, SIM115
    try:
        main(prog_name="shapecalc")
    except OSError as error:  # of --help and --version; the commands speak for themselves
        click.echo(f"error[E007]: standard output cannot be written: {error.strerror}", err=True)
        os._exit(2)  # the interpreter's end would fail on what is still buffered


def _only_to_read(path: str, _flags: int) -> int:
    import os

    return os.open(path, os.O_RDONLY)
