"""What a homework can tell, as a table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shapecalc.homework.diagnosis.misconceptions.catalogue import CATALOGUE
from shapecalc.homework.variants.lint_data import to_csv, to_json
from shapecalc.output.formats import draw
from shapecalc.output.table import Fact, Head, Line, Table
from shapecalc.text.safe import printable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shapecalc.homework.assignment.assignment import Homework
    from shapecalc.homework.variants.lint import CellLint, Lint, Suggestion


def show_lint(
    homework: Homework,
    found: Lint,
    suggestion: Suggestion | None,
    format: str,  # noqa: A002
) -> str:
    """Write what a homework can tell, the last line ended."""
    if format == "json":
        return to_json(homework, found, suggestion)
    if format == "csv":
        return to_csv(found)
    table = _table(homework, found, suggestion)
    return draw(lambda _: table, format, None, standalone=True)


def _table(homework: Homework, found: Lint, suggestion: Suggestion | None) -> Table:
    by_cell = {each.cell.at: each for each in found.cells}
    columns = homework.columns
    lines = tuple(
        Line((printable(layer), *(_told(by_cell.get((layer, each.key))) for each in columns)))
        for layer in homework.layers
    )
    about = (
        f"{found.named} of the {found.applicable} mistakes that can be made are named for certain."
    )
    return Table(
        title=printable(homework.title),
        about=(about,),
        columns=(Head("the layer"), *(Head(column.title) for column in columns)),
        header=("layer", *(column.title for column in columns)),
        lines=lines,
        footer=("all", *(_sum(found, column.key) for column in columns)),
        facts=(
            Fact("mistakes that can be made", str(found.applicable)),
            Fact("named for certain by some cell", str(found.named)),
            Fact("seen, but never with a number of their own", str(found.shared)),
            Fact("seen nowhere", str(len(found.silent))),
            Fact("pairs that are never told apart", str(len(found.confused))),
        ),
        notes=tuple(_notes(found, suggestion)),
        legend=(
            ("a of b", "of b mistakes that can be made in a cell, a give a number of their own"),
            ("--format csv", "names them, cell by cell"),
        ),
        remarks=("docs/misconceptions.md lists the mistakes.",),
    )


def _told(each: CellLint | None) -> str:
    if each is None or not each.applicable:
        return ""
    return f"{len(each.telling)} of {each.applicable}"


def _sum(found: Lint, column: str) -> str:
    """Count the mistakes of a column, each in all its cells."""
    some = [each for each in found.cells if each.cell.quantity.key == column]
    telling = sum(len(each.telling) for each in some)
    return f"{telling} of {sum(each.applicable for each in some)}" if some else ""


def _notes(found: Lint, suggestion: Suggestion | None) -> Iterator[str]:
    for name in found.silent:
        yield f"• Silent: {name}, {CATALOGUE[name].name}: it gives the right answer everywhere."
    for a, b in found.confused:
        yield f"• Alike: {a}, {CATALOGUE[a].name}, and {b}, {CATALOGUE[b].name}."
    if suggestion is not None:
        yield (
            f"• With `input: {suggestion.input}` {suggestion.lint.named} of"
            f" {suggestion.lint.applicable} would be named for certain, and"
            f" {len(suggestion.lint.silent)} be silent."
        )
