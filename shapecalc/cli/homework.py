"""`shapecalc homework`: sheets to fill in, and a check that names the misconception."""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import click

from shapecalc.cli import options
from shapecalc.cli.common import (
    CHECK_FAILED,
    complete_spec,
    emit_parts,
    must_be_no_input,
    remark,
    reported,
)
from shapecalc.cli.usage import Commands, misuse
from shapecalc.errors import refuse

if TYPE_CHECKING:
    from shapecalc.homework.answers import Answers
    from shapecalc.homework.assignment.model import Homework
    from shapecalc.report import Report

#: Commands in files of their own, imported when they are called.
APART = {
    "variants": "homework_variants",
    "grade": "homework_grade",
    "example": "homework_grade",
    "course": "homework_grade",
    "export": "homework_export",
}


class _Group(Commands):
    """The commands of this file, and those apart."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return [*self.commands, *APART]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in APART:
            return super().get_command(ctx, cmd_name)
        module = import_module(f"shapecalc.cli.{APART[cmd_name]}")
        command: click.Command = getattr(module, cmd_name)
        return command


@click.group(
    cls=_Group,
    short_help="Make sheets, check answers, grade a class.",
    epilog="""\b
Examples:
  shapecalc homework check answers.csv --against alexnet
  shapecalc homework sheet homework.yaml -o answers.csv
  shapecalc homework variants homework.yaml --roster class.csv --seed 7 -o sheets
  shapecalc homework check answers.csv --homework homework.yaml --hint 3
  shapecalc homework grade submissions --roster class.csv --homework homework.yaml
""",
)
def homework() -> None:
    """Make the sheets of a homework, check answers, say what went wrong and why, grade a class."""


#: What to do in place of --set and --input where a file says all.
INTO_FILE = "write `set:` and `input:` into it"


class WhichVariant(NamedTuple):
    """WhichVariant variant is meant: by the list of the class, by a student, by the seed."""

    variants: str | None = None
    student: str | None = None
    seed: str | None = None


@homework.command(
    short_help="Judge a file of answers.",
    epilog="""\b
Examples:
  shapecalc homework check answers.csv --against alexnet.yaml
  shapecalc homework check answers.md --against vgg16 --hint 1
  shapecalc homework check answers.csv --against alexnet --format json
""",
)
@click.argument("answers", type=click.Path())
@click.option(
    "--against",
    metavar="SPEC",
    shell_complete=complete_spec,
    help="The network that the table is about: its rows and columns are judged under the default"
    " conventions.",
)
@options.homework_file
@click.option(
    "--hint",
    type=options.WholeNumber(1, 3),
    help="How much is told: 1 which cells, 2 which idea, 3 the rule with your numbers.  Default: 2,"
    " in JSON 3.",
)
@options.variants
@options.variant
@options.variant_seed
@click.option("--solution", is_flag=True, help="Show the right answers.")
@click.option("--strict", is_flag=True, help="Exit 1 when an answer is wrong.")
@options.language
@options.settings
@options.inputs
@options.written("homework.diagnosis.Checked")
def check(
    answers: str,
    against: str | None,
    file: str | None,
    variants: str | None,
    student: str | None,
    seed: str | None,
    hint: int | None,
    solution: bool,
    strict: bool,
    language: str | None,
    settings: dict[str, str],
    inputs: dict[str, str],
    output: options.Output,
) -> None:
    """Judge every cell of ANSWERS, a file, or -, standard input.

    It is read as .csv, .md, .yaml, .json, .xlsx, .ods, .odt, .docx or .ipynb.  The right
    answers are shown only with --solution.  Exits 0 once everything was judged.
    """
    with reported(as_json=output.as_json):
        from shapecalc.homework.answers.files import load_answers
        from shapecalc.homework.diagnosis import SAYS_NO
        from shapecalc.homework.diagnosis.check import check as judge
        from shapecalc.homework.languages import speaking

        chosen = output.chosen()
        level = hint or (3 if chosen == "json" else 2)
        with speaking(spoken_in(file, language)):
            given_answers = load_answers(answers)
            which = WhichVariant(variants, student, seed)
            asked = homework_for(against, file, which, settings, inputs, given_answers)
            checked = judge(asked.in_language(language), given_answers)
        output.write(checked, hint=level, solution=solution)
        remark(checked.another)
    if strict and checked.count(*SAYS_NO):
        sys.exit(CHECK_FAILED)


@homework.command(
    short_help="Make the sheet to fill in.",
    epilog="""\b
