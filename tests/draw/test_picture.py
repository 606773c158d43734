"""Shapes know what holds them, texts how long they are, and every kind its colours."""

from __future__ import annotations

import pytest

from shapecalc.draw.metrics import ELLIPSIS, fitted, room, width
from shapecalc.draw.picture import Bounds, Box, Cluster, Drawing, Path, Polygon, Text, bounds, line
from shapecalc.draw.styles import FAMILIES, FAMILY_OF, STYLES, family
from shapecalc.layers import BUILTIN, OPAQUE
from shapecalc.layers import FAMILIES as MODULES
from tests.draw.geometry import complaints


def drawing(*shapes, width=100, height=50):
    return Drawing(width, height, "a title", "a description", shapes)


def test_the_advances_are_those_of_the_font():
    # as the table `hmtx` of its file has them, at 2048 units to the em
    assert width("0123456789", 2048) == 13030
    assert width("mmm", 2048) == 3 * 1995
    assert width("mmm", 2048, bold=True) == 3 * 2134
    assert width("\N{GREEK SMALL LETTER ALPHA}\N{MULTIPLICATION SIGN}", 2048) == 1350 + 1716


def test_an_unknown_letter_is_given_the_size_of_the_font():
    assert width("\N{CJK UNIFIED IDEOGRAPH-5C64}", 10) == 10


def test_a_text_is_shortened_to_its_room():
    name = "stage3/unit17/branch2/conv_reduce"
    for most in range(20, 400, 7):
        text = fitted(name, 12, most)
        assert room(text, 12) <= most or text == ELLIPSIS
        assert text == name or ELLIPSIS in text
    assert fitted(name, 12, 1000) == name


@pytest.mark.parametrize(
    ("shape", "expected"),
    [
        (Box(1, 2, 30, 4, "node"), (1, 2, 31, 6)),
        (line((5, 6), (1, 9)), (1, 6, 5, 9)),
        (Path((("M", 0, 0), ("C", 1, -5, 9, 5, 4, 4), ("Z",))), (0, -5, 9, 5)),
        (Polygon(((0, 0), (4, 1), (2, 7)), "node"), (0, 0, 4, 7)),
        (Cluster((Box(1, 2, 3, 4, "node"), Box(9, 0, 1, 1, "node"))), (1, 0, 10, 6)),
    ],
)
def test_bounds(shape, expected):
    assert bounds(shape) == expected


def test_the_bounds_of_a_text_follow_its_anchor_its_turn_and_its_weight():
    long = room("name", 10)
    assert bounds(Text(50, 20, "name", 10)) == pytest.approx((50, 12.4, 50 + long, 22.4))
    assert bounds(Text(50, 20, "name", 10, "end")).right == 50
    middle = bounds(Text(50, 20, "name", 10, "middle"))
    assert 50 - middle.left == middle.right - 50 == pytest.approx(long / 2)
    up = bounds(Text(50, 90, "name", 10, turn=-90))
    assert (up.left, up.bottom) == pytest.approx((42.4, 90))
    assert up.bottom - up.top == pytest.approx(long)
    assert bounds(Text(0, 0, "name", 10, kind="strong")).right > long


def test_every_layer_has_a_family():
    assert set(FAMILY_OF) == {*MODULES, "opaque"}
    assert set(FAMILY_OF.values()) | {"input"} == set(FAMILIES)
    assert {family(layer) for layer in [None, BUILTIN[OPAQUE], *BUILTIN.values()]} == set(FAMILIES)


def luminance(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4 for v in parts]
    return sum(part * value for part, value in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def contrast(colour: str, other: str) -> float:
    low, high = sorted(map(luminance, (colour, other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_texts_can_be_read_on_what_they_stand_on(scheme):
    grounds = ["paper", "node", "level", *FAMILIES]
    for ground in grounds:
        fill, rim = STYLES[ground].colours(scheme)
        for text in ["text", "strong", "muted"]:
            ink, _ = STYLES[text].colours(scheme)
            assert contrast(ink, fill) >= 4.5, (text, ground)
        if ground not in {"paper", "level"}:
            assert contrast(rim, STYLES["paper"].colours(scheme)[0]) >= 3, ground


def test_bars_and_lines_stand_out_from_the_paper():
    for scheme in ("light", "dark"):
        paper, _ = STYLES["paper"].colours(scheme)
        for kind in ["bar-params", "bar-macs", "bar-activations", "bar-memory", "bar-rf", "peak"]:
            assert contrast(STYLES[kind].colours(scheme)[0], paper) >= 3, kind
        for kind in ["edge", "skip", "kernel", "ray"]:
            assert contrast(STYLES[kind].colours(scheme)[1], paper) >= 3, kind


def test_a_good_drawing_breaks_no_law():
    box = Box(0, 0, 60, 30, "conv")
    assert complaints(drawing(Cluster((box, Text(4, 20, "conv1"))))) == {}


@pytest.mark.parametrize(
    ("shapes", "law"),
    [
        ([Box(90, 0, 20, 5, "node")], "outside of the page"),
        ([Text(0, 20, "a"), Text(3, 24, "b")], "texts over each other"),
        ([Cluster((Box(0, 0, 20, 30, "conv"), Text(4, 20, "conv1")))], "texts out of their boxes"),
        ([Box(0, 0, 1, 1, "blue")], "kinds without a style"),
    ],
)
def test_a_broken_law_is_noticed(shapes, law):
    assert list(complaints(drawing(*shapes))) == [law]


def test_rectangles_meet_and_hold():
    assert Bounds(0, 0, 9, 9).holds(Bounds(1, 1, 9, 9))
    assert not Bounds(0, 0, 9, 9).holds(Bounds(1, 1, 9, 10))
    assert Bounds(0, 0, 9, 9).meets(Bounds(8, 8, 10, 10))
    assert not Bounds(0, 0, 9, 9).meets(Bounds(9, 0, 10, 10))
