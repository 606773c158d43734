"""The column law: what stands in a table's cells adds up to what stands under them.

The totals are recomputed from the rendered text.  A row that is dropped or counted twice, a cell
that is cut or rounded, a total that comes from elsewhere would break it.
"""

import pytest

from shapecalc.output.cells import number_text
from shapecalc.output.formats import FORMATS, write
from tests.output.reports import NAMES, report
from tests.output.reread import READERS, Grid, sums, without_mark

COLUMNS = "name,weights,biases,params,buffers,connections,macs,flops,count,activations,memory"
PRINTED = [name for name in FORMATS if name != "csv"]


def test_every_format_has_a_reader() -> None:
    assert set(READERS) == set(FORMATS)


def law(grid: Grid, expected: list[int]) -> None:
    """Compare the sums of the cells with the totals' line, and with the report's totals."""
    added = sums(grid)
    assert list(added.values()) == expected
    if grid.totals:
        totals = dict(zip(grid.header, grid.totals, strict=True))
        assert {title: int(totals[title].replace(",", "")) for title in added} == added


def expected(name: str) -> list[int]:
    """Return the totals of `COLUMNS`, in order, from the report's own numbers."""
    totals = report(name).totals
    work = totals.work
    return [
        totals.weights,
        totals.biases,
        totals.weights + totals.biases,
        totals.buffers,
        totals.connections,
        work.macs,
        2 * work.macs,
        work.macs + sum(work),
        totals.activations,
        4 * totals.activations,
    ]


@pytest.mark.parametrize("depth", [0, 1, 2])
@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("format_", FORMATS)
def test_cells_add_up_to_the_totals(format_: str, name: str, depth: int) -> None:
    text = write(report(name), format_, columns=COLUMNS, profile="full", depth=depth)
    law(READERS[format_](text), expected(name))


@pytest.mark.parametrize("format_", PRINTED)
def test_law_bites(format_: str) -> None:
    """A wrong digit in a cell is found, and so is a row that is left out."""
    text = write(report("alexnet"), format_, columns=COLUMNS, profile="full")
    grid = READERS[format_](text)
    law(grid, expected("alexnet"))
    cell, wrong = ("34944", "34943") if format_ == "json" else ("34,944", "34,943")
    assert cell in text
    with pytest.raises(AssertionError):
        law(READERS[format_](text.replace(cell, wrong)), expected("alexnet"))
    with pytest.raises(AssertionError):
        law(grid._replace(rows=grid.rows[:1] + grid.rows[2:]), expected("alexnet"))


# As shared/reference/published.md has them, with their papers.
PUBLISHED = {
    "alexnet": ("62,378,344", "1,135,256,096"),
    "googlenet": ("6,998,552", "1,582,671,872"),
    "resnet50": ("25,557,032", "3,857,973,248"),
    "lenet5-1998": ("60,000", "327,256"),
}


@pytest.mark.parametrize("name", PUBLISHED)
@pytest.mark.parametrize("format_", PRINTED)
def test_published_totals_stand_in_the_text(format_: str, name: str) -> None:
    text = write(report(name), format_)
    for total in PUBLISHED[name]:
        assert (total.replace(",", "") if format_ == "json" else total) in text


@pytest.mark.parametrize("name", NAMES)
def test_totals_under_the_table_are_those_of_its_last_line(name: str) -> None:
    text = write(report(name), "text", columns="name,params,buffers,macs,flops,activations")
    _, *totals = READERS["text"](text).totals
    (facts,) = [part for part in text.split("\n\n") if part.startswith("parameters")]
    under = {line.split("  ")[0]: line for line in facts.splitlines()}
    labels = ["parameters", "buffers", "MACs", "FLOPs", "activations, all (training)"]
    printed = [under[label].removeprefix(label).split()[0] for label in labels if label in under]
    assert printed == [total for label, total in zip(labels, totals, strict=True) if label in under]
    assert ("buffers" in under) == (totals[1] != "0")


@pytest.mark.parametrize("format_", ["text", "terminal", "markdown", "html"])
def test_every_layer_has_a_line(format_: str) -> None:
    network = report("siamese")
    grid = READERS[format_](write(network, format_, columns="name,params", depth=0))
    assert [without_mark(row[0]) for row in grid.rows] == [row.name for row in network.rows]


def test_folded_lines_add_up_the_lines_they_fold() -> None:
    network = report("googlenet")
    leaves = READERS["csv"](write(network, "csv", columns="name,params,macs", depth=0)).rows
    folded = READERS["csv"](write(network, "csv", columns="name,params,macs", depth=1)).rows
    assert len(folded) < len(leaves)
    for name, params, macs in folded:
        inner = [row for row in leaves if row[0].split("/")[0] == name]
        assert int(params) == sum(int(row[1]) for row in inner)
        assert int(macs) == sum(int(row[2]) for row in inner)


def test_units_tell_nothing_from_little() -> None:
    numbers = (0, 4, 5, 1_234_565)
    assert [number_text(each, "K") for each in numbers] == ["0", "<0.01", "0.01", "1,234.57"]
    numbers = (5, 6, 1024, 1536)
    assert [number_text(each, "Ki") for each in numbers] == ["<0.01", "0.01", "1.00", "1.50"]
