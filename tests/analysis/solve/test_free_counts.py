"""Questions over what must be a number to wire a network: how often something repeats, and groups.

Every answer is held to the networks themselves, one by one.
"""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING, Any

import pytest

import shapecalc
from shapecalc.cli import main
from tests.runner import runner

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from shapecalc.report import Report

CONVS = "repeat: {times: n, layers: [conv: {filters: 8, kernel: 3}, relu]}"
NESTED = "repeat: {times: n, layers: [repeat: {times: m, layers: [conv: {filters: 4, kernel: 1}]}]}"
INDEXED = "repeat: {times: n, index: i, layers: [conv: {filters: 2**i, kernel: 3, pad: 1}]}"


def params(limit: int) -> Callable[[Report], bool]:
    return lambda report: report.totals.params <= limit  # type: ignore[operator]


#: Layers after an input of 16x16x4, the constants, what is asked, what that means, and over what.
QUESTIONS: list[tuple[str, str, str, Callable[[Report], bool], dict[str, Any]]] = [
    (f"{CONVS}, dense: 10", "n: free", "params <= 10K", params(10_000), {"n": "0:12"}),
    (f"{CONVS}, dense: 10", "n: free", "params <= 10K", params(10_000), {"n": [1, 5, 9]}),
    (CONVS, "n: free", "output = 4x4", lambda r: r.rows[-1].output.sides == (4, 4), {"n": "1:100"}),
    (CONVS, "n: free", "macs >= 200K", lambda r: r.totals.macs >= 200_000, {"n": "1:9"}),
    (CONVS, "n: free", "peak <= 1700", lambda r: r.totals.peak <= 1700, {"n": "0:9"}),
    (NESTED, "n: free, m: free", "params <= 100", params(100), {"n": "0:6", "m": "0:6"}),
    (NESTED, "n: free, m: 3", "params <= 100", params(100), {"n": "0:6", "m": "1:4"}),
    (INDEXED, "n: free", "params <= 20000", params(20_000), {"n": "1:9"}),
    (
        "conv: {filters: 12, kernel: 1, groups: g}",
        "g: free",
        "params <= 30",
        params(30),
        {"g": "1:12"},
    ),
    (
        f"{CONVS}, conv: {{filters: k, kernel: 1}}",
        "n: free, k: 5",
        "params <= 700",
        params(700),
        {"n": "0:3", "k": "1:30"},
    ),
    (f"{CONVS}, batchnorm", "n: free", "params <= 1K", params(1000), {"n": "1:2"}),
]


@pytest.mark.parametrize("number", range(len(QUESTIONS)))
def test_every_point_is_answered_as_its_network_has_it(number: int, tmp_path: Path) -> None:
    layers, constants, question, holds, over = QUESTIONS[number]
    path = tmp_path / "net.yaml"
    path.write_text(f"let: {{{constants}}}\ninput: 16x16x4\nlayers: [{layers}]\n")
    solved = shapecalc.solve(path, question, over=over)
    ranges = {name: spread(values) for name, values in over.items()}
    solves = 0
    for values in product(*ranges.values()):
        point = dict(zip(ranges, values, strict=True))
        try:
            right = holds(shapecalc.summarize(path, settings=point))
        except shapecalc.SpecErrors:
            right = False
        assert solved.admits(**point) is right, point
        solves += right
    assert solved.total() == solves
    assert 0 < solves < len(list(product(*ranges.values()))) or number == 10


def spread(values: str | list[int]) -> list[int]:
    if isinstance(values, list):
        return values
    low, high = map(int, values.split(":"))
    return list(range(low, high + 1))


SPEC = f"let: {{n: free}}\ninput: 16x16x3\nlayers: [{CONVS}, dense: 10]\n"


def test_sides_are_asked_for_beside_a_count(tmp_path: Path) -> None:
    path = tmp_path / "net.yaml"
    path.write_text(SPEC)
    for options in ({"over": {"n": "1:3", "H": "1:20"}}, {"over": "n=1:3", "input": "HxWx3"}):
        solved = shapecalc.solve(path, "params <= 10K", **options)  # type: ignore[arg-type]
        assert solved.tied == (("H", "W"),)
        assert solved.remarks[0].startswith("The question couples H and W")
        for n, h in product((1, 2, 3), range(1, 21)):
            w = h  # the case that the answer is about
            try:
                report = shapecalc.summarize(path, settings={"n": n}, input=f"{h}x{w}x3")
                right = report.totals.params <= 10_000
            except shapecalc.SpecErrors:
                right = False
            assert solved.admits(n=n, H=h, W=w) is right