Examples:
  shapecalc homework sheet homework.yaml -o sheet.csv
  shapecalc homework sheet homework.yaml -o sheet.html
  shapecalc homework sheet homework.yaml --solution -o solution.md
  shapecalc homework sheet --against alexnet -o mine.csv
""",
)
@click.argument("file", type=click.Path(), required=False)
@click.option(
    "--against",
    metavar="SPEC",
    shell_complete=complete_spec,
    help="A network in place of FILE: its outputs, parameters and MACs are asked under the default"
    " conventions, as `check --against SPEC` judges them.",
)
@options.variants
@options.variant
@options.variant_seed
@click.option("--solution", is_flag=True, help="Fill in the right answers, worked out.")
@click.option(
    "-f",
    "--format",
    "format_",
    metavar="FORMAT",
    help="text, markdown, html, csv, yaml, xlsx or latex.  Default: text; with -o the file's suffix"
    " decides.",
)
@options.output_as(".txt .md .html .csv .yaml .xlsx .tex")
@click.option(
    "--width",
    metavar="N",
    type=options.WholeNumber(20, 10_000),
    help="Fit text, markdown and LaTeX into N characters: text is wrapped.  Default: that of the"
    " terminal, else 80.",
)
@options.language
@options.settings
@options.inputs
def sheet(
    file: str | None,
    against: str | None,
    variants: str | None,
    student: str | None,
    seed: str | None,
    solution: bool,
    format_: str | None,
    path: str | None,
    width: int | None,
    language: str | None,
    settings: dict[str, str],
    inputs: dict[str, str],
) -> None:
    """Make the sheet of FILE, a teacher's homework.yaml: the layers, what is asked, and how.

    Without a teacher, --against makes one of any network.
    `shapecalc homework check` reads it when it is filled in, as .csv, .md,
    .yaml or .xlsx.
    """
    path = None if path == "-" else path
    with reported():
        from shapecalc.homework.sheets.sheet import beside, handout, sheet_format

        chosen = sheet_format(format_, path)
        if chosen == "xlsx" and path is None:
            message = "a workbook is no text to print"
            raise refuse("E302", message, hint="name its file: -o sheet.xlsx")
        if width is not None and chosen not in ("text", "markdown", "latex"):
            raise misuse(f"--width is that of a page, and {chosen} has none", "leave it out")
        if width is None and chosen == "text" and path is None and sys.stdout.isatty():
            from shapecalc.text.safe import terminal_width

            width = terminal_width()
        which = WhichVariant(variants, student, seed)
        assigned = _assigned(file, against, which, settings, inputs).in_language(language)
        name = Path(path).stem if path is not None else ""
        content = handout(
            assigned, chosen, solution=solution, who=_who(which), width=width, name=name
        )
        pictures = {
            str(Path(path or "").with_name(picture.name)): picture.svg
            for picture in beside(assigned, chosen, name, solution=solution)
        }
        for file_beside in pictures:
            must_be_no_input(file_beside)
        if path is not None and not solution:
            from shapecalc.homework.answers.files import keep_answers

            keep_answers(path, content)
        emit_parts([content], path)
        for file_beside, svg in pictures.items():
            emit_parts([svg], file_beside)
        remark(assigned.doubts)
        if assigned.picture and chosen == "markdown" and path is None:
            remark(["the picture goes into a file beside the sheet: name that with -o sheet.md"])


@homework.command(
    short_help="Say which mistakes a homework cannot see.",
    epilog="""\b
Example:
  shapecalc homework lint homework.yaml
