"""SVG that stands alone: texts are only texts, both schemes, names for those who cannot see."""

from __future__ import annotations

import re
from xml.etree import ElementTree as ET

import pytest

from shapecalc.draw.metrics import width
from shapecalc.draw.picture import Box, Cluster, Drawing, Path, Polygon, Text, line
from shapecalc.draw.svg import number, svg_element, to_svg
from shapecalc.output.markup import written

SVG = "{http://www.w3.org/2000/svg}"
HOSTILE = [
    "<script>alert(1)</script>",
    "]]></style><!--",
    "\"'&amp;&lt;",
    "$\\input{x}_^%#",
    "\u05d0\u05d1\u05d2 abc",
    "\u202eabc\u202c",
    "\x00\x1b[31m\ufffe",
    "line\nbreak",
]


def drawing(*shapes):
    return Drawing(120, 40, "a title", "what is seen", shapes)


SHAPES = (
    Box(1, 2, 30, 10.126, "conv", "block/conv1", "conv1: 3x3", radius=3),
    Cluster((Text(4, 9, "conv1", 10), Text(60, 9, "x6", 10, "end", "strong")), "block", "a block"),
    Polygon(((40, 2), (50, 2), (55, 9)), "pool", "pool1", "halves"),
    Path((("M", 31, 7), ("C", 35, 7, 36, 9, 40, 9)), "skip", arrow=True),
    line((0, 0), (1, 1), kind="muted-line"),
    Text(9, 30, "up", 8, "middle", "muted", turn=-90),
)


def parsed(*shapes):
    return ET.fromstring(to_svg(drawing(*shapes)))


@pytest.mark.parametrize("text", HOSTILE)
def test_a_text_is_only_a_text(text):
    shapes = (Cluster((Text(0, 9, text), Box(0, 0, 9, 9, "conv", text, text)), text, text),)
    page = ET.fromstring(to_svg(Drawing(120, 40, text, text, shapes)))
    seen = re.sub("[\x00\x1b\ufffe\u202e\u202c]", "\ufffd", text)
    assert [node.text for node in page.iter(f"{SVG}text")] == [seen]
    assert [node.text for node in page.iter(f"{SVG}title")] == [seen] * 3
    assert {node.tag.removeprefix(SVG) for node in page.iter()} == {
        "svg",
        "title",
        "desc",
        "style",
        "rect",
        "g",
        "text",
    }
    assert page.find(f"{SVG}g").get("aria-label") == seen.replace("\n", " ")  # as XML reads it


def test_every_shape_is_written():
    page = parsed(*SHAPES)
    names = [node.tag.removeprefix(SVG) for node in page if node.tag != f"{SVG}style"]
    assert names == [
        "title",
        "desc",
        "defs",
        "rect",
        "rect",
        "g",
        "polygon",
        "path",
        "path",
        "text",
    ]
    assert page.get("width") == "120"
    assert page.get("viewBox") == "0 0 120 40"
    _, box = page.iter(f"{SVG}rect")
    assert box.attrib == {
        "x": "1", "y": "2", "width": "30", "height": "10.13", "rx": "3",
        "class": "conv", "data-name": "block/conv1",
    }  # fmt: skip
    curve, straight = page.findall(f"{SVG}path")
    assert curve.get("d") == "M31 7C35 7 36 9 40 9"
    assert curve.get("marker-end") == "url(#head-skip)"
    assert straight.get("marker-end") is None
    assert page.find(f"{SVG}polygon").get("points") == "40,2 50,2 55,9"


def test_texts_state_their_length():
    for node in parsed(*SHAPES).iter(f"{SVG}text"):
        stated = float(node.get("textLength"))
        bold = node.get("class") == "strong"
        assert stated == pytest.approx(
            width(node.text, float(node.get("font-size")), bold=bold), abs=0.01
        )
    turned = [node.get("transform") for node in parsed(*SHAPES).iter(f"{SVG}text")]
    assert turned == [None, None, "rotate(-90 9 30)"]


def test_names_are_there_for_those_who_cannot_see():
    page = parsed(*SHAPES)
    ids = page.get("aria-labelledby").split()
    assert [page.find(f".//*[@id='{name}']").text for name in ids] == ["a title", "what is seen"]
    (group,) = page.findall(f"{SVG}g")
    assert (group.get("role"), group.get("aria-label")) == ("graphics-object", "a block")


def test_light_and_dark_are_both_in_the_file_or_the_one_that_is_wanted():
    both, light, dark = (to_svg(drawing(*SHAPES), scheme) for scheme in (None, "light", "dark"))
    (rules,) = re.findall(r"@media \(prefers-color-scheme: dark\) \{\n(.*?)\n\}", both, re.DOTALL)
    kinds = {"conv", "muted", "muted-line", "paper", "pool", "skip", "strong", "text"} - {"edge"}
    assert set(re.findall(r"\.drawing \.([\w-]+)", rules)) == kinds
    assert "@media" not in light + dark
    assert "fill: #ffffff" in light
    assert "fill: #ffffff" not in dark


def test_nothing_comes_from_elsewhere_and_nothing_runs():
    text = to_svg(drawing(*SHAPES))
    assert "<script" not in text
    assert set(re.findall(r"https?://[^\"]*", text)) == {"http://www.w3.org/2000/svg"}
    assert set(re.findall(r"url\(([^)]*)\)", text)) == {"#head-skip"}
    assert to_svg(drawing(*SHAPES)) == text


def test_two_drawings_of_a_page_have_ids_of_their_own():
    texts = [written(svg_element(drawing(*SHAPES), prefix=prefix)) for prefix in ("a-", "b-")]
    ids = [set(re.findall(r' id="([^"]*)"', text)) for text in texts]
    assert not ids[0] & ids[1]
    assert ids[0] == {"a-title", "a-desc", "a-head-skip"}
    assert "url(#a-head-skip)" in texts[0]


@pytest.mark.parametrize(
    ("value", "text"), [(3, "3"), (3.10, "3.1"), (1 / 3, "0.33"), (-0.001, "0"), (100.0, "100")]
)
def test_lengths_are_short(value, text):
    assert number(value) == text
