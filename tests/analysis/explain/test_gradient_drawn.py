"""Gradients as a drawing: an entry of each array, with what its sum reads."""

from __future__ import annotations

import numpy as np
import pytest

import shapecalc
from shapecalc.analysis.explain.gradient_drawn import gradient_drawn
from shapecalc.analysis.explain.model import find
from shapecalc.draw.picture import Box, Cluster, Text
from shapecalc.draw.svg import to_svg
from shapecalc.errors import SpecErrors
from shapecalc.layers import BUILTIN, layer_class
from shapecalc.output.view import View
from shapecalc.reference.watched import elements_read
from tests.draw.geometry import complaints
from tests.oracle.judge import taken
from tests.output.test_golden import compare
from tests.paths import TESTS
from tests.reference.test_example import CASES
from tests.reference.test_watched import worked
from tests.runner import runner

CONV = {"input": "6x7x5", "layers": [{"conv": {"filters": 2, "kernel": 3, "stride": 2}}]}


def drawn(network, layer):
    return gradient_drawn(find(shapecalc.summarize(network), layer, View()))


def panels(drawing):
    return [shape for shape in drawing.children if isinstance(shape, Cluster)]


def coloured(panel):
    return [box.kind for box in panel.children if isinstance(box, Box) and box.kind != "entry"]


def test_every_type_has_a_case():
    assert {word for word, _, _ in CASES.values()} >= set(BUILTIN) - {"opaque"}


@pytest.mark.parametrize("case", CASES)
def test_every_layer_is_drawn_with_what_it_reads(case):
    """As many entries are coloured as are read, and every sum is written out."""
    word, fields, shapes = CASES[case]
    report = taken(layer_class(word)(**fields), *shapes)
    drawing = gradient_drawn(find(report, report.rows[-1].name, View()))
    assert complaints(drawing) == {}
    made = worked(case)
    assert [panel.title for panel in panels(drawing)] == [
        " = ".join(lines) for lines in made.lines.values()
    ]
    for panel, (of, formula) in zip(panels(drawing), made.formulas.items(), strict=True):
        read = elements_read(formula, made.values, made.places[of])
        count = sum(marks.sum() for letter, marks in read.items() if letter != formula.name)
        assert len(coloured(panel)) == count + 1
        assert coloured(panel).count("entry-made") == 1


def test_a_weights_gradient_reads_every_second_pixel():
    _, weights, *_ = panels(drawn(CONV, "conv1"))
    assert weights.title == "dL/dw[0, 0, 0, 0] = 1*(-9) + 2*(-3) + 3*4 + 4*(-2) + 5*5 + 6*11 = 80"
    touched = [box for box in weights.children if isinstance(box, Box)]
    pixels = np.array([(box.x, box.y) for box in touched if box.kind == "entry-input"])
    wide, high = touched[0].width, touched[0].height
    places = np.round((pixels - pixels.min(axis=0)) / (wide, high)).tolist()
    assert places == [[0, 0], [2, 0], [4, 0], [0, 2], [2, 2], [4, 2]]


def test_numbers_that_are_read_are_bold_too():
    """Colours are not all that tells them apart."""
    bias = panels(drawn(CONV, "conv1"))[-1]
    numbers = [text for text in bias.children if isinstance(text, Text) and text.anchor == "end"]
    assert [text.text for text in numbers if text.kind == "strong"] == [*"123456", "21"]


def test_the_drawing_is_as_the_golden_file_has_it():
    compare(TESTS / "draw/golden/gradient-conv.svg", to_svg(drawn(CONV, "conv1")))


@pytest.mark.parametrize(
    ("name", "layer", "options", "message"),
    [
        ("alexnet", "input", {}, "input has no worked example"),
        ("lenet5", "conv1", {"input": "HxHx1"}, "conv1 has no worked example"),
        ("googlenet", "inception_3a", {}, "inception_3a has no worked example"),
    ],
)
def test_what_cannot_be_drawn_is_refused(name, layer, options, message):
    with pytest.raises(SpecErrors, match=message):
        gradient_drawn(find(shapecalc.summarize(name, **options), layer, View()))


@pytest.mark.parametrize(
    ("of", "exit_code", "says"),
    [
        ("gradient", 0, "dL/dw"),
        ("gradient,params", 0, "dL/dw"),
        ("output", 0, "windows"),
        ("params", 2, "draw output or gradient"),
        ("output,gradient", 2, "draw one at a time: --of output"),
        ("outpt", 2, "did you mean 'output'?"),
    ],
)
def test_the_command_draws_what_it_is_asked_for(tmp_path, of, exit_code, says):
    from shapecalc.cli import main

    path = tmp_path / "made.svg"
    result = runner().invoke(main, ["explain", "alexnet", "conv1", "--of", of, "-o", str(path)])
    assert result.exit_code == exit_code
    assert says in (result.output if exit_code else path.read_text(encoding="utf-8"))


def test_a_page_has_the_drawing_and_a_text_has_not():
    explained = shapecalc.explain(CONV, "conv1", "gradient")
    page = explained.render("html")
    assert page.count("<svg ") == 1
    assert "entry-made" in page
    for format_ in ("text", "markdown", "latex", "json"):
        assert "entry-made" not in explained.render(format_)
