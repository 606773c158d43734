"""Pictures in a real browser: texts are as long as is stated, in the font asked for and in another."""

from __future__ import annotations

import json
import re
from html import unescape

import pytest

from shapecalc.analysis.explain.gradient_drawn import gradient_drawn
from shapecalc.analysis.explain.model import find
from shapecalc.draw.bars import costs, memory
from shapecalc.draw.blanks import Blanks
from shapecalc.draw.cone import field
from shapecalc.draw.graph.scene import graph
from shapecalc.draw.svg import FONTS, svg_element
from shapecalc.draw.volumes import volumes
from shapecalc.output.markup import written
from shapecalc.output.view import View
from tests.draw.test_volumes import report
from tests.output.browser import IN_A_BROWSER, browse

pytestmark = IN_A_BROWSER

DRAWN = [
    (volumes, "googlenet"),
    (costs, "resnet18"),
    (memory, "unet"),
    (field, "alexnet"),
    (graph, "resnet18"),
    (lambda made: gradient_drawn(find(made, "conv1", View())), "alexnet"),
    (lambda made: volumes(made, blanks=Blanks(frozenset({"input"}))), "alexnet"),
]
#: Measures every text as it is set, by how much it leaves its box (the first of its group, if it
#: stands in that) and the picture, and as it would be without its stated length.
SCRIPT = """
<script>
document.fonts.ready.then(() => {
  const beyond = (one, other) => Math.max(
    other.left - one.left, one.right - other.right, other.top - one.top, one.bottom - other.bottom);
  const meet = (one, other) => one.left < other.right - 1 && one.right > other.left + 1
    && one.top < other.bottom - 1 && one.bottom > other.top + 1;
  const rows = [...document.querySelectorAll("svg text")].map(text => {
    const stated = +text.getAttribute("textLength"), set = text.getBBox().width;
    const here = text.getBoundingClientRect();
    const first = [...(text.closest("g")?.children ?? [])].find(one => one.tagName === "rect");
    const box = first?.getBoundingClientRect();
    const outside = [box && meet(here, box) ? beyond(here, box) : null,
      beyond(here, text.ownerSVGElement.getBoundingClientRect())];
    text.removeAttribute("textLength");
    return [text.textContent, stated, set, text.getComputedTextLength(), ...outside];
  });
  document.body.textContent = "MEASURED" + JSON.stringify(rows) + "END";
});
</script>
"""


def measured(folder, fonts):
    """Return of every text what it says, its lengths, stated, set and natural, and what is outside."""
    pictures = [written(svg_element(figure(report(name)))) for figure, name in DRAWN]
    page = folder / "page.html"
    body = "".join(pictures).replace(FONTS.replace("'", "&#x27;"), fonts)
    assert "Verdana" not in body
    page.write_text(f"<!doctype html><meta charset=utf-8><body>{body}{SCRIPT}", encoding="utf-8")
    dom = browse(page)
    (found,) = re.findall(r"<body>MEASURED(.*?)END", dom, re.DOTALL)
    return json.loads(unescape(found))


def test_texts_are_as_long_as_the_table_of_advances_says(tmp_path):
    rows = measured(tmp_path, "DejaVu Sans")
    assert len(rows) > 300
    for text, stated, shown, natural, *_ in rows:
        assert shown <= stated * 1.02 + 1, text
        assert natural <= stated * 1.1, text  # the slack that every text is given


@pytest.mark.parametrize("fonts", ["serif", "monospace"])
def test_texts_keep_their_length_in_another_font(tmp_path, fonts):
    rows = measured(tmp_path, fonts)
    for text, stated, shown, _, of_box, of_picture in rows:
        assert shown <= stated * 1.1 + 1, text
        assert of_box is None or of_box < 1, text
        assert of_picture < 1, text
    assert sum(of_box is not None for *_, of_box, _ in rows) > 100
