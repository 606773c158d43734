"""`shapecalc homework export`: homeworks, checks and classes for learning platforms.

The commands are made from the table of exports.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from shapecalc.cli import options
from shapecalc.cli.common import emit, emit_parts, remark, reported
from shapecalc.cli.usage import Commands
from shapecalc.errors import SpecErrors, refuse
from shapecalc.text import Origin

if TYPE_CHECKING:
    from collections.abc import Callable

    from shapecalc.homework.assignment.model import Homework
    from shapecalc.homework.exports import Export, Option


class _Format(click.Command):
    """A format; its help says what it loses, from the table of exports."""

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        from shapecalc.homework.exports import EXPORTS

        with formatter.section("Lost on the way"):
            losses = (loss.partition(": ") for loss in EXPORTS[self.name or ""].loses)
            formatter.write_dl([(title, detail) for title, _, detail in losses])
        super().format_epilog(ctx, formatter)


class _Formats(Commands):
    """The formats, in the order of the table of exports."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        from shapecalc.homework.exports import EXPORTS

        return list(EXPORTS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        from shapecalc.homework.exports import EXPORTS

        return _command(cmd_name, EXPORTS[cmd_name]) if cmd_name in EXPORTS else None

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        from shapecalc.homework.exports import EXPORTS

        with formatter.section("Lost on the way; `export FORMAT --help` says more"):
            formatter.write_dl([(name, _titles(row.loses)) for name, row in EXPORTS.items()])
        super().format_epilog(ctx, formatter)


def _titles(losses: tuple[str, ...]) -> str:
    return ", ".join(loss.partition(":")[0] for loss in losses)


@click.group(
    cls=_Formats,
    short_help="Write a homework, a check or a class for a learning platform.",
    epilog="""\b
Examples:
  shapecalc homework export moodle-xml --homework homework.yaml -o quiz.xml
  shapecalc homework export gradescope answers.csv --homework homework.yaml -o results.json
  shapecalc homework export canvas results/ --gradebook canvas.csv --assignment "(42)"
""",
)
def export() -> None:
    """Write a homework, one student's check or a graded class in a platform's format.

    What students see of it never holds the key.
    """


_homework = click.option(
    "--homework",
    "file",
    metavar="FILE",
    type=click.Path(),
    required=True,
    help="The teacher's file, homework.yaml.",
)
_variant = click.option(
    "--variant", "student", metavar="ID", help="The student whose variant is meant."
)
_answers = click.argument("answers", type=click.Path())
_class = click.argument("results", type=click.Path())
_output = options.output_as("")
_zip = click.option(
    "-o", "--output", "path", metavar="FILE", type=click.Path(), required=True, help="The zip."
)
#: What a command takes, by what its format is made of.
_TAKES: dict[str, tuple[Callable[[Any], Any], ...]] = {
    "homework": (_homework, options.variants, _variant, options.language),
    "homework file": (_homework, options.variants, options.language),
    "answers": (_answers, _homework, options.variants, _variant, options.language),
    "class": (_class, options.language),
}


def _command(name: str, row: Export) -> click.Command:
    """Make the command of a format."""

    def run(**words: Any) -> None:  # noqa: ANN401  (click's, as the table says)
        from shapecalc.cli.homework import spoken_in
        from shapecalc.homework.languages import speaking

        path, language = words.pop("path"), words.pop("language")
        with reported(), speaking(spoken_in(words.get("file"), language)):
            _RUN[row.material](row, None if path == "-" and not row.binary else path, words)

    own = (_option(option) for option in row.options)
    command: Callable[..., None] = run
    for add in reversed((*_TAKES[row.material], *own, _zip if row.binary else _output)):
        command = add(command)
    return click.command(
        name,
        cls=_Format,
        help=row.does,
        short_help=f"{row.makes[:1].upper()}{row.makes[1:]}.",
        epilog=f"\b\nExample:\n  shapecalc homework export {name} {row.example}\n",
    )(command)


def _option(option: Option) -> Callable[[Any], Any]:
    """Make the option of a command."""
    if not option.values:
        return click.option(
            f"--{option.name}",
            metavar=option.metavar,
            type=click.Path() if option.metavar == "FILE" else None,
            required=not option.default,
            default=option.default or None,
            show_default=bool(option.default),
            help=option.help,
        )
    words = option.values
    kind = (
        options.WholeNumber(words[0], words[-1])
        if isinstance(words, range)
        else click.Choice(words)
    )
    return click.option(
        f"--{option.name}",
        type=kind,
        default=option.default,
        show_default=True,
        help=option.help,
    )


class HomeworkFile(NamedTuple):
    """The teacher's file, the list of the class's variants, and a student's id."""

    path: str
    variants: str | None = None
    student: str | None = None


def _of_homework(row: Export, path: str | None, words: dict[str, Any]) -> None:
    """Write a homework, the variant of a student, or all variants of a class where it can be."""
    file = _taken_from(words)
    if row.pool and file.variants is not None and file.student is None:
        written = _function(row.pool)(_pool(file), **words)
    else:
        written = _writer(row)(_variant_of(file), **words)
    emit_parts([written], path)


def _pool(file: HomeworkFile) -> list[Homework]:
    """Return the variants of a class, each once, in the order of its list.

    Raises `SpecErrors`: E753 for a list of none.
    """
    from shapecalc.homework.variants.draw import homework_of
    from shapecalc.homework.variants.variant_list import read_variants

    assert file.variants is not None
    _base(file)
    by_stamp = {
        drawn.stamp: drawn.student for drawn in reversed(read_variants(file.variants).drawn)
    }
    if not by_stamp:
        hint = "`shapecalc homework variants` writes it"
        raise refuse("E753", "the list has no variant", Origin.of_file(file.variants), hint)
    students = reversed(by_stamp.values())
    return [homework_of(file.path, file.variants, student) for student in students]


def _of_file(row: Export, path: str | None, words: dict[str, Any]) -> None:
    """Write a homework's file with the list of its variants."""
    from shapecalc.spec.find import find_file, find_homework

    file = _taken_from(words)
    variants = find_file(file.variants) if file.variants is not None else None
    written = _writer(row)(_base(file), find_homework(file.path), variants, **words)
    emit_parts([written], path)


def _of_answers(row: Export, path: str | None, words: dict[str, Any]) -> None:
    """Check answers and write what is said of them, also when they cannot be read."""
    from shapecalc.homework.answers.files import NO_FILE, load_submission
    from shapecalc.homework.diagnosis.check import check
    from shapecalc.output.problems import problems_text

    file = _taken_from(words)
    submission = words.pop("answers")
    _base(file)
    try:
        answers = load_submission(submission)
        text = _writer(row)(check(_variant_of(file, answers.stamp), answers), **words)
    except SpecErrors as error:
        if any(problem.code in NO_FILE for problem in error.problems):
            raise
        click.echo(problems_text(error.problems), nl=False, err=True)
        text = _module(row).refused(error.problems, **words)
    emit(text, path)


def _of_class(row: Export, path: str | None, words: dict[str, Any]) -> None:
    """Write a graded class, and to standard error what is to be known of it."""
    from shapecalc.homework.classroom.store import load

    written = _writer(row)(load(words.pop("results")), **words)
    text, lines = written if isinstance(written, tuple) else (written, ())
    emit(text, path)
    for line in lines:
        click.echo(line, err=True)


_RUN: dict[str, Callable[[Export, str | None, dict[str, Any]], None]] = {
    "homework": _of_homework,
    "homework file": _of_file,
    "answers": _of_answers,
    "class": _of_class,
}


_ROOM = "shapecalc.homework.exports"


def _module(row: Export) -> Any:  # noqa: ANN401
    """Import the module of a format."""
    return import_module(f"{_ROOM}.{row.write.partition('.')[0]}")


def _writer(row: Export) -> Callable[..., Any]:
    """Return the function that writes a format."""
    return _function(row.write)


def _function(name: str) -> Callable[..., Any]:
    """Import a function of a module of exports."""
    module, _, function = name.partition(".")
    write: Callable[..., Any] = getattr(import_module(f"{_ROOM}.{module}"), function)
    return write


def _taken_from(words: dict[str, Any]) -> HomeworkFile:
    """Take out of a command's words what says which homework is meant."""
    return HomeworkFile(words.pop("file"), words.pop("variants"), words.pop("student", None))


def _base(file: HomeworkFile) -> Homework:
    """Read a homework that asks for something.

    Raises `SpecErrors`: E745, and E752 where there are variants and no list of them.
    """
    from shapecalc.homework.assignment.teacher import read_homework
    from shapecalc.spec.find import find_homework

    source = find_homework(file.path)
    homework = read_homework(source)
    remark(homework.doubts)
    if not any(cell.out_of and cell.is_asked for cell in homework.cells):
        hint = "ask for a cell that is not given, with marks"
        raise refuse("E745", "the homework has no marks", Origin(source), hint)
    if homework.choices and file.variants is None:
        message = "the homework has variants, and nothing says which one this is"
        hint = "add --variants variants.csv, which `shapecalc homework variants` wrote"
        raise refuse("E752", message, Origin(source), hint)
    return homework


def _variant_of(file: HomeworkFile, stamp: str = "") -> Homework:
    """Return the homework, or the variant of a student or of a sheet's stamp."""
    from shapecalc.homework.variants.draw import chosen_homework

    base = _base(file)
    if file.variants is None and file.student is None:
        return base
    return chosen_homework(file.path, variants=file.variants, student=file.student, stamp=stamp)
