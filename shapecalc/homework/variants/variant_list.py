"""The list of a class's variants: a row a student, with the stamp of the sheet and its values."""

from __future__ import annotations

import csv
from io import StringIO
from typing import TYPE_CHECKING, NamedTuple

from shapecalc.homework.answers import refuse_file
from shapecalc.homework.answers.tables import numbered_rows
from shapecalc.output.csv import Plain, written
from shapecalc.spec.find import find_file
from shapecalc.text.files import fold
from shapecalc.text.safe import FORMULA
from shapecalc.text.words import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from shapecalc.errors import SpecErrors
    from shapecalc.text import Source

#: The first columns; the others are named as in `vary`.
FIRST = ("student", "stamp")
#: The column of names, which may be there; nothing that varies has a blank in its name.
NAME = "student name"
#: Limits of a list.
MAX_STUDENTS = 20_000
MAX_COLUMNS = 100


class Drawn(NamedTuple):
    """What a student was given."""

    student: str
    stamp: str
    values: tuple[tuple[str, str], ...]
    name: str = ""

    @property
    def who(self) -> str:
        """Whose it is, as it stands on a sheet."""
        return f"{self.name} ({self.student})" if self.name else self.student


class VariantList(NamedTuple):
    """The variants of a class; `by_student` has them by the id, as letters' case is no matter."""

    source: str
    drawn: tuple[Drawn, ...]
    by_student: Mapping[str, Drawn]

    def of_student(self, student: str) -> Drawn:
        """Return a student's; letters' case makes no difference.  Raises `SpecErrors` (E752)."""
        variant = self.by_student.get(fold(student))
        if variant is None:
            ids = [variant.student for variant in self.drawn]
            hint = did_you_mean(student, ids) or f"it lists {len(ids):,} students"
            raise refuse_file(
                "E752", f"no variant was made for '{student[:60]}'", self.source, hint
            )
        return variant

    def of_stamp(self, stamp: str) -> Drawn:
        """Return that of a sheet; who share a variant share its stamp.  Raises `SpecErrors`."""
        variants = [variant for variant in self.drawn if variant.stamp == stamp]
        if not variants:
            wrong = f"no variant has the stamp {stamp}" if stamp else "the sheet has no stamp"
            hint = "say whose answers they are: --variant ID"
            raise refuse_file("E752", f"{wrong}, so whose it is cannot be told", self.source, hint)
        return variants[0]


def write_variants(names: Sequence[str], drawn: Iterable[Drawn]) -> str:
    """Write a list of variants as CSV, as it is but for names: it is read again."""
    rows = (
        (
            Plain(variant.student),
            Plain(variant.stamp),
            variant.name,
            *(Plain(dict(variant.values)[name]) for name in names),
        )
        for variant in drawn
    )
    return "".join(written(((*FIRST, NAME, *names), *rows)))


def read_variants(path: str) -> VariantList:
    """Read a list of variants from a file.  Raises `SpecErrors` (E001 to E005, E753)."""
    return parse_variants(find_file(path))


def parse_variants(source: Source) -> VariantList:
    """Read a list of variants.  Raises `SpecErrors` (E753)."""
    try:
        numbered = numbered_rows(list(StringIO(source.text)))
    except csv.Error as error:
        raise _broken(source.name, f"the list cannot be read: {error}") from None
    rows = [row for _, row in numbered if any(row)]
    header = [cell.strip() for cell in rows[0]] if rows else []
    if tuple(header[:2]) != FIRST or len(set(header)) < len(header) or len(header) > MAX_COLUMNS:
        raise _broken(source.name, "the first row is not student,stamp and what varies")
    if len(rows) > MAX_STUDENTS:
        raise _broken(source.name, f"the list has more than {MAX_STUDENTS:,} rows")
    drawn = []
    for number, row in enumerate(rows[1:], 2):
        cells = dict(zip(header, map(str.strip, row), strict=False))
        name = cells.pop(NAME, "")
        if len(row) != len(header) or not all(cells.values()):
            raise _broken(source.name, f"row {number} has not one value for each column")
        (_, student), (_, stamp), *values = cells.items()
        if name.startswith("'") and name[1:].startswith(FORMULA):  # as it was written
            name = name.removeprefix("'")
        drawn.append(Drawn(student, stamp, tuple(values), name))
    index = {fold(variant.student): variant for variant in reversed(drawn)}
    return VariantList(source.name, tuple(drawn), index)


def _broken(name: str, message: str) -> SpecErrors:
    return refuse_file(
        "E753", message, name, "write it anew: shapecalc homework variants, the same seed"
    )
