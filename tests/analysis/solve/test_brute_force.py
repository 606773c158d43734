"""The law of solve: its answer is what trying every size one by one gives."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st

import shapecalc
from shapecalc import solve
from shapecalc.algebra.integer_sets import Integers, Stretch
from shapecalc.analysis.solve.answer import compress, has, listed, tidied
from shapecalc.errors import SpecErrors

quick = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
small = st.integers(1, 4)
LAST = 45


@st.composite
def windows_(draw: st.DrawFn) -> str:
    """A convolution or a pool."""
    kernel, stride = draw(st.integers(1, 5)), draw(small)
    pad = draw(st.integers(0, (kernel - 1) // 2) | st.just("same"))
    rounding = draw(st.sampled_from(["floor", "floor", "ceil", "ceil_full", "ceil_caffe"]))
    fields = f"kernel: {kernel}, stride: {stride}, pad: {pad}"
    if rounding != "floor" and pad != "same":
        fields += f", rounding: {rounding}"
    if draw(st.booleans()):
        return f"conv: {{filters: {draw(small)}, {fields}}}"
    return f"maxpool: {{{fields}}}"


@st.composite
def networks(draw: st.DrawFn) -> str:
    """Layers on a signal, whose one side is L."""
    words = draw(
        st.lists(windows_() | st.sampled_from(["relu", "upsample: 2"]), min_size=1, max_size=4)
    )
    tail = draw(st.sampled_from([[], ["dense: 3"]]))
    return "layers:\n" + "".join(f"- {word}\n" for word in [*words, *tail])


def report_at(layers: str, length: int) -> Any:
    try:
        return shapecalc.summarize(shapecalc.loads(f"input: {length}x2\n{layers}"))
    except SpecErrors:
        return None


QUESTIONS: dict[str, Any] = {
    "{layer} = {bound}": lambda row, all_, b: row.output.sides[0] == b,
    "{layer}.length <= {bound}": lambda row, all_, b: row.output.sides[0] <= b,
    "{layer}.length divisible by {bound}": lambda row, all_, b: row.output.sides[0] % b == 0,
    "{layer}.length % 3 = {bound} % 3": lambda row, all_, b: row.output.sides[0] % 3 == b % 3,
    "{layer}.length != {bound}": lambda row, all_, b: row.output.sides[0] != b,
    "2*{layer}.length = {layer}.input.length": lambda row, all_, b: (
        2 * row.output.sides[0] == row.inputs[0].sides[0]
    ),
    "macs > {bound}*37": lambda row, all_, b: all_.macs > b * 37,
    "params <= {bound}*11 and {layer}.length >= 2": lambda row, all_, b: (
        all_.params <= b * 11 and row.output.sides[0] >= 2
    ),
    "memory - 4*{layer}.units < {bound}*41": lambda row, all_, b: (
        4 * all_.activations - 4 * row.output.size < b * 41
    ),
    "peak >= {bound}*7": lambda row, all_, b: all_.peak >= b * 7,
}


def true_at(layers: str, index: int, question: str, bound: int) -> dict[int, bool]:
    """Answer a question by propagation, length by length."""
    found = {}
    for length in range(1, LAST + 1):
        report = report_at(layers, length)
        found[length] = report is not None and QUESTIONS[question](
            report.rows[index], report.totals, bound
        )
    return found


def answered(graph: Any, asked: str) -> Any:
    """Solve for all lengths, or for a range where that is asked for; skip what has no length."""
    try:
        return solve(graph, asked)
    except SpecErrors as error:
        (code,) = {problem.code for problem in error.problems}
    assume(code not in ("E211", "E204", "E121"))  # no length fits, or the network has no formula
    assert code == "E346"
    return solve(graph, asked, over=f"L=1:{LAST}")


@quick
@example(  # a receptive field's formula asks for more units than the network does
    "layers:\n- upsample: 2\n- maxpool: {kernel: 2, stride: 1}\n",
    1,
    "memory - 4*{layer}.units < {bound}*41",
    1,
)
@given(networks(), st.integers(1, 3), st.sampled_from(sorted(QUESTIONS)), st.integers(1, 20))
def test_one_side(layers: str, index: int, question: str, bound: int) -> None:
    graph = shapecalc.loads(f"input: Lx2\n{layers}")
    assume(index < len(graph.nodes))
    assume(graph.nodes[index].layer.type != "dense")
    asked = question.format(layer=graph.nodes[index].path, bound=bound)
    solution = answered(graph, asked)
    expected = true_at(layers, index, question, bound)
    assert {n: solution.admits(L=n) for n in expected} == expected


@quick
@given(networks(), st.integers(1, 3), st.sampled_from(sorted(QUESTIONS)), st.integers(1, 20))
def test_one_side_within_a_range(layers: str, index: int, question: str, bound: int) -> None:
    graph = shapecalc.loads(f"input: Lx2\n{layers}")
    assume(index < len(graph.nodes))
    assume(graph.nodes[index].layer.type != "dense")
    asked = question.format(layer=graph.nodes[index].path, bound=bound)
    values = range(5, LAST, 3)
    try:
        solution = solve(graph, asked, over={"L": values})
    except SpecErrors:
        assume(False)
    expected = true_at(layers, index, question, bound)
    for n, true in expected.items():
        assert solution.admits(L=n) == (true and n in values)


@quick
@given(st.lists(windows_(), min_size=1, max_size=3), st.booleans())
def test_no_loss(words: list[str], exact: bool) -> None:
    """A pixel is lost when no window of the layer covers it, though it lies behind its first."""
    layers = "layers:\n" + "".join(f"- {word}\n" for word in words)
    graph = shapecalc.loads(f"input: Lx2\n{layers}")
    try:
        solution = solve(graph, "exact fit" if exact else "no loss")
    except SpecErrors:
        assume(False)
    for length in range(1, LAST + 1):
        report = report_at(layers, length)
        expected = report is not None and all(
            covers(row, exact=exact) for row in report.rows if row.type != "input"
        )
        assert solution.admits(L=length) == expected, length


def covers(row: Any, *, exact: bool) -> bool:
    """Look where a layer's windows lie, one by one."""
    (n,), (out,) = row.inputs[0].sides, row.output.sides
    (move,) = row.layer.moves(row.inputs[0])
    kernel, stride, before, after, _, rounding, mode = move
    if stride == 1:
        return True
    if mode == "same":
        return not exact or n % stride == 0
    end = (out - 1) * stride + kernel  # behind the last window, in padded places
    if exact:
        return (n + before + after - kernel) % stride == 0
    gap = max(stride - kernel, 0)
    return rounding != "floor" or before + n - end <= gap