def test_a_count_set_free_beside_the_question(tmp_path: Path) -> None:
    path = tmp_path / "net.yaml"
    path.write_text(SPEC.replace("free", "2"))
    words = ["solve", str(path), "params <= 10K", "--free", "n", "--over", "n=0:100"]
    done = runner().invoke(main, words)
    assert "n = 0 or n from 3 to 7 (6 in all)" in done.stdout
    assert "n tried value by value: 101 networks." in done.stdout


def test_without_a_range_the_complaint_says_that_many_may_be_tried(tmp_path: Path) -> None:
    path = tmp_path / "net.yaml"
    path.write_text(SPEC)
    done = runner().invoke(main, ["solve", str(path), "params <= 10K"])
    assert done.exit_code == 2
    assert "give it one with --set n=..., or try many: --over n=1:100" in done.stderr
    other = runner().invoke(main, ["solve", str(path), "params <= 10K", "--over", "k=1:100"])
    assert other.exit_code == 2
    assert "--over n=1:100" in other.stderr


def test_what_is_wrong_at_every_number_is_said(tmp_path: Path) -> None:
    path = tmp_path / "net.yaml"
    path.write_text(SPEC.replace("dense: 10", "dens: 10"))
    done = runner().invoke(main, ["solve", str(path), "params <= 10K", "--over", "n=1:9"])
    assert done.exit_code == 2
    assert "dens" in done.stderr


#: Specs with symbols in the input, what is asked, what that means, and over what.
WITH_SYMBOLS: list[tuple[str, str, Callable[[Report], bool], dict[str, str]]] = [
    (
        f"input: NxNx3\nlet: {{n: free}}\nlayers: [{CONVS}, maxpool: 2]\n",
        "output = 4x4",
        lambda r: r.rows[-1].output.sides == (4, 4),
        {"N": "1:30", "n": "0:5"},
    ),
    (
        "input: NxNx3\nlet: {n: free, s: free}\nlayers:"
        " [repeat: {times: n, layers: [conv: {filters: 4, kernel: 3, stride: s, pad: 1}]}]\n",
        "output = 2x2",
        lambda r: r.rows[-1].output.sides == (2, 2),
        {"N": "1:19", "n": "0:4", "s": "1:4"},
    ),
    (
        "input: NxNx3\nlayers: [repeat: {times: N//8, layers: [conv: {filters: 4, kernel: 3}]}]\n",
        "params <= 300",
        params(300),
        {"N": "8:40"},
    ),
]


@pytest.mark.parametrize("number", range(len(WITH_SYMBOLS)))
def test_symbols_of_the_input_are_asked_for_beside_counts(number: int, tmp_path: Path) -> None:
    text, question, holds, over = WITH_SYMBOLS[number]
    path = tmp_path / "net.yaml"
    path.write_text(text)
    solved = shapecalc.solve(path, question, over=over)
    ranges = {name: spread(values) for name, values in over.items()}
    answers = []
    for values in product(*ranges.values()):
        point = dict(zip(ranges, values, strict=True))
        try:
            right = holds(shapecalc.summarize(path, settings=point))
        except shapecalc.SpecErrors:
            right = False
        assert solved.admits(**point) is right, point
        answers.append(right)
    assert {*answers} == {True, False}


def test_where_no_number_will_do_the_first_says_why(tmp_path: Path) -> None:
    path = tmp_path / "net.yaml"
    convs = "repeat: {times: n, index: i, layers: [conv: {filters: 4*i, kernel: 1}]}"
    path.write_text(f"let: {{n: free}}\ninput: 16x16x3\nlayers: [{convs}]\n")
    with pytest.raises(shapecalc.SpecErrors) as caught:
        shapecalc.solve(path, "params <= 100", over={"n": "2:8"})
    (problem,) = caught.value.problems
    assert problem.code == "E114"
    assert problem.message == "at n = 2: conv: filters must be at least 1, but is 0"
