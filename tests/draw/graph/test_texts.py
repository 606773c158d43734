"""Graphs as texts: characters for a terminal, Mermaid and DOT."""

from __future__ import annotations

import re
from xml.etree import ElementTree as ET

import pytest

import shapecalc
from shapecalc.draw.graph.dot import to_dot
from shapecalc.draw.graph.mermaid import to_mermaid
from shapecalc.draw.graph.outline import to_text
from shapecalc.draw.graph.scene import graph, scene_of
from shapecalc.draw.graph.walk import edges, nested
from shapecalc.draw.svg import to_svg
from shapecalc.text.safe import width_of
from tests.draw.graph.nets import SHIPPED, of_inputs, random_inputs, shipped_report
from tests.output.test_golden import compare
from tests.paths import TESTS

GOLDEN = TESTS / "draw" / "golden"
#: What means something in one of the formats, or turns a line's direction.
NASTY = """a"b<b>'&amp;#35;`x`]|}\\n\\$$x$$fa:fa-car \N{HEBREW LETTER ALEF}\N{RIGHT-TO-LEFT OVERRIDE}\x1b[31m end"""
#: A text in quotes, of DOT and of Mermaid; in Mermaid's no sign has a meaning but its numbers.
QUOTED = {"dot": r'"(?:[^"\\]|\\.)*"', "mermaid": r'"[^"]*"'}


def named(report, name):
    """Give the network, and each layer, a name that no spec could have."""
    report.graph.spec.__dict__["name"] = name
    return report.with_rows(
        tuple(row._replace(name=f"{row.name} {name}", note=name) for row in report.rows)
    )


@pytest.mark.parametrize(
    ("file", "write", "network", "words"),
    [
        ("graph-googlenet.txt", to_text, "googlenet", {}),
        ("graph-ssd300.txt", to_text, "ssd300", {"show": "params,macs,rf,memory", "width": 100}),
        ("graph-resnet18.mmd", to_mermaid, "resnet18", {"depth": 2}),
        ("graph-vit.dot", to_dot, "vit-b-16", {"direction": "right"}),
    ],
)
def test_a_text_is_as_the_golden_file_has_it(file, write, network, words):
    compare(GOLDEN / file, write(shapecalc.summarize(network), **words))


@pytest.mark.parametrize("name", SHIPPED)
def test_every_node_and_every_edge_stands_once_in_each_text(name):
    report = shipped_report(name)
    scene = scene_of(report)
    nodes = {f"n{part.node}" for _, part in nested(scene, scene.tree.items)
             if hasattr(part, "node")}  # fmt: skip
    pairs = {(f"n{edge.source}", f"n{edge.target}") for edge in edges(scene)}
    mermaid, dot = to_mermaid(report), to_dot(report)
    assert re.findall(r"^ +(n\d+)\[", mermaid, re.MULTILINE) == sorted(
        nodes, key=lambda word: mermaid.index(f" {word}[")
    )
    assert set(re.findall(r"^  (n\d+) -->\|.*\| (n\d+)$", mermaid, re.MULTILINE)) == pairs
    assert set(re.findall(r"^  (n\d+) -> (n\d+) ", dot, re.MULTILINE)) == pairs
    assert set(re.findall(r"^ +(n\d+) \[label", dot, re.MULTILINE)) == nodes
    assert dot.count("{") == dot.count("}") == 1 + mermaid.count("subgraph ")
    assert len(re.findall("^ +end$", mermaid, re.MULTILINE)) == mermaid.count("subgraph ")


@pytest.mark.parametrize("name", ["googlenet", "ssd300", "unet", "swin-t"])
@pytest.mark.parametrize("width", [40, 80, 120])
def test_the_characters_fit_in_the_page(name, width):
    text = to_text(shipped_report(name), width=width)
    body = text.split("\n\n", 1)[1]
    assert max(map(width_of, body.split("\n"))) <= width


def test_columns_that_have_no_room_are_named():
    text = to_text(shipped_report("alexnet"), width=50)
    assert text.splitlines()[3].split() == ["output", "params"]
    assert text.endswith("\n\nLeft out to fit a width of 50: MACs; --show\nchooses others.\n")
    assert "Left out" not in to_text(shipped_report("alexnet"), width=80)


def test_what_is_read_by_name_is_named():
    text = to_text(of_inputs([(), (0,), (0,), (1, 2), (1, 2), (3, 4)]))
    assert re.sub(" {2,}.*", "", text).split("\n")[4:10] == [
        "input", "n1", "n2", "n3", "n4", "n5",
    ]  # fmt: skip
    said = re.findall(r"\((.*)\)", text)
    assert said == ["from input", "also from n1", "from n1, n2", "also from n3"]


def test_names_are_only_text_in_dot():
    text = to_dot(named(shapecalc.summarize("lenet5"), NASTY))
    assert text.isprintable() or set(text) - {"\n"} == {c for c in text if c.isprintable()}
    bare = re.sub(QUOTED["dot"], "", text)
    assert "end" not in bare
    assert bare.count('"') == 0
    labels = re.findall(r"label=(" + QUOTED["dot"] + ")", text)
    # Graphviz reads &amp; as HTML does
    assert any(r"\"b<b>'&amp;amp;#35;`x`]|}\\n\\$$x$$fa:fa-car " in label for label in labels)


def test_names_are_only_text_in_mermaid():
    text = to_mermaid(named(shapecalc.summarize("lenet5"), NASTY))
    bare = re.sub(QUOTED["mermaid"], "", text)
    assert "alef" not in bare
    assert set(bare) <= set("flowchartTD n0123456789[]->|\n")
    quoted = "".join(re.findall(QUOTED["mermaid"], text)).replace("<br/>", "")
    assert not set(quoted) & set("<>&`]}\\")
    assert "a#34;b#60;b#62;#39;#38;amp#59;#35;35#59;#96;x#96;#93;#124;#125;#92;" in quoted
    # what Mermaid reads as a line's end, a formula or an icon, whatever it is written by
    assert "#92;#8288;n#92;#36;#8288;#36;x#36;#8288;#36;fa:#8288;fa-car" in quoted


def test_names_are_only_text_in_svg():
    svg = to_svg(graph(named(shapecalc.summarize("lenet5"), NASTY)))
    root = ET.fromstring(svg)
    names = {element.tag.rpartition("}")[2] for element in root.iter()}
    assert names <= {"svg", "title", "desc", "style", "defs", "marker", "path", "g", "rect", "text"}
    assert "conv1 a\"b<b>'&amp;#35;`x`" in "".join(root.itertext())


@pytest.mark.parametrize("write", [to_dot, to_mermaid])
def test_random_networks_have_all_their_edges(write):
    for seed in range(50):
        inputs = random_inputs(seed)
        text = write(of_inputs(inputs))
        assert len(re.findall(r"^  n\d+ --?>", text, re.MULTILINE)) == sum(map(len, inputs))


def test_a_repeat_has_the_edges_of_one_round():
    scene = scene_of(shapecalc.summarize("alphago"))
    pairs = [(edge.source, edge.target) for edge in edges(scene)]
    assert pairs == [(0, 1), (1, 2), (2, 3), (3, 4), (4, 25), (25, 26)]
