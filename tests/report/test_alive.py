"""Where the peak is, and what is alive there: held to the buffers that the referee allocates."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

import shapecalc
from shapecalc.reference.run import run
from shapecalc.report import Alive
from shapecalc.report.peak import find_peak

if TYPE_CHECKING:
    from shapecalc.reference.run import Step

BLOCK = {
    "input": "6x5x3",
    "layers": [
        {"conv": {"filters": 4, "kernel": 1, "name": "a"}},
        "relu",
        {"conv": {"filters": 9, "kernel": 1, "name": "b"}},
        {"conv": {"filters": 4, "kernel": 1, "name": "c"}},
        {"add": {"from": ["relu1", "c"], "name": "join"}},
        {"dense": 2},
    ],
}


def test_what_is_alive_has_names_and_roles() -> None:
    peak = shapecalc.summarize(BLOCK).peak
    assert peak is not None
    assert (peak.layer, peak.elements) == ("c", 30 * (9 + 4 + 4))
    assert peak.alive == (
        Alive("b", "input", 270),
        Alive("c", "output", 120),
        Alive("relu1", "kept", 120, "join"),
    )


def test_a_join_has_two_inputs_and_a_kept_output_no_reader() -> None:
    report = shapecalc.summarize(BLOCK)
    join = find_peak(report.graph, report.rows, "join")
    assert join is not None
    assert [(v.layer, v.role) for v in join.alive] == [
        ("relu1", "input"),
        ("c", "input"),
        ("join", "output"),
    ]
    spec = {
        "input": "4x4x2",
        "layers": ["conv3-8", "conv3-2", "conv3-1"],
        "outputs": ["conv1", "conv3"],
    }
    report = shapecalc.summarize(spec)
    last = find_peak(report.graph, report.rows, "conv3")
    assert last is not None
    assert last.alive[-1] == Alive("conv1", "kept", 128, "")


def test_in_place_takes_no_buffer_and_symbols_have_no_one_place() -> None:
    report = shapecalc.summarize(BLOCK)
    assert find_peak(report.graph, report.rows, "relu1") is None
    assert shapecalc.summarize("lenet5", input="NxNx1").peak is None


@pytest.mark.parametrize(
    ("name", "size"),
    [("lenet5", None), ("resnet18", "64x64x3"), ("resnet50", "32x32x3")],
)
def test_the_referee_holds_as_much_while_each_layer_runs(name: str, size: str | None) -> None:
    report = shapecalc.summarize(name, input=size)
    held: dict[str, int] = {}

    def watch(step: Step) -> None:
        held[step.node.path] = step.memory

    run(report, watch=watch)
    peaks = {row.name: find_peak(report.graph, report.rows, row.name) for row in report.rows}
    told = {name: peak for name, peak in peaks.items() if peak is not None}
    assert len(told) > 5
    for layer, peak in told.items():
        assert 4 * peak.elements == held[layer]
        assert sum(volume.elements for volume in peak.alive) == peak.elements  # type: ignore[misc]
    assert {row.name: 4 * row.live for row in report.rows} == held
    assert report.peak is not None
    assert report.peak.elements == report.totals.peak == max(p.elements for p in told.values())  # type: ignore[type-var]
