"""Random layers and networks, written as specs and read back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from draw import layers, tables
from hypothesis import HealthCheck, given, reject, settings
from judge import AnyLayer, answer
from networks import small_networks

from shapecalc.api import loads
from shapecalc.layers import BUILTIN
from shapecalc.layers.fields import Padding
from shapecalc.report.compute import compute_report
from shapecalc.writers.spec import _is_same, _Text, written
from tests.kinds import WINDOWED

if TYPE_CHECKING:
    from shapecalc.report import Report

pytestmark = [pytest.mark.oracle, pytest.mark.filterwarnings("ignore")]

patient = settings(deadline=None, suppress_health_check=list(HealthCheck))


def must_be_read_back(report: Report) -> None:
    other = compute_report(loads(written(report, flat=True).text))
    assert _is_same(report, written(report, flat=True).text)
    for ours, theirs in zip(report.rows, other.rows, strict=True):
        assert (ours.type, ours.output) == (theirs.type, theirs.output)
        assert fields(ours.layer) == fields(theirs.layer)


def fields(layer: AnyLayer) -> dict[str, Any]:
    """Return a layer's fields, with one value where it is the same on all sides."""
    values = dict(zip((field.name for field in layer.fields()), layer.values(), strict=True))
    if "like" in values:
        values["to"] = values["to"] or values.pop("like")
        values.pop("like", None)
    if values.get("stride", 0) is None:
        values["stride"] = values["kernel"]
    return {name: single(value) for name, value in values.items()}


def single(value: Any) -> Any:
    if isinstance(value, Padding):
        return value.mode, single(value.pairs)
    return value[0] if type(value) is tuple and value and len(set(value)) == 1 else value


@pytest.mark.parametrize("word", [word for word in BUILTIN if BUILTIN[word].inputs != 0])
def test_any_layer_is_read_back(word: str) -> None:
    @settings(patient, max_examples=150 if word in WINDOWED else 50)
    @given(drawn=layers(word))
    def holds(drawn: tuple[AnyLayer, tuple[Any, ...]]) -> None:
        report = answer(drawn[0], *drawn[1])
        if report is None:
            reject()
        must_be_read_back(report)

    holds()


@settings(patient, max_examples=50)
@given(drawn=tables())
def test_any_table_is_read_back(drawn: Any) -> None:
    report = answer(drawn[0], *drawn[1])
    if report is None:
        reject()
    must_be_read_back(report)


@settings(patient, max_examples=1000)
@given(report=small_networks())
def test_any_small_network_is_folded_to_the_same(report: Report) -> None:
    assert _is_same(report, _Text(report).folded())
    must_be_read_back(report)
