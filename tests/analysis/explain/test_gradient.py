"""Every layer has a lesson on its gradients, whose numbers are the referee's.

What formulas and examples say is judged entry by entry in tests/reference/test_example.py.
"""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

import shapecalc
from shapecalc.analysis.explain.model import Equation
from shapecalc.errors import SpecErrors
from shapecalc.layers import BUILTIN
from shapecalc.output.document import Prose
from tests.analysis.explain.support import of_text, report
from tests.oracle.draw import layers
from tests.oracle.judge import answer

FEW = settings(max_examples=6, deadline=None, suppress_health_check=list(HealthCheck))


def wrong(explanation: shapecalc.Explanation, of: str = "x") -> list[str]:
    """Say what a lesson lacks: a gradient, an example, agreement with central differences."""
    (section,) = explanation.sections
    equations = [block for block in section.blocks if isinstance(block, Equation)]
    said = " ".join(block.text for block in section.blocks if isinstance(block, Prose))
    text = explanation.render()
    found = []
    if not any(each.label.startswith(f"dL/d{of}") for each in equations):
        found.append(f"no gradient of {of}")
    if "Central differences" not in said or "NOT" in said:
        found.append("differences disagree")
    if max(map(len, text.splitlines())) > 80:
        found.append("too wide")
    if "{" in text or "None" in text or "\ue000" in text:
        found.append("something is not filled in")
    for format_ in ("markdown", "html"):
        explanation.render(format_)
    json.loads(explanation.render("json"), parse_constant=found.append)
    return found


@pytest.mark.parametrize("word", BUILTIN)
@FEW
@given(data=st.data())
def test_any_layer_of_a_type_has_its_gradients_explained(word: str, data: st.DataObject) -> None:
    layer, inputs = data.draw(layers(word))
    found = answer(layer, *inputs)
    assume(found is not None)
    assert found is not None
    explanation = shapecalc.explain(found, found.rows[-1].name, "gradient")
    assert wrong(explanation, "x" if inputs else "w") == []


@pytest.mark.parametrize("name", ["alexnet", "lenet5-1998", "unet", "googlenet"])
def test_every_kind_of_layer_of_a_network_has_its_gradients_explained(name: str) -> None:
    found = report(name)
    rows = {(row.type, row.does): row for row in found.rows if row.inputs}
    for row in rows.values():
        assert wrong(shapecalc.explain(found, row.name, "gradient")) == []


def test_a_lesson_with_a_wrong_gradient_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    from shapecalc.layers.activation import Tanh
    from shapecalc.reference import registry

    right = registry.backward_to_all.needed(Tanh)

    def doubled(*given: object) -> object:
        back = right(*given)
        return back._replace(inputs=tuple(2 * x for x in back.inputs))

    found = of_text("input: 4x5x3\nlayers: [tanh]")
    assert wrong(shapecalc.explain(found, "tanh1", "gradient")) == []
    monkeypatch.setitem(registry.backward_to_all, Tanh, doubled)
    assert wrong(shapecalc.explain(found, "tanh1", "gradient")) == ["differences disagree"]


def test_a_program_gets_formulas_and_numbers() -> None:
    found = of_text("input: 2x2x1\nlayers: [conv: {filters: 1, kernel: 3, pad: 1}]")
    facts = shapecalc.explain(found, "conv1", "gradient").section("gradient").facts
    assert facts["formulas"]["dL/db"] == "dL/db[f] = sum over i, j of g[f, i, j]"
    values, gradients = facts["example"]["values"], facts["example"]["gradients"]
    assert gradients["b"] == [sum(map(sum, values["g"][0]))]
    x, w, g = (values[letter] for letter in "xwg")
    assert gradients["w"][0][0][1][1] == sum(
        a * b
        for row, other in zip(x[0], g[0], strict=True)
        for a, b in zip(row, other, strict=True)
    )  # the centre of a 3x3 kernel with padding 1 meets every pixel
    assert len(w[0][0]) == 3


def test_what_gradients_are_not_told_of() -> None:
    with pytest.raises(SpecErrors, match="E312"):
        shapecalc.explain("alexnet", None, "gradient")
    assert "Nothing goes back further" in shapecalc.explain("alexnet", "input", "gradient").render()


def test_other_lessons_need_no_numpy() -> None:
    code = (
        "import sys, shapecalc; shapecalc.explain('alexnet', 'conv1').render();"
        "assert 'numpy' not in sys.modules;"
        "shapecalc.explain('alexnet', 'conv1', 'gradient'); assert 'numpy' in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_an_example_with_another_factor_says_so() -> None:
    def worked(layer: str) -> str:
        found = of_text(f"input: 6x7x5\nlayers: [{layer}]")
        return " ".join(shapecalc.explain(found, "norm1", "gradient").render().split())

    told = "with alpha = 1 in the place of 0.0001:"
    assert told in worked("lrn: {size: 5, alpha: 0.0001}")
    assert "in the place of" not in worked("lrn: {size: 5, alpha: 1}")


def test_an_example_explains_the_divisors_that_the_layers_own_formulas_do_not_have() -> None:
    def lesson(side: int) -> str:
        pool = "avgpool: {kernel: 3, stride: 3, pad: 1, rounding: ceil}"
        found = of_text(f"input: {side}x{side}x2\nlayers: [{pool}]")
        return shapecalc.explain(found, "pool1", "gradient").render()

    meaning = "n is how many elements of its window a mean divides by."
    whole, clipped = lesson(7), lesson(9)
    assert "/9\n" in whole.partition("Worked")[0]
    assert "n[0, 0] = " in whole.partition("Worked")[2]
    assert "/n[i, j]" in clipped.partition("Worked")[0]
    assert (whole.count(meaning), clipped.count(meaning)) == (1, 1)


@pytest.mark.parametrize(("fields", "slope"), [("", "dL/dw[c]"), (": {shared: true}", "dL/dw[n]")])
def test_a_slope_belongs_to_a_channel_or_to_all(fields: str, slope: str) -> None:
    lesson = shapecalc.explain(
        of_text(f"input: 5x5x2\nlayers: [prelu{fields}]"), "prelu1", of="gradient"
    )
    (section,) = lesson.sections
    labels = [block.label for block in section.blocks if isinstance(block, Equation)]
    assert slope in labels


def test_what_is_stretched_is_read_at_its_one_place_and_sums_over_the_others() -> None:
    network = shapecalc.loads("input: 4x5x3\nlayers:\n  - multiply: [[], [global_avgpool]]\n")
    text = shapecalc.explain(network, "multiply1", of="gradient").render("text")
    assert "y[c, u, v] = x1[c, u, v] * x2[c, 0, 0]" in text
    assert "dL/dx1[c, u, v] = g[c, u, v] * x2[c, 0, 0]" in text
    assert "dL/dx2[c, 0, 0] = sum over u, v of g[c, u, v] * x1[c, u, v]" in text
