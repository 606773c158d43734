"""`shapecalc homework export`: homeworks, checks and classes for learning platforms."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import click

from shapecalc.cli import options
from shapecalc.cli.common import emit, emit_parts, reported
from shapecalc.errors import Problem, SpecErrors, refuse
from shapecalc.text.source import Origin

if TYPE_CHECKING:
    from collections.abc import Callable

    from shapecalc.homework.assignment.model import Homework
    from shapecalc.homework.diagnosis.model import Checked
    from shapecalc.homework.exports.parts import Per


class _Format(click.Command):
    """A format; its help says what it loses, from the table of exports."""

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        from shapecalc.homework.exports import EXPORTS

        with formatter.section("Lost on the way"):
            losses = (each.partition(": ") for each in EXPORTS[self.name or ""].loses)
            formatter.write_dl([(title, detail) for title, _, detail in losses])
        super().format_epilog(ctx, formatter)


class _Formats(click.Group):
    """The formats, in the order of the table of exports."""

    command_class = _Format

    def list_commands(self, ctx: click.Context) -> list[str]:
        from shapecalc.homework.exports import EXPORTS

        return list(EXPORTS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        from shapecalc.homework.exports import EXPORTS

        command = super().get_command(ctx, cmd_name)
        if command is not None:
            makes = EXPORTS[cmd_name].makes
            command.short_help = f"{makes[:1].upper()}{makes[1:]}."
        return command

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        from shapecalc.homework.exports import EXPORTS

        with formatter.section("Lost on the way; `export FORMAT --help` says more"):
            formatter.write_dl([(name, _titles(each.loses)) for name, each in EXPORTS.items()])
        super().format_epilog(ctx, formatter)


def _titles(losses: tuple[str, ...]) -> str:
    return ", ".join(each.partition(":")[0] for each in losses)


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
_hint = click.option(
    "--hint",
    type=click.IntRange(1, 3),
    default=2,
    show_default=True,
    help="How much is told: 1 which cells, 2 which idea, 3 the rule with the student's numbers.",
)
_missing = click.option(
    "--missing",
    type=click.Choice(["blank", "zero"]),
    default="blank",
    show_default=True,
    help="What stands for who handed nothing in.",
)


def _per(*words: str, what: str) -> Callable[[Any], Any]:
    return click.option(
        "--per", type=click.Choice(words), default=words[0], show_default=True, help=what
    )


_parts = _per("layer", "column", "cell", what="A test for every one of these.")


def _gradescope_style(command: Callable[..., None]) -> Callable[..., None]:
    """Add how results are shown in Gradescope."""
    visibility = click.option(
        "--visibility",
        type=click.Choice(["visible", "hidden", "after_due_date", "after_published"]),
        default="visible",
        show_default=True,
        help="When students see the tests; while one is hidden they see no total.",
    )
    markup = click.option(
        "--markup",
        type=click.Choice(["text", "md", "html"]),
        default="text",
        show_default=True,
        help="How what is told is written.",
    )
    styled: Callable[..., None] = _parts(_hint(visibility(markup(command))))
    return styled


@export.command(
    epilog="""\b
Example:
  shapecalc homework export gradescope answers.csv --homework homework.yaml -o results.json
"""
)
@_answers
@_homework
@options.variants
@_variant
@_gradescope_style
@_output
def gradescope(
    answers: str,
    file: str,
    variants: str | None,
    student: str | None,
    path: str | None,
    **style: Any,  # noqa: ANN401
) -> None:
    """Check ANSWERS, a file or a folder with one, and write Gradescope's results.json.

    Answers that cannot be read make results too: no marks, and why.
    """
    with reported():
        from shapecalc.homework.exports.gradescope import Style, refused, results

        shown = Style(**style)
        _write(
            Asked(file, variants, student),
            answers,
            path,
            lambda found: results(found, shown),
            lambda problems: refused(problems, shown),
        )


@export.command(
    "gradescope-package",
    epilog="""\b
