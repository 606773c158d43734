"""Networks as paired bars: to one scale a column, a line a pair of layers."""

from __future__ import annotations

import pytest

import shapecalc
from shapecalc.analysis.compare.bars import paired_bars
from shapecalc.draw.picture import Box, leaves
from shapecalc.errors import SpecErrors
from shapecalc.output.view import View
from tests.draw.geometry import complaints
from tests.runner import runner


def bars(drawing, column):
    """Return the bars of a column, by their titles."""
    boxes = [s for s in leaves(drawing.children) if isinstance(s, Box) and s.title]
    lefts = sorted({box.x for box in boxes})
    return {box.title: box for box in boxes if box.x == lefts[column]}


@pytest.mark.parametrize(
    "names",
    [
        ("resnet18", "resnet34"),
        ("alexnet", "alexnet-owt", "vgg11"),
        ("lenet5", "lenet5"),
        ("vgg16", "unet"),
    ],
)
@pytest.mark.parametrize("depth", [None, 0])
def test_layers_stand_beside_each_other(names, depth):
    assert complaints(paired_bars(shapecalc.compare(*names), View(depth=depth))) == {}


def test_bars_are_to_one_scale():
    drawing = paired_bars(shapecalc.compare("resnet18", "resnet34"))
    macs = bars(drawing, 1)
    assert len(macs) == 12  # conv1, four stages and fc1, of both
    most = max(macs.values(), key=lambda box: box.width)
    whole = shapecalc.summarize("resnet34")["conv4_x"].macs
    assert most.title == f"ResNet-34, conv4_x: {whole:,}"
    for title, box in macs.items():
        value = int(title.split(": ")[1].replace(",", ""))
        assert box.width == pytest.approx(max(1, most.width * value / whole))
    pair = [box for title, box in macs.items() if "conv4_x" in title]
    assert [box.kind for box in pair] == ["series-0-dot", "series-1-dot"]
    assert pair[1].y - pair[0].y == 10


def test_symbols_and_too_many_networks_are_refused():
    with pytest.raises(SpecErrors, match="11 networks are too many for one picture"):
        paired_bars(shapecalc.compare(*["lenet5"] * 11))


def test_the_command_draws_them(tmp_path):
    from shapecalc.cli import main

    path = tmp_path / "made.svg"
    result = runner().invoke(main, ["compare", "resnet18", "resnet34", "-o", str(path)])
    assert (result.exit_code, result.output) == (0, "")
    assert "ResNet-34, conv4_x" in path.read_text(encoding="utf-8")


def test_options_of_a_page_do_not_go_with_a_picture(tmp_path):
    from shapecalc.cli import main

    words = ["compare", "vgg11", "vgg13", "--width", "80", "-o", str(tmp_path / "made.svg")]
    result = runner().invoke(main, words)
    assert result.exit_code == 2
    assert "--width is that of a page, and svg has none" in result.output
