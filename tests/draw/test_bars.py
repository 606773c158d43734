"""Bars are as long as what they stand for; what is alive is that of the table; cones grow."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from shapecalc import summarize
from shapecalc.counting import MEASURES
from shapecalc.draw.bars import COSTS, MOST, bar_kind, costs, memory
from shapecalc.draw.cone import field
from shapecalc.draw.picture import Box, Cluster, Polygon, Text, bounds, leaves
from shapecalc.draw.solids import rows_to_draw
from shapecalc.errors import SpecErrors
from shapecalc.output.columns import COLUMNS
from shapecalc.output.view import View
from tests.draw.geometry import complaints
from tests.draw.test_volumes import SHIPPED, report

if TYPE_CHECKING:
    from shapecalc.draw.picture import Drawing

FIGURES = [costs, memory, field]


def bars(drawing: Drawing, kind: str) -> list[Box]:
    return [s for s in leaves(drawing.children) if isinstance(s, Box) and s.kind == kind and s.name]


def texts(drawing: Drawing) -> list[str]:
    return [shape.text for shape in leaves(drawing.children) if isinstance(shape, Text)]


@pytest.mark.parametrize("figure", FIGURES)
@pytest.mark.parametrize("name", SHIPPED)
def test_every_network_has_its_page(name, figure):
    drawing = figure(report(name))
    assert complaints(drawing) == {}
    named = [shape for shape in leaves(drawing.children) if isinstance(shape, Box) and shape.name]
    labels = [shape for shape in leaves(drawing.children) if isinstance(shape, Text)]
    for bar in named:
        assert not any(bounds(bar).meets(bounds(text)) for text in labels)


@pytest.mark.parametrize("key", COSTS)
@pytest.mark.parametrize("name", ["alexnet", "googlenet", "resnet50", "densenet121"])
def test_bars_are_as_long_as_what_they_stand_for(name, key):
    rows = rows_to_draw(report(name))
    values = {row.name: MEASURES[key].of_row(row, View()) for row in rows}
    drawn = {bar.name: bar.width for bar in bars(costs(report(name)), bar_kind(key))}
    assert drawn.keys() == {name for name, value in values.items() if value}
    most = max(values.values())
    for layer, width in drawn.items():
        assert width == pytest.approx(max(1, 132 * values[layer] / most))


def test_what_costs_nothing_is_said_not_to_be_shown():
    assert "Not shown, as they have none of them: relu1, dropout1, softmax1." in texts(
        costs(report("googlenet"))
    )


def test_a_glance_in_words():
    assert costs(report("vgg16")).description == (
        "A bar a layer, as long as its share of the largest. Most have params: fc6 74 %, fc7 12 %;"
        " MACs: conv1_2 12 %, conv2_2 12 %, conv3_2 12 %; activations: conv1_1 21 %, conv1_2 21 %,"
        " conv2_1 11 %."
    )


def test_other_measures_can_be_shown():
    drawing = costs(report("alexnet"), show=("memory",))
    assert len(bars(drawing, "bar-memory")) == 14
    assert "1.16 MB" in texts(drawing)
    assert drawing.title == "AlexNet: memory by layer"


@pytest.mark.parametrize("name", ["alexnet", "resnet18", "unet", "googlenet"])
@pytest.mark.parametrize("depth", [None, 0])
def test_what_is_alive_is_what_the_table_has(name, depth):
    drawing = memory(report(name), depth)
    long: dict[float, float] = {}  # of each line, by its height
    for kind in ["bar-macs", "bar-params", "bar-activations"]:
        for bar in bars(drawing, kind):
            long[bar.y] = max(long.get(bar.y, 0), bar.x + bar.width)
    start = min(bar.x for bar in bars(drawing, "bar-params"))
    rows = {row.name: row for row in rows_to_draw(report(name), depth)}
    lines = [s for s in drawing.children if isinstance(s, Cluster) and s.name in rows]
    peak = report(name).totals.peak
    for line in lines:
        drawn = long[line.children[0].y - 1] - start
        row = rows[line.name]
        if row.layer is not None and not row.layer.inplace:
            assert drawn == pytest.approx(430 * row.live / peak, abs=1)
    (marked,) = [s for s in leaves(drawing.children) if s.kind == "peak"]
    assert marked.text.endswith(", peak")


def test_what_is_no_measure_is_refused():
    with pytest.raises(SpecErrors, match="of 'rf' no bars can be drawn"):
        costs(report("alexnet"), show="params,rf")


def test_every_measure_has_its_bars():
    shown = [column.key for column in COLUMNS if column.charted and not column.needs]
    assert complaints(costs(report("resnet18"), show=shown)) == {}
    assert {"params", "memory", "moved"} <= set(shown)


def test_the_peak_is_told_in_words():
    assert memory(report("lenet5")).description == (
        "A bar a layer: what is alive while it runs. The most is 23,520 bytes at pool1: input relu1:"
        " 18,816 bytes; output pool1: 4,704 bytes."
    )


@pytest.mark.parametrize("name", ["alexnet", "vgg16", "resnet50", "m5"])
def test_fields_are_to_the_scale_of_the_input(name):
    drawing = field(report(name))
    rows = {row.name: row for row in rows_to_draw(report(name))}
    drawn = bars(drawing, "bar-rf")
    sizes = [rows[bar.name].receptive_field[-1] for bar in drawn]
    scale = max(
        bar.width / size for bar, size in zip(drawn, sizes, strict=True) if size == max(sizes)
    )
    for bar, size in zip(drawn, sizes, strict=True):
        assert bar.width == pytest.approx(max(1.5, scale * size))
    middles = {round(bar.x + bar.width / 2, 3) for bar in drawn}
    assert len(middles) == 1
    (cone,) = [s for s in drawing.children if isinstance(s, Polygon)]
    assert len(cone.points) == 2 * len(drawn)


def test_a_field_that_is_only_a_bound_says_so():
    drawing = field(report("swin-t"), depth=0)
    row = report("swin-t")["stage1/block2/attention1/partition"]
    (bar,) = [bar for bar in bars(drawing, "bar-rf") if bar.name == row.name]
    assert bar.title == f"{row.name}: \N{LESS-THAN OR EQUAL TO} {row.receptive_field[0]}"


@pytest.mark.parametrize("figure", FIGURES)
def test_symbols_need_values(figure):
    with pytest.raises(SpecErrors, match="needs numbers, but H has no value"):
        figure(summarize("lenet5", input="HxHx1"))


@pytest.mark.parametrize("figure", FIGURES)
def test_more_than_a_page_is_refused_with_a_way_out(figure):
    layers = [{"conv": {"filters": 2, "kernel": 3, "pad": 1}}] * MOST
    network = summarize({"name": "n", "input": "4x4x3", "layers": layers})
    with pytest.raises(SpecErrors, match="a picture of 1,001 lines; the most is 1,000"):
        figure(network)
