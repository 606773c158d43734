"""`shapecalc homework variants`: a sheet with other numbers for every student."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from shapecalc.cli import options
from shapecalc.cli.common import emit, emit_parts, must_be_no_input, remark, reported
from shapecalc.errors import refuse

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shapecalc.homework.classroom import Student
    from shapecalc.homework.variants.draw import VariantPool
    from shapecalc.homework.variants.variant_list import Drawn
    from shapecalc.text import Source


@click.command(
    short_help="Make a variant for every student.",
    epilog="""\b
Examples:
  shapecalc homework variants homework.yaml --roster class.csv --seed 7 -o sheets
  shapecalc homework variants homework.yaml --roster class.csv --seed 7 -f html -o sheets
  shapecalc homework check answers.csv --homework homework.yaml --variants sheets/variants.csv
""",
)
@click.argument("file", type=click.Path())
@click.option(
    "--roster",
    metavar="FILE",
    required=True,
    type=click.Path(),
    help="The class: a CSV file with the columns id, name, email.",
)
@options.encoding
@click.option(
    "--seed",
    metavar="S",
    required=True,
    help="A word or a number: the same seed gives a student the same variant, whoever else is in"
    " the class.",
)
@click.option(
    "-f",
    "--format",
    "format_",
    metavar="FORMAT",
    default="csv",
    show_default=True,
    help="The sheets' format: csv, markdown, html, yaml, xlsx, text or latex.",
)
@click.option(
    "-o",
    "--output",
    "folder",
    metavar="FOLDER",
    required=True,
    type=click.Path(),
    help="Where a sheet a student goes, and variants.csv, which says who has what.",
)
def variants(file: str, roster: str, encoding: str, seed: str, format_: str, folder: str) -> None:
    """Make a sheet for every student of a roster, with the numbers that FILE lets vary.

    All variants are valid, equally difficult, and of those in which most mistakes show and are told
    apart.  `vary` in FILE, a teacher's homework.yaml, says what differs.
    """
    with reported():
        from shapecalc.homework.classroom.roster import load_roster
        from shapecalc.homework.sheets.sheet import sheet_format
        from shapecalc.homework.variants.draw import pool_of, pool_text
        from shapecalc.spec.find import find_homework

        must_be_no_input(f"{folder}/variants.csv")
        form = sheet_format(format_)
        source = find_homework(file)
        students = load_roster(roster, encoding).students
        pool = pool_of(source, seed)
        _must_keep(f"{folder}/variants.csv", pool, seed, students)
        _make(folder)
        drawn = []
        for files, variant in _sheets(source, pool, seed, students, form):
            for name, content in files.items():
                emit_parts([content], f"{folder}/{name}")
            drawn.append(variant)
        from shapecalc.homework.variants.variant_list import write_variants

        names = [name for name, _ in pool.variants[0].values]
        emit(write_variants(names, drawn), f"{folder}/variants.csv")
        emit(pool_text(pool, [variant.values for variant in drawn]), None)


def _sheets(
    source: Source,
    pool: VariantPool,
    seed: str,
    students: tuple[Student, ...],
    form: str,
) -> Iterator[tuple[dict[str, str | bytes], Drawn]]:
    """Yield every student's files by their names, the sheet first, and what was drawn."""
    from shapecalc.homework.assignment.teacher import read_homework
    from shapecalc.homework.sheets.sheet import FORMATS, beside, handout
    from shapecalc.homework.variants.draw import draw
    from shapecalc.homework.variants.variant_list import Drawn
    from shapecalc.text.files import page_name

    taken = {"variants"}
    for student in students:
        values = draw(pool, seed, student.id).values
        homework = read_homework(source, dict(values))
        remark(homework.doubts)
        drawn = Drawn(student.id, homework.stamp, values, student.name)
        name = page_name(student.id, taken)
        files = {name + FORMATS[form][0]: handout(homework, form, who=drawn.who, name=name)}
        files |= {picture.name: picture.svg for picture in beside(homework, form, name)}
        yield files, drawn


def _must_keep(path: str, pool: VariantPool, seed: str, students: tuple[Student, ...]) -> None:
    """Refuse to give students of a list other numbers than it says that they were given."""
    from pathlib import Path

    from shapecalc.homework.variants.draw import draw
    from shapecalc.homework.variants.variant_list import read_variants
    from shapecalc.spec.find import files_noted
    from shapecalc.text.files import fold

    if not Path(path).exists():
        return
    with files_noted():  # apart from what the command reads and must not write
        given = read_variants(path).by_student
    for student in students:
        had, now = given.get(fold(student.id)), dict(draw(pool, seed, student.id).values)
        if had is not None and dict(had.values) != now:
            old, new = (
                ", ".join(f"{name}={value}" for name, value in values.items())
                for values in (dict(had.values), now)
            )
            message = f"by {path} '{student.id}' was given {old}, and would be given {new}"
            hint = "take the seed of then or another folder, or move the list away"
            raise refuse("E716", message, hint=hint)


def _make(folder: str) -> None:
    """Make a folder where there is none."""
    from pathlib import Path

    try:
        Path(folder).mkdir(parents=True, exist_ok=True)
    except OSError as error:
        message = f"'{folder}' cannot be made: {error.strerror or error}"
        raise refuse("E007", message, hint="name another folder") from None
