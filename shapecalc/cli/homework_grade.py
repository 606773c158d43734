"""`homework grade`: submissions to grades and feedback; `example`, `course`: to begin with."""

from __future__ import annotations

import os
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import click

from shapecalc.cli import INTERRUPTED, options
from shapecalc.cli.common import complete_spec, emit_parts, must_be_no_input, remark, reported

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from shapecalc.homework.classroom.grade import GradedRun
    from shapecalc.homework.classroom.judging import HomeworkSource

#: More processes than this are not started unless asked for.
_JOBS = 4


@click.command(
    short_help="Grade a class.",
    epilog="""\b
Examples:
  shapecalc homework grade submissions --roster class.csv --homework homework.yaml -o results
  shapecalc homework grade submissions.zip --roster class.csv --against alexnet
  shapecalc homework grade submissions --roster class.csv --homework homework.yaml --times times.csv
""",
)
@click.argument("folder", type=click.Path())
@click.option(
    "--roster",
    required=True,
    metavar="FILE",
    type=click.Path(),
    help="The class, a CSV file with the columns id, name, email, or a platform's export.",
)
@options.homework_file
@click.option(
    "--against",
    metavar="SPEC",
    shell_complete=complete_spec,
    help="In its place a network, asked about under the defaults: output, params and MACs.",
)
@click.option(
    "-o",
    "--output",
    "results",
    default="results",
    show_default=True,
    metavar="FOLDER",
    type=click.Path(),
    help="Write into FOLDER.",
)
@click.option(
    "--variants",
    metavar="FILE",
    type=click.Path(),
    help="The class's variants.csv, where everybody has a variant.",
)
@click.option(
    "--times",
    metavar="FILE",
    type=click.Path(),
    help="When things were handed in: a CSV file with the columns id, submitted; or `files`, for"
    " the times of the files, which a download may have changed.",
)
@options.encoding
@options.language
@click.option("--solution", is_flag=True, help="Show the right answers in the feedback.")
@click.option(
    "--jobs",
    type=options.WholeNumber(1, 64),
    help="Use so many processes.  Default: the machine's, at most 4, for large classes.",
)
@options.settings
@options.inputs
@options.format_of("homework.classroom.results.ClassSummary")
def grade(
    folder: str,
    roster: str,
    file: str | None,
    against: str | None,
    results: str,
    variants: str | None,
    times: str | None,
    encoding: str,
    language: str | None,
    solution: bool,
    jobs: int | None,
    settings: dict[str, str],
    inputs: dict[str, str],
    format_: str | None,
) -> None:
    """Grade the submissions in FOLDER, files or the zips of a platform, for everyone in a roster.

    Writes grades.csv, cells.csv, leftovers.csv, class.json, a report, and a page of feedback for
    each student.  Prints a summary; with --format json the class.  A run that was interrupted goes
    on where it ended.
    """
    with reported(as_json=format_ == "json"):
        from shapecalc.homework.classroom.grade import Request
        from shapecalc.homework.classroom.grade import grade as run
        from shapecalc.homework.classroom.results import FILES
        from shapecalc.output.formats import format_for
        from shapecalc.text.files import told_to_end

        for path in (*(f"{results}/{name}" for name in FILES), *_pages(results)):
            must_be_no_input(path)
        chosen = format_for(format_, terminal=sys.stdout.isatty())
        homework_source = _source(file, against, settings, inputs)
        homework_source = homework_source._replace(language=language or "")
        if variants is not None:
            from shapecalc.homework.variants.variant_list import read_variants

            homework_source = homework_source._replace(variants=read_variants(variants))
        used = jobs or min(os.cpu_count() or 1, _JOBS)
        summary = chosen in ("text", "terminal")
        request = Request(
            homework_source, folder, roster, results, times, solution, used, encoding, summary
        )
        try:
            with told_to_end(), ExitStack() as stack:
                done = run(request, _bar(stack) if sys.stderr.isatty() else None)
        except KeyboardInterrupt:
            click.echo("interrupted; the same command goes on where this one ended", err=True)
            sys.exit(INTERRUPTED)
        _tell(done, results, chosen)


def _pages(results: str) -> Iterator[str]:
    """Yield the reports and students' pages that lie in a folder of results, to be written anew."""
    from shapecalc.homework.classroom.store import PAGES

    yield from map(str, sorted(Path(results).glob("report.*")))
    yield from map(str, sorted(Path(results, PAGES).glob("*")))


def _source(
    file: str | None, against: str | None, settings: dict[str, str], inputs: dict[str, str]
) -> HomeworkSource:
    """Return what is asked of the class.  Raises `SpecErrors` (E706)."""
    from shapecalc.cli.homework import need_one
    from shapecalc.homework.classroom.judging import HomeworkSource
    from shapecalc.spec.find import find, find_homework

    hint = "name the teacher's file with --homework, or a network with --against"
    need_one(against, file, own={**settings, **inputs}, hint=hint)
    if against is None:
        assert file is not None
        return HomeworkSource(find_homework(file))
    return HomeworkSource(
        find(against, inputs=inputs), True, tuple(settings.items()), tuple(inputs.items())
    )


def _bar(stack: ExitStack) -> Callable[[int], Callable[[], object]]:
    """Return what draws a progress bar until the stack is left."""
    from shapecalc.output.terminal import progress

    return lambda steps: stack.enter_context(progress("grading", steps))


def _tell(done: GradedRun, results: str, chosen: str) -> None:
    """Print the summary, or the class for programs; own failures go to standard error."""
    from shapecalc.homework.classroom.results import ClassSummary
    from shapecalc.output.formats import parts

    remarks = (*done.remarks, f"Written into {results}.")
    summary = ClassSummary(done.classroom, remarks, done.doubts)
    emit_parts(parts(summary, chosen), None, coloured=chosen == "terminal")
    remark(done.doubts)
    if done.errors:
        message = (
            f"error: shapecalc failed on {len(done.errors)} of the submissions, listed as"
            " unreadable; the mistake is in shapecalc: please report it"
        )
        for line in (message, *(f"  {error}" for error in done.errors[:10])):
            click.echo(line, err=True)


@click.command(
    short_help="Write an example class into a folder.",
    epilog="""\b
Example:
  shapecalc homework example class
""",
)
@click.argument("folder", type=click.Path())
def example(folder: str) -> None:
    """Write a homework, a roster and the submissions of a class into FOLDER, to try things on."""
    with reported():
        from shapecalc.homework.classroom.example import write_example

        for path, what in write_example(folder):
            click.echo(f"{path}: {what}")


@click.command(
    short_help="Write a course of four homeworks.",
    epilog="""\b
Example:
  shapecalc homework course course
""",
)
@click.argument("folder", type=click.Path())
def course(folder: str) -> None:
    """Write four homeworks into FOLDER: volumes, parameters, a budget, a paper's table.

    Each has a sheet, a solution, a rubric, variants, and a class to try it on, in plain files to be
    edited.  The README.md in FOLDER has the commands.
    """
    with reported():
        from shapecalc.homework.classroom.course import write_course

        for path, what in write_course(folder):
            click.echo(f"{path}: {what}")