@quick
@given(
    st.integers(3, 30), st.integers(1, 12), st.integers(1, 5), st.integers(1, 4), st.integers(1, 9)
)
def test_fields_of_a_layer(n: int, out: int, kernels: int, strides: int, filters: int) -> None:
    graph = shapecalc.loads(f"input: {n}x3\nlayers: [conv: {{filters: {filters}, kernel: 1}}]")
    over = {
        "conv1.kernel": range(1, kernels + 1),
        "conv1.stride": range(1, strides + 1),
        "conv1.pad": range(3),
    }
    solution = solve(graph, f"conv1 = {out}", over=over)
    for kernel in range(1, 8):
        for stride in range(1, 6):
            for pad in range(4):
                inside = kernel <= kernels and stride <= strides and pad < 3
                size = (n + 2 * pad - kernel) // stride + 1
                point = {"conv1.kernel": kernel, "conv1.stride": stride, "conv1.pad": pad}
                assert solution.admits(**point) == (inside and size == out)


@quick
@given(st.integers(1, 9), st.integers(1, 900))
def test_two_sides_at_every_pair(stride: int, most: int) -> None:
    graph = shapecalc.loads(
        f"input: HxWx3\nlayers: [conv: {{filters: 2, kernel: 2, stride: {stride}}}]"
    )
    solution = solve(graph, f"macs <= {most}", over=["H=1:17", "W=2:20:3"])
    for h in range(1, 20):
        for w in range(1, 24):
            true = h in range(2, 18) and w in range(2, 21, 3)
            macs = ((h - 2) // stride + 1) * ((w - 2) // stride + 1) * 24
            assert solution.admits(H=h, W=w) == (true and macs <= most)


@given(st.sets(st.integers(0, 90)), st.integers(1, 4))
def test_compressing_loses_and_adds_nothing(chosen: set[int], step: int) -> None:
    universe = range(1, 90, step)
    numbers = compress(chosen & set(universe), universe)
    assert listed(numbers) == sorted(chosen & set(universe))


@given(
    st.lists(
        st.tuples(st.integers(1, 30), st.none() | st.integers(1, 60), st.integers(1, 6)),
        max_size=4,
    ),
    st.data(),
)
def test_tidying_changes_no_set(
    parts: list[tuple[int, int | None, int]], data: st.DataObject
) -> None:
    stretches = []
    for low, high, modulus in parts:
        residues = data.draw(st.sets(st.integers(0, modulus - 1), min_size=1))
        stretches.append(Stretch(low, high, modulus, tuple(sorted(residues))))
    before = Integers(tuple(stretches))
    after = tidied(before)
    assert [n for n in range(400) if has(after, n)] == [n for n in range(400) if has(before, n)]


def test_the_oracle_bites() -> None:
    """A wrong answer is seen: the brute force differs from a set that is off by one."""
    layers = "layers: [maxpool: {kernel: 3, stride: 2}]"
    expected = true_at(layers, 1, "{layer} = {bound}", 5)
    right = Integers((Stretch(11, 12),))
    assert {n for n, true in expected.items() if true} == set(listed(right))
    for wrong in (Stretch(11, 13), Stretch(10, 12), Stretch(11, 11), Stretch(11, 12, 2, (1,))):
        assert {n for n, true in expected.items() if true} != set(listed(Integers((wrong,))))


@pytest.mark.parametrize("name", ["alexnet", "vgg16", "resnet50", "googlenet", "zfnet"])
def test_shipped_networks(name: str) -> None:
    report = shapecalc.summarize(name)
    row = next(
        r for r in reversed(report.rows) if len(r.output.sides) == 2 and r.output.sides[0] > 1
    )
    shape = "x".join(map(str, row.output.sides))
    solution = solve(name, f"{row.name} = {shape}")
    own = report.rows[0].output.sides[0]
    assert solution.admits(H=own, W=own)
    (box,) = solution.boxes
    low, high = box["H"].smallest(), box["H"].largest()
    assert low is not None
    assert high is not None
    for size in {low - 1, low, (low + high) // 2, high, high + 1}:
        try:
            at = shapecalc.summarize(name, input=f"{size}x{size}x3")[row.name].output.sides
        except SpecErrors:
            at = ()
        assert (at == row.output.sides) == solution.admits(H=size, W=size)