Example:
  shapecalc homework export gradescope-package --homework homework.yaml -o autograder.zip
""",
)
@_homework
@options.variants
@_gradescope_style
@_zip
def gradescope_package(file: str, variants: str | None, path: str, **style: Any) -> None:  # noqa: ANN401
    """Write the zip that is uploaded to Gradescope as the autograder of a homework.

    It installs this version of shapecalc and judges every submission as `export gradescope` does.
    """
    with reported():
        from shapecalc.homework.exports.gradescope import Style
        from shapecalc.homework.exports.gradescope_package import package
        from shapecalc.spec.find import find_file, find_homework

        source = find_homework(file)
        listed = find_file(variants) if variants is not None else None
        emit_parts([package(_base(Asked(file, variants)), source, Style(**style), listed)], path)


@export.command(
    "moodle-xml",
    epilog="""\b
Example:
  shapecalc homework export moodle-xml --homework homework.yaml -o quiz.xml
""",
)
@_homework
@options.variants
@_variant
@_per("layer", "cell", what="A cloze question a layer, or a numerical one a number.")
@_output
def moodle_xml(
    file: str, variants: str | None, student: str | None, per: str, path: str | None
) -> None:
    """Write a homework as questions for Moodle: wrong numbers have their messages.

    Volumes are cloze questions in any case, with a blank an extent.
    """
    with reported():
        from shapecalc.homework.exports.moodle_xml import moodle_xml as write

        emit(write(_one(Asked(file, variants, student)), per=per), _path(path))


@export.command(
    epilog="""\b
Example:
  shapecalc homework export gift --homework homework.yaml -o quiz.gift
"""
)
@_homework
@options.variants
@_variant
@_output
def gift(file: str, variants: str | None, student: str | None, path: str | None) -> None:
    """Write a homework as numerical questions in the GIFT format, with messages."""
    with reported():
        from shapecalc.homework.exports.gift import gift as write

        emit(write(_one(Asked(file, variants, student))), _path(path))


@export.command(
    epilog="""\b
Example:
  shapecalc homework export qti --homework homework.yaml -o quiz.zip
"""
)
@_homework
@options.variants
@_variant
@_zip
def qti(file: str, variants: str | None, student: str | None, path: str) -> None:
    """Write a homework as a package in QTI 1.2, which Canvas imports."""
    with reported():
        from shapecalc.homework.exports.qti import qti as write

        emit_parts([write(_one(Asked(file, variants, student)))], path)


@export.command(
    epilog="""\b
Example:
  shapecalc homework export canvas results/ --gradebook canvas.csv --assignment "(42)"
"""
)
@_class
@click.option(
    "--gradebook",
    metavar="FILE",
    type=click.Path(),
    required=True,
    help="Canvas' own export of the gradebook.",
)
@click.option(
    "--assignment",
    metavar="NAME",
    required=True,
    help="The column: its name, with or without the id in brackets.",
)
@_missing
@_output
def canvas(results: str, gradebook: str, assignment: str, missing: str, path: str | None) -> None:
    """Fill the marks of a graded class into Canvas' own gradebook.

    RESULTS is the folder that `homework grade` wrote, or its class.json.  Who could not be matched
    is told on standard error.
    """
    with reported():
        from shapecalc.homework.classroom.store import load
        from shapecalc.homework.exports.canvas import fill, load_gradebook, report

        filled = fill(load_gradebook(gradebook), load(results), assignment, missing=missing)
        emit(filled.text, _path(path))
        click.echo("\n".join(report(filled)), err=True)


@export.command(
    "moodle-csv",
    epilog="""\b
Example:
  shapecalc homework export moodle-csv results/ -o grades.csv
