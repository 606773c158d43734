"""The waterfall of a reconciliation: steps to scale, from one total to the other."""

from __future__ import annotations

import pytest

import shapecalc
from shapecalc.analysis.reconcile.waterfall import waterfall
from shapecalc.draw.picture import Box, leaves
from shapecalc.errors import SpecErrors
from tests.draw.geometry import complaints
from tests.runner import runner


def bars(drawing):
    return [shape for shape in leaves(drawing.children) if isinstance(shape, Box)]


@pytest.mark.parametrize(
    ("name", "first", "second"),
    [
        ("alexnet", "torchinfo", "fvcore"),
        ("resnet18", "full", "fvcore"),
        ("googlenet", "fvcore", "full"),
        ("lenet5", "macs", "macs"),
    ],
)
def test_steps_lead_from_one_total_to_the_other(name, first, second):
    difference = shapecalc.reconcile(name, first, second)
    drawing = waterfall(difference)
    assert complaints(drawing) == {}
    start, *steps, end = bars(drawing)
    assert start.x == end.x
    level = start.x + start.width
    for step in steps:
        adds = step.kind == "bar-params"
        near, far = (step.x, step.x + step.width) if adds else (step.x + step.width, step.x)
        assert near == pytest.approx(level, abs=1)  # a step too small to be seen has a pixel
        level = far
    assert level == pytest.approx(end.x + end.width, abs=len(steps) + 1)
    terms = [part for part in difference.terms if part.difference]
    assert [step.title.split(":")[0] for step in steps] == [part.term for part in terms]


def test_lengths_are_to_scale_and_a_cut_is_told():
    drawing = waterfall(shapecalc.reconcile("resnet18", "full", "fvcore"))
    start, *_, end = bars(drawing)
    first, second = shapecalc.reconcile("resnet18", "full", "fvcore").totals
    assert end.width / start.width == pytest.approx(second / first)
    fine = waterfall(shapecalc.reconcile("alexnet", "torchinfo", "fvcore"))
    texts = [getattr(shape, "text", "") for shape in leaves(fine.children)]
    assert (
        "The bars of the totals are cut: their left ends stand for 1,134,596,824, not 0." in texts
    )


def test_symbols_have_no_lengths():
    with pytest.raises(SpecErrors, match="needs numbers, but H has no value"):
        waterfall(shapecalc.reconcile("lenet5", "macs", "macs", input="HxHx1"))


def test_the_command_draws_it(tmp_path):
    from shapecalc.cli import main

    path = tmp_path / "made.svg"
    words = ["reconcile", "alexnet", "torchinfo", "fvcore", "-o", str(path)]
    result = runner().invoke(main, words)
    assert (result.exit_code, result.output) == (0, "")
    assert path.read_text(encoding="utf-8").startswith("<svg")
