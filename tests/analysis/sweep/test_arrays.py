"""Whatever adds, subtracts, multiplies, divides and has an absolute value passes through formulas."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import shapecalc
from shapecalc.algebra import Dim, largest, smallest
from shapecalc.algebra.expr import evaluate, symbol
from shapecalc.analysis.sweep import compute
from shapecalc.analysis.sweep.plan import magnitude


class Only:
    """A list of whole numbers that can nothing else; remembers the largest that ever came up."""

    most = 0

    def __init__(self, numbers: list[int]) -> None:
        self.numbers = numbers
        Only.most = max(Only.most, *map(abs, numbers))

    def _with(self, other: Any, word: str, *, turned: bool = False) -> Only:
        theirs = other.numbers if isinstance(other, Only) else [other] * len(self.numbers)
        pairs = zip(*((theirs, self.numbers) if turned else (self.numbers, theirs)), strict=True)
        return Only([getattr(a, word)(b) for a, b in pairs])

    def __add__(self, other: Any) -> Only:
        return self._with(other, "__add__")

    def __radd__(self, other: Any) -> Only:
        return self._with(other, "__add__", turned=True)

    def __sub__(self, other: Any) -> Only:
        return self._with(other, "__sub__")

    def __rsub__(self, other: Any) -> Only:
        return self._with(other, "__sub__", turned=True)

    def __neg__(self) -> Only:
        return Only([-each for each in self.numbers])

    def __mul__(self, other: Any) -> Only:
        return self._with(other, "__mul__")

    def __rmul__(self, other: Any) -> Only:
        return self._with(other, "__mul__", turned=True)

    def __floordiv__(self, other: Any) -> Only:
        return self._with(other, "__floordiv__")

    def __abs__(self) -> Only:
        return Only([abs(each) for each in self.numbers])


H, W = symbol("H"), symbol("W")
NUMBERS = st.integers(-9, 40)


def grown(inner: st.SearchStrategy[Dim]) -> st.SearchStrategy[Dim]:
    return st.one_of(
        st.builds(lambda a, b: a + b, inner, inner),
        st.builds(lambda a, b: a - b, inner, inner),
        st.builds(lambda a, b: a * b, inner, inner),
        st.builds(lambda a, by: a // by, inner, st.integers(1, 12)),
        st.builds(lambda a, b: largest((a, b)), inner, inner),
        st.builds(lambda a, b: smallest((a, b)), inner, inner),
    )


EXPRESSIONS = st.recursive(st.one_of(st.just(H), st.just(W), NUMBERS), grown, max_leaves=7)
VALUES = st.lists(st.tuples(st.integers(1, 90), st.integers(1, 7)), min_size=2, max_size=5)


@given(EXPRESSIONS, VALUES)
def test_arrays_give_what_numbers_give(dim: Dim, points: list[tuple[int, int]]) -> None:
    one_by_one = [evaluate(dim, {"H": h, "W": w}) for h, w in points]
    h, w = [h for h, _ in points], [w for _, w in points]
    if isinstance(dim, int):
        return
    assert evaluate(dim, {"H": Only(h), "W": Only(w)}).numbers == one_by_one
    assert evaluate(dim, {"H": np.array(h), "W": np.array(w)}).tolist() == one_by_one


@given(EXPRESSIONS, VALUES)
def test_nothing_on_the_way_exceeds_the_bound(dim: Dim, points: list[tuple[int, int]]) -> None:
    if isinstance(dim, int):
        return
    h, w = [h for h, _ in points], [w for _, w in points]
    values = {"H": Only(h), "W": Only(w)}
    Only.most = 0
    evaluate(dim, values)
    assert Only.most <= magnitude(dim, {"H": max(h), "W": max(w)})


def test_a_bound_of_the_result_alone_would_not_do() -> None:
    dim = H * W * (W // 8)  # 0 at W = 7, after a product that is not
    values = {"H": Only([90]), "W": Only([7])}
    Only.most = 0
    assert evaluate(dim, values).numbers == [0]
    assert 0 < Only.most <= magnitude(dim, {"H": 90, "W": 7})


def test_a_whole_report_passes_through() -> None:
    report = shapecalc.summarize("alexnet", input="HxWx3")
    totals = report.totals
    h, w = [67, 224, 227, 258, 259], [300, 231, 227, 67, 500]
    for at, name in enumerate(("params", "macs", "activations", "peak")):
        found = evaluate(getattr(totals, name), {"H": Only(h), "W": Only(w)}).numbers
        for row, (height, width) in enumerate(zip(h, w, strict=True)):
            own = shapecalc.summarize("alexnet", input=f"{height}x{width}x3").totals
            assert found[row] == (own.params, own.macs, own.activations, own.peak)[at]


def test_a_dask_array_stays_one() -> None:
    dask = pytest.importorskip("dask.array")
    report = shapecalc.summarize("resnet50", input="HxWx3")
    sizes = np.array([64, 101, 224, 257])
    lazy = dask.from_array(sizes, chunks=2)
    for dim in (report.totals.macs, report.totals.peak):  # a polynomial of floors, and a maximum
        found = evaluate(dim, {"H": lazy, "W": lazy + 3})
        assert isinstance(found, dask.Array)
        assert found.compute().tolist() == evaluate(dim, {"H": sizes, "W": sizes + 3}).tolist()


HUGE = [999_999_937, 1_000_000_000]


@pytest.mark.parametrize("sizes", [HUGE, [18_000_001, 19_999_999], [5, 2_000_003]])
def test_numbers_never_wrap_around(sizes: list[int]) -> None:
    columns = "params,macs,flops,activations,memory,peak,peak_memory,connections,fc6.weights"
    swept = shapecalc.sweep("alexnet", {"N": sizes}, columns=columns, batch=1000)
    for row, size in enumerate(sizes):
        if size < 67:
            assert swept["macs"][row] is None
            continue
        totals = shapecalc.summarize("alexnet", input=f"{size}x{size}x3").totals
        assert swept["macs"][row] == totals.macs
        assert swept["flops"][row] == totals.flops
        assert swept["memory"][row] == totals.activations * 4000
        assert swept["peak_memory"][row] == totals.peak * 4000
        assert type(swept["macs"][row]) in (int, np.int64)
    if sizes is HUGE:
        assert min(swept["macs"]) > 2**64
        assert swept["macs"].dtype == object
    assert all(values.dtype.kind in "iO" for values in swept.columns.values())


def test_without_the_bound_they_would(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compute, "magnitude", lambda *_: 0)
    with np.errstate(all="ignore"):
        swept = shapecalc.sweep("alexnet", {"N": HUGE}, columns="macs")
    right = shapecalc.summarize("alexnet", input="1000000000x1000000000x3").totals.macs
    assert swept["macs"][1] != right


@pytest.mark.parametrize(
    ("text", "sizes", "exist"),
    [
        ("layers: [relu]", [10**9, 10**9 + 1], [True, False]),
        ("layers: [flatten]", [2 * 10**7, 10**7], [False, True]),
        ("layers: [upsample: 4, flatten]", [5 * 10**6 + 1, 5 * 10**6 - 500_000], [False, True]),
        ("layers: [conv: {filters: 4*channels, kernel: 1}]", [3, 10**9], [True, True]),
    ],
)
def test_what_grows_too_large_does_not_exist(
    text: str, sizes: list[int], exist: list[bool]
) -> None:
    graph = shapecalc.loads(f"input: NxNx3\n{text}\n")
    swept = shapecalc.sweep(graph, {"N": sizes}, columns="activations")
    assert swept.exists.tolist() == exist
    for size, there in zip(sizes, exist, strict=True):
        if there:
            shapecalc.summarize(shapecalc.loads(f"input: {size}x{size}x3\n{text}\n"))
        else:
            with pytest.raises(shapecalc.SpecErrors, match="E114"):
                shapecalc.summarize(shapecalc.loads(f"input: {size}x{size}x3\n{text}\n"))
