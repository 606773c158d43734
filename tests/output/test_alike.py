"""Cells of layers that are alike are written once, and are those of each of them."""

import pytest

from shapecalc.layers.base import Layer
from shapecalc.output import alike
from shapecalc.output.columns import COLUMNS
from shapecalc.output.options import make_view
from shapecalc.report import Row
from tests.output.reports import NAMES, compute, report

VIEW = make_view(profile="full", device="ops=10T, bandwidth=100G", batch=3)
#: Two that own their arrays, one frozen, two that borrow, one remarked on, others that differ.
TWINS = """\
input: 9x9x4
layers:
  - conv: {filters: 4, kernel: 3, pad: 1, name: a}
  - conv: {filters: 4, kernel: 3, pad: 1, name: b}
  - conv: {filters: 4, kernel: 3, pad: 1, name: frozen, trainable: false}
  - conv: {filters: 4, kernel: 3, pad: 1, name: borrows, share: a}
  - conv: {filters: 4, kernel: 3, pad: 1, name: borrows_too, share: a, note: as a}
  - conv: {filters: 4, kernel: 3, pad: 1, stride: 2, name: strides}
  - conv: {filters: 4, kernel: 3, pad: 1, name: smaller}
  - add: [[], [relu], [relu: {note: other}]]
"""
NETWORKS = {"twins": compute(TWINS), **{name: report(name) for name in NAMES}}


def cells(row: Row, network: str) -> list[object]:
    totals = NETWORKS[network].totals
    return [column.of_row(row, VIEW, totals) for column in COLUMNS]


@pytest.mark.parametrize("remembered", [0, 3, alike.REMEMBERED])
@pytest.mark.parametrize("network", NETWORKS)
def test_cells_are_those_of_every_row(
    network: str, remembered: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However many rows are remembered: forgetting costs time only."""
    monkeypatch.setattr(alike, "REMEMBERED", remembered)
    made = NETWORKS[network]
    written = alike.lines(made.rows, COLUMNS, made.totals, VIEW, lambda _, value: value)
    assert list(written) == [cells(row, network) for row in made.rows]


def test_twins_are_written_once_and_others_are_not() -> None:
    rows = NETWORKS["twins"].rows
    names = [row.name for row in rows]
    firsts, numbers = alike.kinds_of(rows)
    first = [firsts[number].name for number in numbers]
    assert dict(zip(names, first, strict=True)) == {
        **{name: name for name in names},
        "b": "a",
        "borrows_too": "borrows",
        "relu2": "relu1",
    }


def test_levels_are_like_no_other() -> None:
    made = report("googlenet")
    levels = tuple(row._replace(layer=None) for row in made.rows[1:3])
    assert alike.kinds_of((*levels, *levels)) == ([*levels, *levels], [0, 1, 2, 3])


def test_placed_columns_are_those_that_differ_among_twins() -> None:
    """A column that is not placed says the same wherever the layer stands."""
    row = NETWORKS["twins"]["a"]
    assert isinstance(row.layer, Layer)
    moved = row._replace(
        name="elsewhere",
        sources=("other",),
        field=report("lenet5-1998").rows[-1].field,
        shared="owner",
        note="remarked",
        live=1,
        kv_cache=1,
    )
    differing = {
        column.key
        for column, here, there in zip(
            COLUMNS, cells(row, "twins"), cells(moved, "twins"), strict=True
        )
        if here != there
    }
    assert differing == {column.key for column in COLUMNS if column.placed}
