"""Tables of rows, counted by hand: 11 entries of 5 numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from shapecalc import SpecErrors, loads, summarize
from shapecalc.layers.base import NO_WORK, Parameter
from shapecalc.layers.embedding import Embedding
from shapecalc.layers.shape import Map, Shape, Vector, as_text
from shapecalc.reference.layer import backward, forward
from shapecalc.reference.run import UnfitError, run
from shapecalc.report.receptive_field import at_most

if TYPE_CHECKING:
    from conftest import Refusal

TABLE = Embedding(entries=11, size=5)


@pytest.mark.parametrize(
    ("indices", "rows"),
    [
        (Vector(7), Map((7,), 5)),
        (Map((7,), 1), Map((7,), 5)),
        (Map((3, 2), 1), Map((3, 2), 5)),
        (Map((4, 3, 2), 1), Map((4, 3, 2), 5)),
    ],
)
def test_every_index_gives_a_row(indices: Shape, rows: Map) -> None:
    assert TABLE.output(indices) == rows
    assert TABLE.weights(indices) == (Parameter("weight", (11, 5)),)
    assert TABLE.work((indices,), rows) == NO_WORK


def test_a_place_has_one_index(refusal: Refusal) -> None:
    assert refusal(TABLE, Vector(7)) is None
    error = refusal(TABLE, Map((7,), 6))
    assert error is not None
    assert error.code == "E201"
    assert error.message == "embedding reads one index at a position, but 6 channels flow in (7x6)"
    assert error.hint == (
        "indices are a vector, such as `input: 7`, or a map of one channel, such as 7x1"
    )
    in_a_row = refusal(TABLE, Map((1,), 6))
    assert in_a_row is not None
    assert in_a_row.hint == error.hint.replace("7", "6")


def test_rows_are_looked_up_and_get_what_their_places_have_for_them() -> None:
    table = np.arange(55.0).reshape(11, 5)
    x = np.array([[3.0, 0, 3], [10, 3, 1]])
    y = forward(TABLE, {"weight": table}, x)
    assert y.shape == (2, 5, 3)
    assert y[0, :, 0].tolist() == y[1, :, 1].tolist() == [15, 16, 17, 18, 19]
    assert y[1, :, 0].tolist() == [50, 51, 52, 53, 54]
    g = np.ones_like(y)
    g[1] = 10
    back = backward(TABLE, {"weight": table}, (x,), y, g)
    assert back.inputs[0].tolist() == np.zeros((2, 3)).tolist()
    assert back.arrays["weight"][:, 0].tolist() == [1, 10, 0, 12, 0, 0, 0, 0, 0, 0, 10]


def test_places_keep_their_receptive_fields() -> None:
    for given in ("9", "9x1"):
        layers = "embedding: {entries: 11, size: 5}, conv: {filters: 4, kernel: 3}"
        report = summarize(
            loads(f"input: {given}\nlayers: [{layers}, conv: {{filters: 2, kernel: 3}}]")
        )
        assert [row.receptive_field for row in report.rows[1:]] == [(1,), (3,), (5,)]


#: Layers before a table -> what a convolution of 3 behind it sees of 9 indices, and if at most.
BETWEEN = {
    "nothing": ("dropout", 3, False),
    "the same numbers": ("relu", 3, False),
    "a part": ("slice: {channels: [2, 6]}", 3, False),
    "every other": ("slice: {channels: [0, 9, 2]}", 5, False),
    "a sum of both": ("add: [[], [relu]]", 3, False),
    "moved": ("pad_channels: [1, 1]", 3, False),
    "all": ("dense: 4", 9, False),
    "beside each other": ("concat: [[], [relu]]", 9, True),
}


@pytest.mark.parametrize("what", BETWEEN)
def test_indices_are_followed_to_their_table(what: str) -> None:
    """Broken by places that are forgotten because what flows into the network is no map."""
    before, size, bound = BETWEEN[what]
    table = "embedding: {entries: 11, size: 5}"
    text = f"input: 9\nlayers: [{before}, {table}, conv: {{filters: 2, kernel: 3}}]"
    row = summarize(loads(text)).rows[-1]
    assert (row.receptive_field, at_most(row.field)) == ((size,), bound)


def test_an_input_that_is_looked_up_nowhere_has_no_places() -> None:
    assert summarize(loads("input: 9\nlayers: [dense: 4, relu]")).rows[-1].field == ()


def test_sizes_may_be_symbols() -> None:
    net = (
        "input: N\nlet: {v: 1, d: 1}\n"
        "layers: [embedding: {entries: v, size: d}, dense: {units: 7, over: channels}]"
    )
    report = summarize(loads(net, settings={"v": "free", "d": "free"}))
    assert as_text(report["embedding1"].output) == "Nxd"
    assert (str(report.totals.params), str(report.totals.macs)) == ("d*v + 7d + 7", "7*N*d")


# -- tied heads ------------------------------------------------------------------------------------

TIED = """\
input: 6
layers:
  - embedding: {name: words, entries: 11, size: 5}
  - dense: {units: 11, over: channels, bias: false, share: words}
"""


def test_a_dense_layer_may_use_a_table() -> None:
    """Press & Wolf 2017: the scores of words by the table that the words came from."""
    report = summarize(loads(TIED))
    assert report.totals.params == 55
    assert report.totals.macs == 6 * 5 * 11
    assert report["fc1"].shared == "words"
    done = run(loads(TIED), {"input": np.array([[0, 3, 10, 3, 1, 2]])}, keep="all")
    table = done.arrays["words"]["weight"]
    np.testing.assert_allclose(
        done.values["fc1"][0], table @ table[[0, 3, 10, 3, 1, 2]].T, rtol=1e-5
    )


@pytest.mark.parametrize(
    ("units", "more", "needed"),
    [
        (10, ", over: channels, bias: false", "10x5"),
        (11, ", over: channels", "11x5, 11"),
        (11, ", bias: false", "11x30"),
    ],
)  # fmt: skip
def test_a_dense_layer_that_does_not_fit_a_table(units: int, more: str, needed: str) -> None:
    text = TIED.replace("11, over: channels, bias: false", f"{units}{more}")
    with pytest.raises(SpecErrors) as caught:
        summarize(loads(text))
    (problem,) = caught.value.problems
    assert problem.code == "E154"
    assert problem.message == f"fc1: the weights of words are 11x5, but needed are {needed}"
    assert "`dense: {units: ENTRIES, over: channels, bias: false, share: NAME}`" in problem.hint


# -- runs ------------------------------------------------------------------------------------------


def test_a_run_draws_indices() -> None:
    graph = loads("input: 400\nlayers: [embedding: {entries: 3, size: 2}]")
    assert set(run(graph, keep="all").values["input"].ravel().tolist()) == {0, 1, 2}


@pytest.mark.parametrize("index", [-1, 0.5, 11])
def test_a_run_takes_indices_only(index: Any) -> None:
    with pytest.raises(UnfitError, match="input takes indices, whole numbers from 0 to 10"):
        run(loads(TIED), {"input": np.array([[0, 0, 0, 0, 0, index]])})
