"""Windows as a drawing: to scale, with padding, and what is never seen marked."""

from __future__ import annotations

import pytest

import shapecalc
from shapecalc.analysis.explain.model import find
from shapecalc.analysis.explain.windows_drawn import windows_drawn
from shapecalc.draw.picture import Box, Text
from shapecalc.errors import SpecErrors
from shapecalc.layers.conv import Windowed
from shapecalc.layers.transposed import Transposed
from shapecalc.output.view import View
from tests.draw.geometry import complaints
from tests.draw.test_volumes import SHIPPED, report
from tests.runner import runner


def boxes(drawing, kind):
    return [s for s in drawing.children if isinstance(s, Box) and s.kind == kind]


def drawn(layer, shape="13x1"):
    network = {"input": shape, "layers": [layer]}
    made = shapecalc.summarize(network)
    return windows_drawn(find(made, made.rows[-1].name, View()))


@pytest.mark.parametrize("name", SHIPPED)
def test_every_window_can_be_drawn(name):
    rows = [row for row in report(name).rows if isinstance(row.layer, Windowed)]
    rows = [
        row
        for row in rows
        if not isinstance(row.layer, Transposed) and max(row.inputs[0].sides) <= 2000
    ]
    for row in {(row.layer, row.inputs): row for row in rows}.values():
        assert complaints(windows_drawn(find(report(name), row.name, View()))) == {}


def test_windows_are_to_scale_and_what_is_never_seen_is_marked():
    drawing = drawn({"conv": {"filters": 2, "kernel": 6, "stride": 5}})
    (pixels,) = boxes(drawing, "input")
    one = pixels.width / 13
    frames = boxes(drawing, "conv")
    assert [frame.title for frame in frames] == ["window 1", "window 2"]
    assert [(f.x - pixels.x) / one for f in frames] == pytest.approx([0, 5])
    assert [f.width / one for f in frames] == pytest.approx([6, 6])
    (unseen,) = boxes(drawing, "bad")
    assert ((unseen.x - pixels.x) / one, unseen.width / one) == pytest.approx((11, 2))
    numbers = [s.text for s in drawing.children if isinstance(s, Text) and s.anchor == "middle"]
    assert numbers == [str(n) for n in range(1, 14)]


def test_padding_stands_around_the_pixels():
    drawing = drawn({"conv": {"filters": 2, "kernel": 6, "stride": 5, "pad": "same"}})
    (pixels,) = boxes(drawing, "input")
    before, after = boxes(drawing, "opaque")
    one = pixels.width / 13
    assert (before.width / one, after.width / one) == pytest.approx((1, 2))
    assert before.x + before.width == pytest.approx(pixels.x)


def test_a_dilated_window_has_gaps():
    drawing = drawn({"conv": {"filters": 2, "kernel": 3, "dilation": 4}})
    first = [box.x for box in boxes(drawing, "conv") if box.title == "window 1"]
    (pixels,) = boxes(drawing, "input")
    assert [(x - pixels.x) / (pixels.width / 13) for x in first] == pytest.approx([0, 4, 8])


def test_sides_that_differ_have_rows_of_their_own():
    drawing = drawn({"maxpool": {"kernel": [2, 3], "stride": [2, 3]}}, "12x13x1")
    heads = [s.text for s in drawing.children if isinstance(s, Text) and s.kind == "strong"][1:]
    assert heads == ["height: n = 12, kernel 2, stride 2", "width: n = 13, kernel 3, stride 3"]


@pytest.mark.parametrize(
    ("name", "layer", "options", "message"),
    [
        ("alexnet", "fc6", {}, "fc6 has no window that moves over its input"),
        ("unet", "transposed1", {}, "transposed1 has no window that moves over its input"),
        ("lenet5", "conv1", {"input": "HxHx1"}, "conv1: the sides are letters"),
        ("lenet5", "conv1", {"input": "3000x3000x1"}, "conv1: 3,000 pixels cannot be seen"),
        ("lenet5", "conv9", {}, "no layer and no block 'conv9'"),
    ],
)
def test_what_cannot_be_drawn_is_refused(name, layer, options, message):
    with pytest.raises(SpecErrors, match=message):
        windows_drawn(find(shapecalc.summarize(name, **options), layer, View()))


def test_a_page_shows_them_in_place_of_characters():
    network = {"input": "12x13x1", "layers": [{"maxpool": {"kernel": [2, 3], "stride": [2, 3]}}]}
    explained = shapecalc.explain(network, "pool1", "output")
    page = explained.render("html")
    assert page.count("<svg ") == 2  # a side each
    assert "height: n = 12, kernel 2, stride 2" in page
    assert "<pre>" not in page
    assert "<svg" not in explained.render("markdown")
    assert "window 1" in explained.render("text")


def test_the_command_draws_them(tmp_path):
    from shapecalc.cli import main

    path = tmp_path / "made.svg"
    words = ["explain", "alexnet", "conv1", "--input", "224x224x3", "-o", str(path)]
    result = runner().invoke(main, words)
    assert (result.exit_code, result.output) == (0, "")
    assert "the last pixel is never seen" in path.read_text(encoding="utf-8")


def test_a_whole_network_has_no_window(tmp_path):
    from shapecalc.cli import main

    result = runner().invoke(main, ["explain", "alexnet", "-o", str(tmp_path / "made.svg")])
    assert result.exit_code == 2
    assert "a picture shows one layer" in result.output


def test_letters_are_given_values_by_their_own_names(tmp_path):
    from shapecalc.cli import main

    spec, path = tmp_path / "net.yaml", tmp_path / "made.svg"
    spec.write_text("input: HxWx3\nlayers: [conv: {filters: 4, kernel: 3}]\n")
    result = runner().invoke(main, ["explain", str(spec), "conv1", "-o", str(path)])
    assert result.exit_code == 2
    assert "--set H=224 --set W=224" in result.output