""",
)
@_class
@_missing
@_output
def moodle_csv(results: str, missing: str, path: str | None) -> None:
    """Write the marks of a graded class as a table that Moodle imports.

    RESULTS is the folder that `homework grade` wrote, or its class.json.
    """
    with reported():
        from shapecalc.homework.classroom.store import load
        from shapecalc.homework.exports.moodle_csv import grades

        emit(grades(load(results), missing=missing), _path(path))


@export.command(
    epilog="""\b
Example:
  shapecalc homework export coderunner answers.csv --homework homework.yaml
"""
)
@_answers
@_homework
@options.variants
@_variant
@_parts
@_hint
@_output
def coderunner(
    answers: str,
    file: str,
    variants: str | None,
    student: str | None,
    per: Per,
    hint: int,
    path: str | None,
) -> None:
    """Check ANSWERS and write what a combinator grader of CodeRunner prints."""
    with reported():
        from shapecalc.homework.exports.coderunner import combinator, refused

        asked = Asked(file, variants, student)
        _write(asked, answers, path, lambda found: combinator(found, per=per, hint=hint), refused)


@export.command(
    epilog="""\b
Example:
  shapecalc homework export prairielearn answers.csv --homework homework.yaml -o results.json
"""
)
@_answers
@_homework
@options.variants
@_variant
@_parts
@_hint
@_output
def prairielearn(
    answers: str,
    file: str,
    variants: str | None,
    student: str | None,
    per: Per,
    hint: int,
    path: str | None,
) -> None:
    """Check ANSWERS and write results.json of PrairieLearn's external grader.

    Answers that cannot be read are not gradable, which does not use up an attempt.
    """
    with reported():
        from shapecalc.homework.exports.prairielearn import refused, results

        asked = Asked(file, variants, student)
        _write(asked, answers, path, lambda found: results(found, per=per, hint=hint), refused)


def _path(path: str | None) -> str | None:
    return None if path == "-" else path


class Asked(NamedTuple):
    """The teacher's file, the list of the class's variants, and a student's id."""

    file: str
    variants: str | None = None
    student: str | None = None


def _base(asked: Asked) -> Homework:
    """Read a homework that asks for something.

    Raises `SpecErrors`: E745, and E752 where there are variants and no list of them.
    """
    from shapecalc.homework.assignment.teacher import read_homework
    from shapecalc.spec.find import find_homework

    source = find_homework(asked.file)
    homework = read_homework(source)
    if not any(cell.out_of and not cell.given and cell.key is not None for cell in homework.cells):
        hint = "ask for a cell that is not given, with marks"
        raise refuse("E745", "the homework has no marks", Origin(source), hint)
    if homework.choices and asked.variants is None:
        message = "the homework has variants, and nothing says which one this is"
        hint = "add --variants variants.csv, which `shapecalc homework variants` wrote"
        raise refuse("E752", message, Origin(source), hint)
    return homework


def _one(asked: Asked, stamp: str = "") -> Homework:
    """Return the homework, or the variant of a student or of a sheet's stamp."""
    from shapecalc.homework.variants.draw import chosen_homework

    base = _base(asked)
    if asked.variants is None and asked.student is None:
        return base
    return chosen_homework(asked.file, variants=asked.variants, student=asked.student, stamp=stamp)


def _write(
    asked: Asked,
    answers: str,
    path: str | None,
    write: Callable[[Checked], str],
    refused: Callable[[tuple[Problem, ...]], str],
) -> None:
    """Check answers and write what is said of them, also when they cannot be read."""
    from shapecalc.homework.diagnosis.check import check
    from shapecalc.homework.exports.submission import NO_FILE, load_submission
    from shapecalc.output.problems import problems_text

    _base(asked)
    try:
        given = load_submission(answers)
        text = write(check(_one(asked, given.stamp), given))
    except SpecErrors as error:
        if any(problem.code in NO_FILE for problem in error.problems):
            raise
        click.echo(problems_text(error.problems), nl=False, err=True)
        text = refused(error.problems)
    emit(text, _path(path))
