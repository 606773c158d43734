"""The figure of the papers: which volumes are boxes, how large, and that nothing is in the way."""

from __future__ import annotations

from functools import cache
from itertools import pairwise
from math import sqrt

import pytest
import yaml

from shapecalc import summarize
from shapecalc.draw.picture import Box, Path, Polygon, Text, bounds, leaves
from shapecalc.draw.solids import solids_of
from shapecalc.draw.volumes import MOST, volumes
from shapecalc.errors import SpecErrors
from tests.draw.geometry import clusters, complaints
from tests.paths import SPECS

SHIPPED = sorted(path.stem for path in SPECS.glob("*.yaml"))
CHAIN = """\
name: chain
input: {shape}
layers:
  - conv: {{filters: 4, kernel: 3, pad: 1, name: a}}
  - relu
  - conv: {{filters: 4, kernel: 3, pad: 1, name: b}}
  - batchnorm
  - maxpool: {{kernel: 2, stride: 2, name: p}}
  - dense: {{units: 10, name: d}}
  - softmax
"""


@cache
def report(name: str):
    return summarize(name)


def of(text: str):
    return summarize(yaml.safe_load(text))


def boxes(drawing) -> dict[str, Box]:
    """Return the fronts of the boxes by the names of their layers."""
    return {
        cluster.name: shape
        for cluster in clusters(drawing.children)
        for shape in cluster.children
        if isinstance(shape, Box)
    }


@pytest.mark.parametrize("name", SHIPPED)
def test_every_network_has_its_figure(name):
    drawing = volumes(report(name))
    assert complaints(drawing) == {}
    solids = solids_of(report(name))
    assert list(boxes(drawing)) == [solid.row.name for solid in solids]
    named = {
        layer
        for solid in solids
        for layer in [*(row.name for row in solid.row.layers), *solid.after]
    }
    assert named == {row.name for row in report(name).rows}


@pytest.mark.parametrize("name", SHIPPED)
def test_no_box_stands_on_another_or_on_a_text(name):
    drawing = volumes(report(name))
    bodies = [cluster for cluster in clusters(drawing.children) if cluster.name]
    texts = [shape for shape in drawing.children if isinstance(shape, Text)]
    fronts = list(boxes(drawing).values())
    for at, front in enumerate(fronts):
        assert not any(bounds(front).meets(bounds(other)) for other in fronts[at + 1 :])
        assert not any(bounds(front).meets(bounds(text)) for text in texts)
    # a body covers its neighbour's side only where the two are of one size
    shapes = {solid.row.name: solid for solid in solids_of(report(name))}
    for body, other in pairwise(bodies):
        if bounds(body).meets(bounds(other)):
            assert shapes[body.name].row.output == shapes[other.name].row.output


def test_lengths_are_square_roots():
    fronts = boxes(volumes(report("alexnet")))
    per_side = {
        fronts[name].height / sqrt(side)
        for name, side in [("input", 227), ("conv1", 55), ("pool3", 6)]
    }
    assert max(per_side) == pytest.approx(min(per_side))
    per_channel = [fronts[name].width / sqrt(c) for name, c in [("conv1", 96), ("conv2", 256)]]
    assert per_channel[0] == pytest.approx(per_channel[1])
    # units of bars are drawn by the scale of the channels
    assert fronts["fc6"].height / sqrt(4096) == pytest.approx(per_channel[0])
    assert fronts["fc8"].height / sqrt(1000) == pytest.approx(per_channel[0])


def test_a_box_is_as_deep_as_its_volume_is_wide():
    drawing = volumes(of("name: n\ninput: 64x16x3\nlayers: [relu]\n"))
    (side,) = (s for s in leaves(drawing.children) if getattr(s, "kind", "") == "input-side")
    front = boxes(drawing)["input"]
    assert side.points[1][0] - side.points[0][0] == pytest.approx(
        0.34 * front.height * sqrt(16 / 64)
    )
    assert side.points[0][1] - side.points[1][1] == pytest.approx(
        0.26 * front.height * sqrt(16 / 64)
    )


def test_the_rule_is_stated_with_its_numbers():
    drawing = volumes(report("lenet5"))
    assert "A side of s is drawn 30.1 times the square root of s pixels long" in drawing.description
    assert boxes(drawing)["conv1"].height == pytest.approx(30.1 * sqrt(28), rel=0.01)
    texts = [shape.text for shape in drawing.children if isinstance(shape, Text)]
    assert any(text.startswith("Lengths are square roots") for text in texts)


def test_kernels_are_drawn_by_the_scale_of_the_sides():
    drawing = volumes(report("alexnet"))
    kernels = [
        shape
        for shape in leaves(drawing.children)
        if isinstance(shape, Polygon) and shape.kind == "kernel"
    ]
    heights = [shape.points[3][1] - shape.points[0][1] for shape in kernels]
    front = boxes(drawing)["input"]
    drawn = [11, 3, 5, 3, 3, 3, 3]  # conv1, pool1, conv2, pool2, conv3, conv5, pool3
    assert heights == pytest.approx([front.height * sqrt(k / 227) for k in drawn])


