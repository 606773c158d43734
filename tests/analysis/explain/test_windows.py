"""What is said and drawn of a side, against windows that are laid on it one by one."""

from __future__ import annotations

import re
from time import perf_counter

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from shapecalc import explain
from shapecalc.analysis.explain.picture import Frame, Scene, draw
from shapecalc.analysis.explain.windows import (
    WindowFit,
    drawn,
    exact_sizes,
    facts_of,
    fit,
    sentences,
)
from shapecalc.layers.window import Window
from tests.analysis.explain.support import of_text, report


@st.composite
def fits(draw: st.DrawFn, *, largest: int = 40) -> WindowFit:
    small = st.integers(1, 6)
    mode = draw(st.sampled_from(["given", "given", "same", "valid"]))
    pads = st.integers(0, 3) if mode == "given" else st.just(0)
    rounding = draw(st.sampled_from(["floor", "floor", "ceil"])) if mode == "given" else "floor"
    window = Window(
        draw(small), draw(small), draw(pads), draw(pads), draw(st.integers(1, 3)), rounding, mode
    )
    n = draw(st.integers(1, largest))
    fitted = fit(n, window)
    assume(fitted.places > 0)
    assume(fitted.free >= 0 or mode == "same")
    return fitted


def laid(fitted: WindowFit) -> list[list[int]]:
    """Lay every window on the side: the pixels of its taps, counted from 0."""
    k, s, d = fitted.window.kernel, fitted.window.stride, fitted.window.dilation
    return [[i * s - fitted.before + t * d for t in range(k)] for i in range(fitted.places)]


@given(fitted=fits())
def test_unseen_pixels_are_those_in_no_window(fitted: WindowFit) -> None:
    seen = {at for window in laid(fitted) for at in window}
    unseen = fitted.unseen()
    assert unseen is not None
    assert list(unseen) == [at for at in range(fitted.n) if at not in seen]
    last = laid(fitted)[-1][-1]
    assert fitted.left == fitted.n + fitted.after - 1 - last
    assert facts_of(fitted)["unseen"] == len(unseen)


@given(fitted=fits())
def test_exact_sizes_are_the_nearest_with_nothing_left_over(fitted: WindowFit) -> None:
    assume(fitted.window.mode != "same")
    window = fitted.window._replace(rounding="floor")
    below, above = exact_sizes(fitted)
    assert below <= fitted.n <= above < below + 2 * window.stride
    for size in (below, above):
        assert (size + fitted.before + fitted.after - window.extent) % window.stride == 0
    between = [n for n in range(below + 1, above) if fit(n, window).left == 0]
    assert between == []


@given(fitted=fits())
def test_sentences_say_what_is_lost(fitted: WindowFit) -> None:
    text = " ".join(sentences(fitted, "pixel"))
    told = re.search(r"the last (?:(\d+) )?pixels? (?:is|are) never seen", text)
    lost = int(told[1] or 1) if told else 0
    if fitted.window.mode != "same" and fitted.window.rounding == "floor":
        assert lost == fitted.tail
    assert "  " not in text.replace("  ", " ")
    assert not re.search(r"\b1 (pixels|windows)|\b1 (are|have)\b|[2-9] pixel ", text)
    if "fits exactly" in text:
        above = int(re.findall(r"(\d+) fits exactly", text)[0])
        assert fit(above, fitted.window).left == 0


@given(fitted=fits(largest=14))
def test_a_numbered_picture_has_every_pixel_mark_and_window(fitted: WindowFit) -> None:
    lines = drawn(fitted, "pixel")
    assume(lines)
    text = "\n".join(lines)
    row = lines[0].removeprefix("pixel").split()
    assume(fitted.n < 3 or "2" in row)  # numbered
    assert [int(word) for word in row if word != "+"] == list(range(1, fitted.n + 1))
    assert row.count("+") == fitted.before + fitted.after
    marks = [line for line in lines if line.startswith("never seen")]
    unseen = fitted.unseen()
    assert unseen is not None
    if marks:
        columns = {at.start() for at in re.finditer("x", marks[0])}
        ends = [match.end() - 1 for match in re.finditer(r"\d+|\+", lines[0])]
        pixels = ends[fitted.before : fitted.before + fitted.n]
        assert columns == {pixels[at] for at in unseen}
    else:
        assert list(unseen) == []
    assert text.count("window") == min(fitted.places, 5 if fitted.places <= 5 else 3)


@given(fitted=fits(largest=3000))
def test_pictures_keep_to_the_page(fitted: WindowFit) -> None:
    assert all(len(line) <= 77 and line == line.rstrip() for line in drawn(fitted, "position"))


@pytest.mark.parametrize("n", [5, 16, 27, 28, 29, 30, 31, 32, 33, 40, 500])
def test_pictures_of_transposed_convolutions_keep_to_the_page(n: int) -> None:
    for fields in ("kernel: 4, stride: 2, pad: 1", "kernel: 3, stride: 3", "kernel: 9, stride: 2"):
        fitted = of_text(f"input: {n}x3\nlayers: [transposed: {{filters: 2, {fields}}}]")
        text = explain(fitted, "transposed1", "output").render()
        assert max(map(len, text.splitlines())) <= 80


def test_a_window_is_drawn_under_its_pixels() -> None:
    scene = Scene("pixel", 9, 1, 0, (Frame("window 1", -1, 3), Frame("window 2", 2, 3)))
    assert draw(scene) == (
        "pixel        + 1 2 3 4 5 6 7 8 9",
        "window 1    [----]",
        "window 2          [----]",
        "            (+ padding)",
    )


@pytest.mark.parametrize(
    "layer",
    [
        "conv: {filters: 2, kernel: 3, stride: 7}",
        "conv: {filters: 2, kernel: 900000000, stride: 1000000}",
        "conv: {filters: 2, kernel: 3, stride: 1000000000, pad: 1}",
        "conv: {filters: 2, kernel: 5, stride: 3, dilation: 100000000, pad: same}",
        "maxpool: {kernel: 2, stride: 1000, rounding: ceil}",
        "adaptive_avgpool: 1000000000",
        "transposed: {filters: 2, kernel: 1000, stride: 1000}",
        "upsample: 4000",
        "pad: 1000000000",
        "crop: {to: 1}",
    ],
)
def test_huge_sides_are_explained_at_once(layer: str) -> None:
    fitted = of_text(f"input: 1000000000x3\nlayers: [{layer}]")
    begin = perf_counter()
    text = explain(
        fitted, fitted.rows[-1].name, "output,params,macs,memory,receptive-field,what-if"
    )
    assert max(map(len, text.render().splitlines())) < 200
    assert perf_counter() - begin < 5


def test_the_largest_network_is_a_slide_in_little_time() -> None:
    fitted = report("resnet152")
    begin = perf_counter()
    explain(fitted, None, "output,params,macs,memory,receptive-field").render("html")
    assert perf_counter() - begin < 20


def test_a_row_is_long_with_the_padding_at_both_ends() -> None:
    """58 pixels and 4 of padding are more than 60: of 4 windows the first two and the last."""
    fitted = fit(58, Window(20, 12, 2, 2))
    lines = [line.split("  ")[0] for line in drawn(fitted, "pixel")]
    assert [line for line in lines if line.startswith("window")] == [
        "window 1",
        "window 2",
        "window 4",
    ]
    short = [line.split("  ")[0] for line in drawn(fit(56, Window(20, 12, 2, 2)), "pixel")]
    assert "window 3" in short
