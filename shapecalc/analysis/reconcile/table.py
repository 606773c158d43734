"""The difference between two profiles as a table: layers that differ, and under them the terms."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shapecalc.algebra.dim import is_symbolic
from shapecalc.analysis.compare.fit import Laid, fit, lines_of
from shapecalc.counting.profile import told
from shapecalc.output.cells import UNITS, number_text
from shapecalc.output.table import FOLDED, Grid, Head, Line, Table
from shapecalc.output.view import View
from shapecalc.text.safe import printable

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from shapecalc.algebra.dim import Dim
    from shapecalc.analysis.reconcile.parts import Difference, DifferencePart

#: What stands where a profile has no rule.
NOT_COUNTED = "not counted"


def tabulate(difference: Difference, view: View = View(), width: int | None = None) -> Table:
    """Lay a difference out; blocks are folded to the view's depth."""
    depth = 1 if view.depth is None else view.depth
    names = (difference.first.name, difference.second.name)
    parts = difference.layers(depth)
    alike = [part._replace(layer="all others") for part in difference.alike(parts)]
    first, second = difference.totals
    if difference.report.domain is not None:
        view = view._replace(units="exact")  # formulas have none
    heads = (Head("the layer's name, or the block's"), *_heads(names))
    header = ("layer", "term", *names, "difference")
    footer = ("total", "", *_counts((first, second), view), signed(second - first, view))
    texts = zip(*(_cells(part, view) for part in (*parts, *alike)), strict=True)
    cells = list(texts) or [()] * len(header)
    laid = zip(heads, header, cells, footer, (0,) * 5, (16, 12, 0, 0, 0), strict=True)
    columns = fit([Laid(*column) for column in laid], width)
    return Table(
        title=f"{printable(difference.report.name) or 'network'}: {names[0]} and {names[1]}",
        about=(_summary(difference, view),),
        columns=heads,
        header=header,
        lines=tuple(map(Line, lines_of(columns))),
        footer=footer,
        facts=(),
        notes=(),
        legend=tuple(_legend(difference, view)),
        remarks=tuple(_remarks(difference, parts, depth)),
        totals=_terms(difference, view),
    )


def signed(number: Dim, view: View) -> str:
    """Write a difference with its sign."""
    if not isinstance(number, int):
        return number_text(number, view.units, view.notation)
    if number == 0:
        return "0"
    return f"{'+' if number > 0 else '-'}{number_text(abs(number), view.units)}"


def _heads(names: Sequence[str]) -> tuple[Head, ...]:
    return (
        Head("what is counted"),
        *(Head(f"as {name} counts", numeric=True) for name in names),
        Head("the second profile's count less the first's", numeric=True),
    )


def _cells(part: DifferencePart, view: View) -> tuple[str, ...]:
    counts = _counts((part.first, part.second), view)
    return (printable(part.layer), part.term, *counts, signed(part.difference, view))


def _counts(pair: Sequence[Dim | None], view: View) -> Iterator[str]:
    for count in pair:
        yield NOT_COUNTED if count is None else number_text(count, view.units, view.notation)


def _terms(difference: Difference, view: View) -> Grid:
    """Lay out the terms: what each adds to the difference, down to a rest of 0."""
    names = (difference.first.name, difference.second.name)
    first, second = difference.totals
    lines = [_cells(part, view)[1:] for part in difference.terms]
    lines.append(("all", *_counts((first, second), view), signed(second - first, view)))
    lines.append(("unexplained", "", "", signed(difference.rest, view)))
    return Grid(_heads(names), ("term", *names, "difference"), tuple(lines))


def _summary(difference: Difference, view: View) -> str:
    first, second = difference.totals
    names = difference.first.name, difference.second.name
    if first == second:
        return f"Both count {number_text(first, view.units, view.notation)}."
    if is_symbolic(second - first):
        return f"{names[1]} less {names[0]}: {signed(second - first, view)}."
    terms = [f"{part.term} {signed(part.difference, view)}" for part in difference.terms]
    differ = terms[: sum(part.difference != 0 for part in difference.terms)]
    return f"{signed(second - first, view)} from {names[0]} to {names[1]}: {', '.join(differ)}."


def _legend(difference: Difference, view: View) -> Iterator[tuple[str, str]]:
    for profile in (difference.first, difference.second):
        yield profile.name, told(profile)
        if missing := profile.not_counted(difference.report.rows):
            yield (
                f"{NOT_COUNTED} by {profile.name}",
                f"{', '.join(missing)}: it has no rule for them",
            )
    if view.units != "exact":
        yield view.units, f"{UNITS[view.units][0]:,}"


def _remarks(difference: Difference, parts: Sequence[DifferencePart], depth: int) -> Iterator[str]:
    paths = {row.name for row in difference.report.rows}
    if depth and any(part.layer not in paths for part in parts):
        yield FOLDED
    if difference.report.domain is not None:
        yield f"Domain: {'; '.join(difference.report.domain.texts())}."
    yield f"Read from {printable(difference.report.graph.spec.source.name)}."
