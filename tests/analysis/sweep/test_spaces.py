"""The law of design spaces: a row is what its point gives, wired and propagated by itself.

What is recorded for many points would break it by a step that is computed wrongly or wraps around,
by extents taken for equal that are not, by a point that is refused or let through wrongly, or
refused for another reason than its own network is.
"""

from __future__ import annotations

import random
from itertools import product
from typing import TYPE_CHECKING, Any

import pytest

import shapecalc
from shapecalc.analysis.sweep import prepare
from shapecalc.analysis.sweep.axes import fixed_at
from shapecalc.analysis.sweep.plan import Plan, formulas_of, note_of
from shapecalc.analysis.sweep.result import collect
from shapecalc.errors import SpecErrors
from shapecalc.graph import Input
from shapecalc.output.options import make_view
from shapecalc.report.compute import compute_report
from tests.analysis.sweep.test_law import all_columns

if TYPE_CHECKING:
    from pathlib import Path

#: Fields that a space may run over, with values of which some do not fit.
FIELDS = {
    "filters": [1, 16, 24, 96],
    "units": [1, 10],
    "stride": [1, 2, 3, 5],
    "kernel": [0, 1, 2, 3, 7, 40],
    "pad": [0, 1, 2, 3],
    "dilation": [1, 2, 9],
    "multiplier": [1, 2],
    "groups": [1, 2, 3],
}


def by_point(plan: Plan, values: tuple[int, ...]) -> tuple[dict[str, Any], str]:
    """Compute a point by itself: its columns, or why it does not exist."""
    graph = plan.ground.wire(fixed_at(plan.ground.axes, values))
    try:
        report = compute_report(graph, search=False)
    except SpecErrors as error:
        return {}, note_of(error)
    return dict(formulas_of(report, plan.measures, plan.view, {}).columns), ""


def wrong_rows(plan: Plan, most: int = 10**9, seed: int = 0) -> list[str]:
    """Describe where rows differ from their points, of all or of some drawn."""
    swept = collect(plan)
    points = list(product(*(axis.values for axis in plan.ground.axes)))
    assert len(points) == len(swept)
    rows = range(len(points))
    wrong = []
    taped = any(formulas.taped for formulas in plan.formulas.values())
    for row in rows if len(points) <= most else random.Random(seed).sample(rows, most):
        columns, note = by_point(plan, points[row])
        told = swept["note"][row]
        if told != note and (taped or bool(told) != bool(note)):
            wrong.append(f"{points[row]}: {swept['note'][row]!r}, but {note!r}")
        wrong += [
            f"{points[row]} {name}: {swept[name][row]}, but {columns.get(name)}"
            for name in swept.block.columns
            if not note and swept[name][row] != columns.get(name)
        ]
    return wrong


def space_of(spec: str, draw: random.Random) -> dict[str, list[int]]:
    """Draw what to run over: two or three fields, or one and a side of the input."""
    graph = shapecalc.load(spec)
    fields = [
        (f"{node.path}.{field.name}", FIELDS[field.name])
        for node in graph.nodes
        if hasattr(node.layer, "fields")
        for field in node.layer.fields()
        if field.name in FIELDS and "/" not in node.path
    ]
    space = dict(draw.sample(fields, min(draw.choice([1, 2, 3]), len(fields))))
    (entry,) = [node.layer for node in graph.nodes if isinstance(node.layer, Input)]
    if len(entry.shape.sides) == 2 and draw.random() < 0.6:
        space["N"] = [draw.randrange(1, 300) for _ in range(3)]
    return space


SPECS = ["alexnet", "lenet5", "zfnet", "vgg11", "googlenet", "unet", "mobilenet-v1", "m5"]


@pytest.mark.parametrize("spec", SPECS)
@pytest.mark.parametrize("seed", range(1))
def test_every_row_is_its_point(spec: str, seed: int) -> None:
    draw = random.Random(f"{spec} {seed}")
    columns = ",".join(all_columns(spec, draw))
    view = make_view(profile="full", batch=3, dtype="float16")
    for _ in range(20):
        try:
            plan = prepare(spec, space_of(spec, draw), columns, view)
            wrong = wrong_rows(plan, 30)
        except SpecErrors:  # then no point exists
            continue
        assert wrong == []
        return
    pytest.fail("no space with a point was drawn")


def test_a_point_between_refused_ends_exists_though_letters_are_refused(tmp_path: Path) -> None:
    """A kernel of c - 1 is refused for a letter, and at both ends of its values for another."""
    path = tmp_path / "between.yaml"
    path.write_text(
        "let: {c: 3}\ninput: [7, 11, c-1]\nlayers:\n"
        "  - maxpool: {kernel: [c-1, 3], stride: 2, pad: valid, dilation: c}\n"
    )
    plan = prepare(str(path), {"c": [1, 2, 4, 6]}, "macs,output", make_view())
    assert wrong_rows(plan) == []
    assert collect(plan).exists.tolist() == [False, True, False, False]


@pytest.mark.parametrize("taken", ["1 of 2", "2 of 2", "[0, a]", "[a, a+1]"])
@pytest.mark.parametrize("stride", ["1", "a//2"], ids=["letters", "recorded"])
def test_channels_of_a_join_see_what_they_see_at_each_point(
    taken: str, stride: str, tmp_path: Path
) -> None:
    """Broken where the field of all channels stands for that of those that are taken."""
    path = tmp_path / "joined.yaml"
    path.write_text(
        "let: {a: 2}\ninput: [12, 11, a]\nlayers:\n"
        "  - concat: [[conv: {filters: a, kernel: 3, pad: 1}], [conv: {filters: a, kernel: 1}], []]\n"
        f"  - concat: [[slice: {{channels: {taken}}}]]\n"
        f"  - conv: {{filters: 2, kernel: 2, stride: {stride}}}\n"
    )
    plan = prepare(str(path), {"a": [2, 4, 6]}, "macs,conv3.rf", make_view())
    assert wrong_rows(plan) == []


@pytest.mark.parametrize("first", ["a", "a//2"], ids=["letters", "recorded"])
def test_as_many_channels_from_another_one_on_see_what_they_see_at_each_point(
    first: str, tmp_path: Path
) -> None:
    """Broken where only how many are taken decides, and not from which one on."""
    path = tmp_path / "joined.yaml"
    path.write_text(
        "let: {a: 2}\ninput: 12x11x4\nlayers:\n"
        "  - concat: [[conv: {filters: 4, kernel: 3, pad: 1}], []]\n"
        f"  - slice: {{channels: [{first}, {first}+2]}}\n"
    )
    plan = prepare(str(path), {"a": [1, 2, 4, 6]}, "macs,slice1.rf", make_view())
    assert wrong_rows(plan) == []
