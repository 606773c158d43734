"""`--conv`: every window within the bounds, and no other."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import shapecalc
from shapecalc.analysis.solve.windows import KNOWN, windows_between
from shapecalc.errors import SpecErrors
from shapecalc.layers.conv import Windowed


def found(solution: object, n: int) -> set[tuple[int | None, int, int | None]]:
    """List the windows that a solution holds, a stride at a time."""
    return {
        (move.kernel, stride, move.pad)
        for move in solution.moves  # type: ignore[attr-defined]
        for stride in range(move.low, move.high + 1)
    }


def size_of(n: int, kernel: int, stride: int, pad: int) -> int:
    return (n + 2 * pad - kernel) // stride + 1


@settings(deadline=None, max_examples=60)
@given(st.integers(1, 40), st.integers(1, 40))
def test_the_list_is_complete(n: int, out: int) -> None:
    expected: set[tuple[int | None, int, int | None]] = {
        (kernel, stride, pad)
        for kernel in range(1, 32)
        for pad in range(kernel // 2 + 1)
        for stride in range(1, max(n, out) + 1)
        if size_of(n, kernel, stride, pad) == out
    }
    expected |= {(None, s, None) for s in range(1, max(n, out) + 1) if -(-n // s) == out}
    assert found(windows_between(f"{n} -> {out}"), n) == expected


@settings(deadline=None, max_examples=40)
@given(st.integers(1, 20), st.integers(1, 20), st.integers(1, 20), st.integers(1, 20))
def test_two_sides_need_one_window(a: int, b: int, c: int, d: int) -> None:
    solution = windows_between(f"{a}x{b} -> {c}x{d}", kernel="1:9", stride="1,2,5", pad="0:3")
    assert found(solution, a) == {
        (kernel, stride, pad)
        for kernel in range(1, 10)
        for stride in (1, 2, 5)
        for pad in range(4)
        if size_of(a, kernel, stride, pad) == c and size_of(b, kernel, stride, pad) == d
    }


@settings(deadline=None, max_examples=40)
@given(st.integers(1, 12), st.integers(1, 40))
def test_transposed(n: int, out: int) -> None:
    solution = windows_between(f"{n} -> {out}", kernel="1:9", pad="0:4", transposed=True)
    assert found(solution, n) == {
        (kernel, stride, pad)
        for kernel in range(1, 10)
        for stride in range(1, max(n, out) + 1)
        for pad in range(5)
        if (n - 1) * stride + kernel - 2 * pad == out
    }


@pytest.mark.parametrize("rounding", ["floor", "ceil", "ceil_caffe", "ceil_full"])
def test_the_inputs_of_a_window_are_all_of_them(rounding: str) -> None:
    solution = windows_between(
        "20 -> 7", kernel="1:8", pad="0:2", rounding=rounding, dilation="1,2"
    )
    assert solution.moves
    for move in solution.moves:
        if move.low != move.high:
            continue
        fields = f"kernel: {move.kernel}, stride: {move.low}, pad: {move.pad}"
        fields += f", dilation: {move.dilation}, rounding: {rounding}"
        (inputs,) = solution.inputs(move) or ()
        for n in range(1, 60):
            try:
                text = f"input: {n}x1\nlayers: [conv: {{filters: 1, {fields}}}]"
                out = shapecalc.summarize(shapecalc.loads(text))["conv1"].output.sides[0]
            except SpecErrors:
                out = 0
            assert (n in inputs) == (out == 7)


def test_the_common_ones_come_first() -> None:
    first, *_ = windows_between("227 -> 55").moves
    assert (first.kernel, first.low, first.pad) == (11, 4, 0)
    assert [each.text("n") for each in windows_between("227 -> 55").inputs(first) or ()] == [
        "n from 227 to 230"
    ]
    first, *_ = windows_between("224x224 -> 112x112").moves
    assert (first.kernel, first.low, first.pad) in KNOWN


@pytest.mark.parametrize("window", KNOWN)
def test_what_is_said_to_be_known_is_in_the_shipped_specs(window: tuple[int, int, int]) -> None:
    files = {
        "AlexNet": "alexnet",
        "AlphaGo": "alphago",
        "GoogLeNet": "googlenet",
        "LeNet-5": "lenet5",
        "ResNet": "resnet50",
        "VGG": "vgg16",
        "ZFNet": "zfnet",
    }
    for network in KNOWN[window].split(", "):
        used = {
            (move.kernel, move.stride, p)
            for row in shapecalc.summarize(files[network]).rows
            if isinstance(row.layer, Windowed)
            for move in row.layer.moves(row.inputs[0])
            for p in (move.before if move.mode != "same" else (int(str(move.kernel)) - 1) // 2,)
        }
        assert window in used, network


def test_none_comes_with_the_nearest() -> None:
    solution = windows_between("5 -> 9", kernel="1:5")
    assert not solution
    (table,) = solution.grids()
    assert table.rows[:2] == (("2", "1", "1", "6"), ("4", "1", "2", "6"))


@pytest.mark.parametrize(
    ("text", "options", "code"),
    [
        ("227", {}, "E347"),
        ("227 -> x", {}, "E347"),
        ("9x9 -> 3", {}, "E347"),
        ("9 -> 0", {}, "E347"),
        ("9 -> 3", {"kernel": "0"}, "E341"),
        ("9 -> 3", {"kernel": "a"}, "E340"),
        ("9 -> 3", {"kernel": "5:1"}, "E341"),
        ("9 -> 3", {"kernel": "1:1000000000"}, "E342"),
        ("9 -> 3", {"rounding": "flor"}, "E303"),
    ],
)
def test_what_cannot_be_asked(text: str, options: dict[str, str], code: str) -> None:
    with pytest.raises(SpecErrors) as caught:
        windows_between(text, **options)  # type: ignore[arg-type]
    assert [problem.code for problem in caught.value.problems] == [code]
