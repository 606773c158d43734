"""The totals of several networks as a grid, with their ratios to the first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shapecalc.analysis.compare.names import WEIGHTED, ratio, weighted_layers
from shapecalc.output.cells import UNITS, amount_text, number_text
from shapecalc.output.sums import Sum, sums
from shapecalc.output.table import Grid, Head

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from shapecalc.output.view import View
    from shapecalc.report.model import Report


def totals_grid(reports: Sequence[Report], view: View, labels: Sequence[str]) -> Grid:
    """Lay totals out, a network a column; the ratios of two stand beside, of more beneath."""
    columns = [_sums(report, view) for report in reports]
    rows = [row for row in zip(*columns, strict=True) if row[0].key != "buffers" or _any(row)]
    two = len(reports) == 2
    lines = _lines(rows, view, labels[0], two=two)
    heads = [Head("the total"), *(Head(f"of {label}", numeric=True) for label in labels)]
    header = ["total", *labels]
    if two:
        heads.append(Head("the second network against the first", numeric=True))
        header.append("ratio")
    return Grid(tuple(heads), tuple(header), tuple(lines))


def _any(row: Sequence[Sum]) -> bool:
    return any(total.number for total in row)


def _lines(
    rows: Sequence[tuple[Sum, ...]], view: View, first: str, *, two: bool
) -> Iterator[tuple[str, ...]]:
    """Write every total: the number, the ratio to the first network, and the bytes it takes."""
    for row in rows:
        key, label = row[0].key, row[0].label
        shown = view._replace(units="exact") if key == WEIGHTED else view
        ratios = [ratio(row[0].number, total.number).text for total in row[1:]]
        yield (
            label,
            *(amount_text(total.number, shown) for total in row),
            *(ratios if two else ()),
        )
        if not two and key != "flops":  # theirs are those of the MACs
            yield (f"  against {first}", "", *ratios)
        if row[0].bytes is not None:
            sizes = [number_text(total.bytes or 0, shown.units) for total in row]
            yield (
                f"{label.split(' (')[0]}, {UNITS[shown.units][1]}",
                *sizes,
                *([""] if two else ()),
            )


def _sums(report: Report, view: View) -> tuple[Sum, ...]:
    return (*sums(report, view), Sum(WEIGHTED, "weighted layers", weighted_layers(report)))
