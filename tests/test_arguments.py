"""What Python's functions are given by mistake, and what they say of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

import shapecalc
from shapecalc import Graph, Report

if TYPE_CHECKING:
    from collections.abc import Callable

NO_NETWORK = "a network is a path, a name, a dict, or what `load` returns, not "


def lenet() -> Report:
    return shapecalc.summarize("lenet5")


def text_like(what: str, example: str) -> str:
    return f'{what} is a text like "{example}", not int'


NO_TEXT = "`loads` takes the text of a spec, not "

RANGES = '`over` takes values by their names, like {"H": [32, 64]}, '


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: shapecalc.loads(5), f"{NO_TEXT}int"),
        (lambda: shapecalc.loads(None), f"{NO_TEXT}NoneType"),
        (lambda: shapecalc.loads(b"input: 3"), f"{NO_TEXT}bytes"),
        (lambda: shapecalc.loads({"input": "3"}), f"{NO_TEXT}dict"),
        (lambda: shapecalc.load(5), f"{NO_NETWORK}int"),
        (lambda: shapecalc.load(None), f"{NO_NETWORK}NoneType"),
        (lambda: shapecalc.load([]), f"{NO_NETWORK}list"),
        (lambda: shapecalc.load(b"lenet5"), f"{NO_NETWORK}bytes"),
        (lambda: shapecalc.summarize(5), f"{NO_NETWORK}int"),
        (lambda: shapecalc.compare("lenet5", 5), f"{NO_NETWORK}int"),
        (lambda: shapecalc.solve(5, "params = 3"), f"{NO_NETWORK}int"),
        (lambda: shapecalc.sweep(5, {"N": [32]}), f"{NO_NETWORK}int"),
        (lambda: shapecalc.verify(5), f"{NO_NETWORK}int"),
        (lambda: shapecalc.run(5), f"{NO_NETWORK}int"),
        (lambda: shapecalc.training_cost(5), f"{NO_NETWORK}int"),
        (lambda: shapecalc.explain(5), f"{NO_NETWORK}int"),
        (lambda: shapecalc.load("lenet5", input=5), "`input` takes texts by their names, not int"),
        (lambda: shapecalc.explain("lenet5", of=5), text_like("`of`", "params,macs")),
        (lambda: shapecalc.explain("lenet5", 5), text_like("a layer", "conv1")),
        (lambda: shapecalc.solve("lenet5", 5), text_like("a question", "pool3 = 6x6")),
        (lambda: shapecalc.windows_between(5), text_like("a pair of sizes", "227 -> 55")),
        (lambda: lenet().render(5), text_like("a format", "markdown")),
        (lambda: lenet().render(dtype=5), text_like("`dtype`", "float32")),
        (lambda: lenet().render(units=5), text_like("`units`", "M")),
        (
            lambda: lenet().render(columns=5),
            text_like("a choice of columns or rows", "name,params"),
        ),
        (lambda: shapecalc.sweep("lenet5", 5), RANGES + "not int"),
        (lambda: shapecalc.sweep("lenet5", {"H": 2.5}), RANGES + "and of H not float"),
        (lambda: shapecalc.sweep("lenet5", {5: [3]}), text_like("a name", "H")),
        (lambda: shapecalc.sweep("lenet5", [5]), text_like("a range", "H=32:64")),
        (
            lambda: shapecalc.sweep("lenet5", "H=32", columns=5),
            text_like("a column", "macs"),
        ),
        (
            lambda: shapecalc.sweep("lenet5", "H=32", columns=[5]),
            text_like("a column", "macs"),
        ),
        (
            lambda: shapecalc.reconcile("lenet5", 5, 6),
            text_like("a profile", "fvcore"),
        ),
        (lambda: lenet().render(batch="x"), "`batch` and `depth` are whole numbers"),
        (
            lambda: shapecalc.load("alphago", settings=5),
            "`settings` takes texts by their names, not int",
        ),
    ],
)
def test_the_wrong_kind_of_argument_is_named(call: Callable[[], Any], message: str) -> None:
    with pytest.raises(TypeError) as error:
        call()
    assert str(error.value) == message + (
        "; `load` takes a path or data" if NO_TEXT in message else ""
    )


def test_a_sweep_is_asked_by_the_words_that_asked_for_its_columns() -> None:
    words = ["peak", "Params", "macs", "conv1.rf", "conv1.params", "conv1.height"]
    found = shapecalc.sweep("lenet5", {"N": [32, 64]}, columns=words)
    assert found["peak"].tolist() == found["peak_activations"].tolist()
    assert found["peak"][0] == shapecalc.summarize("lenet5").totals.peak
    assert found["conv1.rf"].tolist() == [[5, 5], [5, 5]]
    output = shapecalc.sweep("lenet5", {"N": [32, 36]}, columns="conv1.output")["conv1.output"]
    assert output.tolist() == [[28, 28, 6], [32, 32, 6]]
    for word in words:
        assert len(found[word]) == 2
    with pytest.raises(
        KeyError, match=r"there is no column 'nonsense'; there are N, peak_activations"
    ):
        found["nonsense"]
    with pytest.raises(KeyError):
        found["memory"]  # which was not asked for


def test_a_solution_admits_a_part_of_a_point() -> None:
    solution = shapecalc.solve("alexnet", "pool3 = 6x6")
    assert solution.admits(H=227)
    assert solution.admits()
    assert not solution.admits(W=226)
    assert not shapecalc.solve("alexnet", "pool3 = 6x6 and params <= 3").admits(H=227)
    tied = shapecalc.solve("alexnet", "macs = 1135256096")
    assert tied.admits(H=227) == tied.admits(H=227, W=227)
    with pytest.raises(TypeError, match="there is no 'Q' in the answer, but H, W"):
        solution.admits(H=227, W=227, Q=3)


def test_a_domain_takes_whole_points() -> None:
    report = shapecalc.summarize("alexnet", input="HxWx3")
    assert report.domain is not None
    with pytest.raises(TypeError, match="there is no value for W"):
        report.domain.admits({"H": 227})


def test_a_loaded_network_and_a_report_are_networks() -> None:
    graph = shapecalc.load("lenet5")
    assert isinstance(graph, Graph)
    assert isinstance(shapecalc.summarize(graph), Report)
