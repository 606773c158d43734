"""`sweep --plot`: stairs and lines to scale, in every format of pictures."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

import shapecalc
from shapecalc.analysis.sweep.pictures import column_of
from shapecalc.analysis.sweep.plot import plot
from shapecalc.draw.picture import Box, Drawing, Path, Text
from tests.analysis.sweep.test_formats import run
from tests.draw.geometry import complaints

if TYPE_CHECKING:
    import pathlib


@pytest.mark.parametrize(
    ("suffix", "start"),
    [(".png", b"\x89PNG"), (".pdf", b"%PDF"), (".svg", b"<svg"), (".tex", b"%")],
)
def test_pictures(suffix: str, start: bytes, tmp_path: pathlib.Path) -> None:
    if suffix in (".png", ".pdf"):
        pytest.importorskip("typst", reason="the extra `draw` is not installed")
    paths = [tmp_path / f"{name}{suffix}" for name in "ab"]
    for path in paths:
        assert run("sweep", "alexnet", "--over", "N=1:300", "--plot", str(path)) == ""
    first, second = (path.read_bytes() for path in paths)
    assert first == second
    assert first.startswith(start)


def drawn(over: dict[str, list[int]], column: str) -> Drawing:
    swept = shapecalc.sweep("alexnet", over, columns=column)
    return plot(swept, column_of(swept.plan, None))


def lines_of(drawing: Drawing) -> list[Path]:
    return [s for s in drawing.children if isinstance(s, Path) and s.kind.startswith("series-")]


def dots_of(drawing: Drawing) -> list[Box]:
    return [s for s in drawing.children if isinstance(s, Box) and s.kind.endswith("-dot")]


def test_a_picture_has_steps_where_every_value_is_known() -> None:
    (line,) = lines_of(drawn({"N": list(range(225, 262))}, "pool3.height"))
    assert [step[0] for step in line.steps].count("M") == 1
    heights = sorted({step[2] for step in line.steps})
    assert len(heights) == 3  # 5, 6 and 7
    xs = [step[1] for step in line.steps]
    of_six = [step[1] for step in line.steps if step[2] == heights[1]]
    # from N = 227 to the end of 258, of 37 values in all
    assert max(of_six) - min(of_six) == pytest.approx((max(xs) - min(xs)) * 32 / 37)


def test_a_picture_has_straight_lines_between_points_further_apart() -> None:
    drawing = drawn({"N": [1, 227, 300], "conv1.stride": [2, 4]}, "macs")
    lines = [line for line in lines_of(drawing) if line.title]
    assert [line.kind for line in lines] == ["series-0", "series-1"]
    assert [[step[0] for step in line.steps] for line in lines] == [["M", "L"]] * 2  # 1 is no input
    assert [dot.title.split(":")[0] for dot in dots_of(drawing)] == ["227", "300"] * 2
    texts = [s.text for s in drawing.children if isinstance(s, Text)]
    assert texts[-2:] == [line.title for line in lines]
    assert any("points not drawn" in text for text in texts)


def test_points_lie_where_the_scale_has_them() -> None:
    drawing = drawn({"N": [227, 300, 400]}, "macs")
    dots = {dot.title.split(":")[0]: dot for dot in dots_of(drawing)}
    values = {name: int(dot.title.split(": ")[1].replace(",", "")) for name, dot in dots.items()}
    grid = [s for s in drawing.children if isinstance(s, Path) and s.kind == "muted-line"]
    base = max(step[2] for step in grid[0].steps)
    heights = {name: base - dot.y - dot.height / 2 for name, dot in dots.items()}
    for name in dots:
        assert heights[name] == pytest.approx(heights["400"] * values[name] / values["400"])
    left, middle, right = (dots[name].x for name in ("227", "300", "400"))
    assert (middle - left) / (right - left) == pytest.approx((300 - 227) / (400 - 227))


@pytest.mark.parametrize(
    ("over", "column"),
    [
        ({"N": list(range(67, 400))}, "pool3.height"),
        ({"N": list(range(67, 9000))}, "macs"),
        ({"N": [227], "conv1.stride": [4]}, "params"),
        ({"N": [1, 2, 227]}, "macs"),
        ({"N": [227, 300], "conv1.stride": [1, 2, 3, 4, 5, 6, 7]}, "memory"),
    ],
)
def test_a_picture_keeps_the_laws_of_drawings(over: dict[str, list[int]], column: str) -> None:
    assert complaints(drawn(over, column)) == {}


def test_a_long_line_has_no_more_points_than_pixels() -> None:
    (line,) = lines_of(drawn({"N": list(range(67, 9000))}, "macs"))
    assert len(line.steps) <= 4 * 621


def test_without_the_converter_the_message_says_how_to_get_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("shapecalc.draw.converted.find_spec", lambda _: None)
    said = run("sweep", "alexnet", "--over", "N=227", "--plot", "a.png", code=2)
    assert "pip install 'shapecalc-convnets[draw]'" in said
