"""Rows that are asked for: budgets, fronts, first rows and samples, beside all rows looked at."""

from __future__ import annotations

import random

import numpy as np
import pytest

import shapecalc
from shapecalc.analysis.sweep import prepare
from shapecalc.analysis.sweep.choice import Wishes, on_front, read_choice
from shapecalc.analysis.sweep.result import Stream, collect
from shapecalc.cli import main
from shapecalc.errors import SpecErrors
from shapecalc.output.view import View
from tests.analysis.sweep.test_spaces import by_point
from tests.runner import runner

SPACE = {"conv1.kernel": range(3, 16, 2), "conv1.stride": range(1, 9), "N": range(20, 300, 40)}
COLUMNS = "params,macs,peak"


@pytest.fixture(scope="module")
def rows() -> list[tuple[int, ...]]:
    """All points that exist: kernel, stride, N, params, macs, peak."""
    swept = shapecalc.sweep("alexnet", SPACE, columns=COLUMNS)
    assert 0 < len(swept.existing) < len(swept)
    return rows_of(swept.existing)


def rows_of(swept: shapecalc.Sweep) -> list[tuple[int, ...]]:
    names = ("conv1.kernel", "conv1.stride", "N", "params", "macs", "peak")
    return [tuple(map(int, row)) for row in zip(*(swept[name] for name in names), strict=True)]


@pytest.mark.parametrize(
    ("where", "meets"),
    [
        ("params <= 60M and macs < 400M", lambda p, m: p <= 60 * 10**6 and m < 4 * 10**8),
        ("macs > 1.5G and params != 62378344", lambda p, m: m > 1.5e9 and p != 62378344),
        ("N >= 100; params < 34046056.5", lambda p, m: p <= 34046056),
        ("params == 34046056.5 and macs > 0", None),
    ],
)
def test_conditions(where: str, meets, rows: list[tuple[int, ...]]) -> None:
    if meets is None:
        with pytest.raises(SpecErrors) as caught:
            shapecalc.sweep("alexnet", SPACE, columns=COLUMNS, where=where)
        assert caught.value.problems[0].code == "E353"
        return
    wanted = [row for row in rows if meets(row[3], row[4])]
    if "N" in where.split():
        wanted = [row for row in wanted if row[2] >= 100]
    swept = shapecalc.sweep("alexnet", SPACE, columns=COLUMNS, where=where)
    assert 0 < len(wanted) < len(rows)
    assert rows_of(swept) == wanted


def beaten(row: tuple[int, ...], rows: list[tuple[int, ...]]) -> bool:
    return any(
        other != row and all(a <= b for a, b in zip(other, row, strict=True)) for other in rows
    )


def test_a_front_has_what_no_other_point_beats(rows: list[tuple[int, ...]]) -> None:
    goals = [(p, m, -n) for _, _, n, p, m, _ in rows]
    wanted = [row for row, goal in zip(rows, goals, strict=True) if not beaten(goal, goals)]
    swept = shapecalc.sweep("alexnet", SPACE, columns=COLUMNS, pareto="params,macs", maximize="N")
    assert 3 < len(wanted) < len(rows)
    assert rows_of(swept) == wanted
    # A front that is kept block by block is the same.
    wishes = Wishes(pareto="params,macs", maximize="N", top=4, by="macs")
    plan = prepare("alexnet", SPACE, COLUMNS, View())
    choice = read_choice(wishes, plan)
    (block,) = Stream(plan, rows=16, choice=choice).blocks
    first = sorted(wanted, key=lambda row: -row[4])[:4]
    assert list(block.columns["macs"]) == [row[4] for row in first]


@pytest.mark.parametrize("wide", [False, True])
def test_fronts_of_random_numbers(wide: bool) -> None:
    draw = random.Random(7)
    for _ in range(20):
        size = draw.randrange(1, 40)
        rows = [tuple(draw.randrange(6) for _ in range(3)) for _ in range(size)]
        goals = [np.array(column, dtype=object if wide else np.int64) for column in zip(*rows)]  # noqa: B905
        assert on_front(goals).tolist() == [not beaten(row, rows) for row in rows]


@pytest.mark.parametrize("by", ["macs", "-macs", "N"])
def test_the_first_rows_of_an_order(by: str, rows: list[tuple[int, ...]]) -> None:
    key = {"macs": lambda r: -r[4], "-macs": lambda r: r[4], "N": lambda r: -r[2]}[by]
    swept = shapecalc.sweep("alexnet", SPACE, columns=COLUMNS, top=7, by=by)
    assert rows_of(swept) == sorted(rows, key=key)[:7]