def test_layers_that_leave_extents_alone_are_named_where_they_work():
    solids = solids_of(of(CHAIN.format(shape="8x8x3")))
    assert [solid.row.name for solid in solids] == ["input", "a", "b", "p", "d"]
    assert [solid.after for solid in solids] == [(), ("relu1",), ("bn1",), (), ("softmax1",)]
    assert [solid.sources for solid in solids] == [(), (0,), (1,), (2,), (3,)]


def test_volumes_of_one_size_stand_close_and_share_their_labels():
    drawing = volumes(of(CHAIN.format(shape="8x8x3")))
    fronts = boxes(drawing)
    gaps = {
        pair: fronts[pair[1]].x - fronts[pair[0]].x - fronts[pair[0]].width
        for pair in [("input", "a"), ("a", "b"), ("b", "p")]
    }
    assert gaps["a", "b"] == pytest.approx(3)
    assert min(gaps["input", "a"], gaps["b", "p"]) > 20
    texts = [shape.text for shape in drawing.children if isinstance(shape, Text)]
    assert "a \N{EN DASH} b" in texts
    assert texts.count("8\N{MULTIPLICATION SIGN}8\N{MULTIPLICATION SIGN}4") == 1


def test_skips_are_arcs_over_all_that_they_skip():
    drawing = volumes(report("unet"))
    arcs = [shape for shape in drawing.children if isinstance(shape, Path) and shape.kind == "skip"]
    assert sorted(arc.title for arc in arcs) == [f"down{n} to concat{5 - n}" for n in range(1, 5)]
    for arc in arcs:
        level, box = bounds(arc), bounds(arc).top
        assert all(
            box < bounds(cluster).top
            for cluster in clusters(drawing.children)
            if level.left < bounds(cluster).left and bounds(cluster).right < level.right
        )
    tops = [bounds(arc).top for arc in arcs]
    assert len(set(tops)) == 4


def test_an_arc_leads_over_boxes_that_are_higher_than_its_ends():
    layers = [
        {"conv": {"filters": 2, "kernel": 1, "name": "a"}},
        {"upsample": {"factor": 16, "name": "large"}},
        {"maxpool": {"kernel": 16, "stride": 16, "name": "small"}},
        {"concat": {"from": ["a", "small"], "name": "both"}},
    ]
    drawing = volumes(summarize({"name": "n", "input": "4x4x2", "layers": layers}))
    (arc,) = [s for s in drawing.children if isinstance(s, Path) and s.kind == "skip"]
    assert arc.title == "a to both"
    bodies = {cluster.name: bounds(cluster) for cluster in clusters(drawing.children)}
    assert bounds(arc).top < bodies["large"].top


def test_a_long_row_of_boxes_is_broken_but_never_under_an_arc():
    solids = solids_of(report("ssd300"))
    fronts = boxes(volumes(report("ssd300")))
    place = {name: at for at, name in enumerate(fronts)}
    starts = [
        at
        for at in range(1, len(fronts))
        if list(fronts.values())[at].x < list(fronts.values())[at - 1].x
    ]
    assert starts
    for at, solid in enumerate(solids):
        for source in solid.sources:
            assert source == at - 1 or not any(source < start <= at for start in starts)
    assert place["input"] == 0


@pytest.mark.parametrize(
    ("shape", "name", "size"),
    [("64x2", "input", (64, 1)), ("4x8x16x3", "input", (8, 16)), ("12", "input", None)],
)
def test_signals_volumes_and_vectors(shape, name, size):
    (solid, *_) = solids_of(of(f"name: n\ninput: {shape}\nlayers: [relu]\n"))
    assert solid.row.name == name
    assert solid.is_vector == (size is None)
    if size is not None:
        assert (solid.height, solid.width) == size


def test_a_block_is_one_box_with_lines_for_its_layers():
    drawing = volumes(report("googlenet"))
    (block,) = (cluster for cluster in clusters(drawing.children) if cluster.name == "inception_4a")
    assert sum(isinstance(shape, Path) for shape in block.children) == 5
    opened = volumes(report("googlenet"), depth=2)
    assert "inception_4a/concat1" in boxes(opened)
    assert complaints(opened) == {}


@pytest.mark.parametrize("name", ["<b>&amp;", "$x_1^%#", "\u05d0\u05d1\u05d2", "word " * 60])
def test_a_name_is_only_a_text(name):
    drawing = volumes(summarize({**yaml.safe_load(CHAIN.format(shape="8x8x3")), "name": name}))
    assert complaints(drawing) == {}
    assert drawing.title == f"{name.strip()}: volumes"


def test_symbols_need_values():
    with pytest.raises(SpecErrors, match="volumes needs numbers, but H has no value"):
        volumes(summarize("lenet5", input="HxHx1"))


def test_too_many_boxes_are_refused_with_a_way_out():
    layers = "\n".join(f"  - conv: {{filters: {n % 7 + 1}, kernel: 1}}" for n in range(MOST))
    with pytest.raises(SpecErrors, match="a figure of 401 boxes; the most is 400"):
        volumes(of(f"name: n\ninput: 4x4x3\nlayers:\n{layers}\n"))