""",
)
@click.argument("file", type=click.Path())
@options.written("homework.variants.lint.LintReport")
def lint(file: str, output: options.Output) -> None:
    """Say which mistakes the homework of FILE cannot see, and which it cannot tell apart.

    A mistake is silent where it gives the right answer; another size of the input may show more.
    csv and json name the mistakes cell by cell.
    """
    with reported():
        from shapecalc.homework.assignment.teacher import read_homework
        from shapecalc.homework.variants.lint import LintReport, suggest
        from shapecalc.homework.variants.lint import lint as judge
        from shapecalc.spec.find import find_homework

        output.chosen()
        assigned = read_homework(find_homework(file))
        report = LintReport(assigned, judge(assigned), suggest(assigned))
        output.write(report)


def spoken_in(file: str | None, language: str | None) -> str:
    """Return the language of what students read: that asked for, else that of the file."""
    if language or file is None:
        return language or ""
    from shapecalc.homework.assignment.teacher import language_in

    return language_in(file)


def _assigned(
    file: str | None,
    against: str | None,
    which: WhichVariant,
    settings: dict[str, str],
    inputs: dict[str, str],
) -> Homework:
    """Return the homework whose sheet is made: a teacher's, or one about any network."""
    if (file is None) == (against is None):
        what = "nothing says" if file is None else "FILE and --against both say"
        hint = "name a homework.yaml, or a network: --against alexnet"
        raise refuse("E706", f"{what} what the sheet is about", hint=hint)
    if file is None:
        from shapecalc.homework.assignment.model import assign

        assert against is not None
        _no_variant(which, "name that in place of --against")
        return assign(_report(against, settings, inputs))
    if settings or inputs:
        raise refuse("E706", "FILE says all about the network", hint=INTO_FILE)
    if which != WhichVariant():
        return _from_file(file, which)
    from shapecalc.homework.assignment.teacher import read_homework
    from shapecalc.spec.find import find_homework

    return read_homework(find_homework(file))


def _who(which: WhichVariant) -> str:
    """Say whose sheet it is, with the name where the list of variants has it."""
    if which.student is None or which.variants is None:
        return which.student or ""
    from shapecalc.homework.variants.variant_list import read_variants

    return read_variants(which.variants).of_student(which.student).who


def _no_variant(which: WhichVariant, hint: str) -> None:
    """Refuse to choose a variant where there is no teacher's file.  Raises `SpecErrors` (E706)."""
    if which != WhichVariant():
        message = "--variants, --variant and --seed are about a teacher's file"
        raise refuse("E706", message, hint=hint)


def homework_for(
    against: str | None,
    file: str | None,
    which: WhichVariant,
    settings: dict[str, str],
    inputs: dict[str, str],
    answers: Answers,
) -> Homework:
    """Return what the answers are judged by."""
    from shapecalc.homework.answers.claims import against as by_table

    many = against is not None
    hint = "keep one of them" if many else "add --against alexnet.yaml, or --homework FILE"
    need_one(against, file, own={**settings, **inputs}, hint=hint)
    if file is not None:
        return _from_file(file, which, answers.stamp)
    assert against is not None
    _no_variant(which, "name it with --homework")
    return by_table(_report(against, settings, inputs), answers)


def need_one(against: str | None, file: str | None, *, own: dict[str, str], hint: str) -> None:
    """Require either a network or a homework, which has its `own` settings and inputs.

    Raises `SpecErrors` (E706).
    """
    if (against is None) == (file is None):
        words = "nothing says" if file is None else "--against and --homework both say"
        raise refuse("E706", f"{words} what the answers are about", hint=hint)
    if file is not None and own:
        message = "with --homework the file says all about the network"
        raise refuse("E706", message, hint=INTO_FILE)


def _from_file(file: str, which: WhichVariant, stamp: str = "") -> Homework:
    from shapecalc.homework.variants.draw import chosen_homework

    return chosen_homework(file, stamp=stamp, **which._asdict())


def _report(spec: str, settings: dict[str, str], inputs: dict[str, str]) -> Report:
    from shapecalc.api import build
    from shapecalc.report.compute import compute_report
    from shapecalc.spec.find import find

    return compute_report(build(find(spec, inputs=inputs), settings=settings, inputs=inputs))