def test_a_sample_has_rows_of_the_whole_in_their_order() -> None:
    every = shapecalc.sweep("alexnet", SPACE, columns=COLUMNS)
    points = list(zip(*(every[name].tolist() for name in every.columns), strict=True))
    for seed in (1, 2):
        swept = shapecalc.sweep("alexnet", SPACE, columns=COLUMNS, sample=60, seed=seed)
        drawn = list(zip(*(swept[name].tolist() for name in swept.columns), strict=True))
        places = [points.index(row) for row in drawn]
        assert len(places) == 60
        assert places == sorted(set(places))
        again = shapecalc.sweep("alexnet", SPACE, columns=COLUMNS, sample=60, seed=seed)
        assert again["macs"].tolist() == swept["macs"].tolist()
    assert len(shapecalc.sweep("alexnet", SPACE, columns=COLUMNS, sample=10**6)) == len(every)


def test_a_sample_of_a_space_that_no_one_can_list() -> None:
    over = {f"conv{i}.filters": range(1, 10**6) for i in range(1, 6)}
    over |= {"conv1.stride": [2, 3], "conv2.groups": [1, 2]}
    plan = prepare("alexnet", over, "params,macs", View(), sample=(50, 1))
    swept = collect(plan)
    assert len(swept) == 50
    assert len(set(swept["conv1.filters"].tolist())) > 40
    assert len(swept.existing) > 0
    for row in range(10):
        columns, note = by_point(plan, tuple(int(swept[name][row]) for name in over))
        assert swept["note"][row] == note
        assert [swept[name][row] for name in columns] == list(columns.values())


@pytest.mark.parametrize(
    ("wishes", "code"),
    [
        ({"where": "params <= many"}, "E331"),
        ({"where": "parms <= 5M"}, "E332"),
        ({"where": "params ~ 5M"}, "E331"),
        ({"pareto": "output"}, "E301"),
        ({"top": 3}, "E303"),
        ({"by": "macs"}, "E303"),
        ({"top": 3, "by": "conv9.macs"}, "E301"),
    ],
)
def test_what_cannot_be_asked_for(wishes: dict, code: str) -> None:
    with pytest.raises(SpecErrors) as caught:
        shapecalc.sweep("alexnet", {"N": [227, 259]}, columns=COLUMNS, **wishes)
    assert caught.value.problems[0].code == code


@pytest.mark.parametrize(
    ("spec", "over", "where", "values"),
    [
        ("lenet5", "conv1.filters", "conv1.filters > 6", [7, 8]),
        ("lenet5", "conv1.filters", "conv1.macs < 100K and conv1.filters >= 5", [5]),
        ("resnet50", "n2", "n2 <= 5", [4, 5]),
    ],
)
def test_a_condition_may_be_on_a_swept_field_and_a_layer_s_value(
    spec: str, over: str, where: str, values: list[int]
) -> None:
    swept = shapecalc.sweep(spec, {over: range(4, 9)}, columns="params", where=where)
    assert swept[over].tolist() == values


@pytest.mark.parametrize("words", [["--where", ""], ["--pareto", " , "], ["--maximize", ";"]])
def test_a_wish_that_names_nothing_is_refused(words: list[str]) -> None:
    result = runner().invoke(main, ["sweep", "lenet5", "--over", "N=32:40:4", *words])
    assert result.exit_code == 2
    assert f"{words[0]} names nothing" in result.stderr


def test_several_conditions_are_joined_and_no_other_options_are_named() -> None:
    with pytest.raises(SpecErrors) as caught:
        shapecalc.sweep("alexnet", SPACE, columns=COLUMNS, where="macs <= 1G or params < 3M")
    assert caught.value.problems[0].hint == "join conditions by `and`"


@pytest.mark.parametrize(
    "wishes",
    [{"where": "params >= 1"}, {"pareto": "flops"}, {"top": 3, "by": "macs"}],
    ids=["where", "pareto", "top"],
)
def test_the_usual_columns_of_several_outputs_stay_with_a_choice(tmp_path, wishes: dict) -> None:
    spec = tmp_path / "two.yaml"
    spec.write_text(
        "input: 8x8x3\nlayers:\n  - conv: {filters: 4, kernel: 3, name: a}\n"
        "  - conv: {filters: 2, kernel: 1, name: b}\n  - dense: {units: 5, name: c, from: a}\n"
    )
    plain = shapecalc.sweep(spec, {"N": [8, 9]})
    chosen = shapecalc.sweep(spec, {"N": [8, 9]}, **wishes)
    assert {"b.output.height", "c.output.channels"} <= {*plain.columns} <= {*chosen.columns}
    assert plain["b.output.height"][0] == 6
