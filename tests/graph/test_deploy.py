"""Batch normalisations folded into the layers before them, held to the referee's own numbers."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

import shapecalc
from shapecalc.cli import main
from shapecalc.reference.norm import EPSILON
from shapecalc.reference.run import allocate, run
from tests.runner import runner

if TYPE_CHECKING:
    from shapecalc.graph import Graph


def spread(values: np.ndarray[Any, Any], shape: tuple[int, ...]) -> np.ndarray[Any, Any]:
    """Give a number a channel to every position of a bias."""
    return np.broadcast_to(values.reshape(-1, *[1] * (len(shape) - 1)), shape)


def scaled(name: str, weight: np.ndarray[Any, Any], a: np.ndarray[Any, Any]) -> Any:
    """Multiply the filters of a layer; a transposed convolution has them behind its inputs."""
    if len(weight) != len(a) and name.startswith("conv"):  # a kernel a connection: 2 and 1 of them
        return weight * spread(np.repeat(a, [2, 1]), weight.shape)
    if not name.startswith("transposed"):
        return weight * spread(a, weight.shape)
    inputs, of_group, *kernel = weight.shape
    groups = len(a) // of_group
    parts = weight.reshape(groups, inputs // groups, of_group, *kernel)
    by_group = a.reshape(groups, 1, of_group, *[1] * len(kernel))
    return (parts * by_group).reshape(weight.shape)


def folded_weights(graph: Graph, arrays: dict[str, Any], folded: Graph) -> dict[str, Any]:
    """Fold by hand: a = gamma/sqrt(var + eps) into the weights, beta + a*(bias - mean) the bias."""
    kept = {node.path for node in folded.nodes}
    weights = {
        name: x
        for name, x in arrays.items()
        if name.rpartition(".")[0] in kept or name.split(".")[0] in kept
    }
    shapes = {name: x.shape for name, x in allocate(folded, dtype=np.float64).items()}
    for node in graph.nodes:
        if node.path in kept:
            continue
        source = graph.nodes[node.inputs[0]]
        while source.path not in kept:  # folded itself
            source = graph.nodes[source.inputs[0]]
        before = source.path
        mean, var = (arrays[f"{node.path}.running_{word}"] for word in ("mean", "var"))
        a = arrays.get(f"{node.path}.weight", 1.0) / np.sqrt(var + EPSILON)
        last = f"{before}.weight" if f"{before}.weight" in arrays else f"{before}.pointwise.weight"
        weights[last] = scaled(before, weights[last], a)
        own, shape = weights.get(f"{before}.bias"), shapes[f"{before}.bias"]
        own = np.zeros(shape) if own is None else own
        shift = arrays.get(f"{node.path}.bias", np.zeros_like(mean))
        weights[f"{before}.bias"] = spread(a, shape) * (own - spread(mean, shape)) + spread(
            shift, shape
        )
    return weights


def assert_same_outputs(spec: object, shape: str | None = None) -> Graph:
    """Run a network and the folded one with the folded weights: the outputs are the same."""
    graph = shapecalc.load(spec, input=shape)  # type: ignore[arg-type]
    folded = shapecalc.fold_batchnorm(graph)
    arrays = allocate(graph, seed=3, dtype=np.float64)
    fed = {
        "input": run(graph, weights=arrays, dtype=np.float64, batch=2, keep=["input"]).values[
            "input"
        ]
    }
    plain = run(graph, fed, weights=arrays, dtype=np.float64)
    other = run(folded, fed, weights=folded_weights(graph, arrays, folded), dtype=np.float64)
    assert len(folded.nodes) < len(graph.nodes)
    for mine, theirs in zip(plain.outputs.values(), other.outputs.values(), strict=True):
        np.testing.assert_allclose(theirs, mine, rtol=1e-9, atol=1e-12)
    # memory and arrays, as allocated, are what the report says
    report = shapecalc.summarize(folded)
    sizes = sum(x.size for x in other.parameters.values())
    assert sizes == report.totals.params + report.totals.buffers
    assert report.totals.peak * 8 * 2 == other.peak
    return folded


LAYERS: dict[str, object] = {
    "conv": {"conv": {"filters": 6, "kernel": 3, "groups": 3, "bias": False}},
    "conv with a bias": {"conv": {"filters": 4, "kernel": 3}},
    "conv with a bias a position": {"conv": {"filters": 4, "kernel": 3, "bias": "per_position"}},
    "depthwise": {"depthwise": {"kernel": 3, "multiplier": 2, "bias": False}},
    "separable": {"separable": {"filters": 5, "kernel": 3, "bias": False}},
    "transposed": {"transposed": {"filters": 6, "kernel": 2, "groups": 3, "bias": False}},
    "dense": {"dense": {"units": 7, "bias": False}},
    "partial connections": {
        "conv": {"filters": 2, "kernel": 3, "connections": [[0, 1], [2]], "bias": False}
    },
    "filters by channels": {"conv": {"filters": "2*channels", "kernel": 1, "bias": False}},
}


@pytest.mark.parametrize("kind", LAYERS)
@pytest.mark.parametrize("affine", [True, False])
def test_a_folded_layer_computes_the_same(kind: str, affine: bool) -> None:
    norm = {"batchnorm": {"affine": affine}}
    folded = assert_same_outputs({"input": "8x7x3", "layers": [LAYERS[kind], norm, "relu"]})
    (sentence,) = folded.deployed
    assert sentence == "1 batch normalisation is folded into the layer before."


def test_a_residual_network_computes_the_same() -> None:
    folded = assert_same_outputs("resnet18", "32x32x3")
    report, own = shapecalc.summarize(folded), shapecalc.summarize("resnet18", input="32x32x3")
    channels = sum(row.weights for row in own.rows if row.type == "batchnorm")
    # gamma and beta go, a bias comes; no multiply-accumulate was the normalisation's
    assert own.totals.params - report.totals.params == channels
    assert (report.totals.buffers, report.totals.macs) == (0, own.totals.macs)
    assert report.totals.peak < own.totals.peak
    assert folded.deployed == ("20 batch normalisations are folded into the layers before.",)


def test_weights_and_peak_of_resnet50_as_deployed() -> None:
    report = shapecalc.summarize(shapecalc.fold_batchnorm(shapecalc.load("resnet50")))
    # 25,557,032 with 26,560 scales and as many shifts; the biases take the shifts' place
    assert report.totals.params == 25_557_032 - 26_560
    assert report.totals.buffers == 0
    assert "conv1.bias" not in allocate(shapecalc.load("resnet50", input="32x32x3"))


KEPT: dict[str, tuple[list[object], str]] = {
    "statistics": (
        [{"conv": {"filters": 4, "kernel": 1}}, {"batchnorm": {"statistics": False}}],
        "bn1 (it computes its statistics anew)",
    ),
    "first": (
        ["batchnorm", {"conv": {"filters": 4, "kernel": 1}}],
        "bn1 (input before it has no weights that it could go into)",
    ),
    "pool": (
        ["maxpool", "batchnorm"],
        "bn1 (pool1 before it has no weights that it could go into)",
    ),
    "relu": (
        [{"conv": {"filters": 4, "kernel": 1}}, "relu", "batchnorm"],
        "bn1 (relu1 before it has no weights that it could go into)",
    ),
    "subsampling": (
        ["subsampling", "batchnorm"],
        "bn1 (subsampling1 before it has no weights that it could go into)",
    ),
    "two readers": (
        [
            {"conv": {"filters": 3, "kernel": 1, "name": "c"}},
            "batchnorm",
            {"add": {"from": ["bn1", "c"]}},
        ],
        "bn1 (what c gives is read elsewhere, too)",
    ),
    "shared weights": (
        [
            {"conv": {"filters": 3, "kernel": 1, "name": "c"}},
            "batchnorm",
            {"conv": {"filters": 3, "kernel": 1, "share": "c"}},
            "batchnorm",
        ],
        "bn1 (c before it shares its weights), bn2 (conv2 before it shares its weights)",
    ),
}


@pytest.mark.parametrize("case", KEPT)
def test_what_cannot_be_folded_stays_and_is_named(case: str) -> None:
    layers, told = KEPT[case]
    graph = shapecalc.load({"input": "8x8x3", "layers": layers})
    folded = shapecalc.fold_batchnorm(graph)
    assert folded.nodes == graph.nodes
    assert folded.deployed == (f"No batch normalisation is folded; kept: {told}.",)


def test_symbols_stay_folded_when_they_get_values() -> None:
    graph = shapecalc.fold_batchnorm(shapecalc.load("resnet18", input="NxNx3"))
    at = shapecalc.summarize(graph).at(N=224)
    direct = shapecalc.summarize(shapecalc.fold_batchnorm(shapecalc.load("resnet18")))
    assert at.totals.params == direct.totals.params
    assert at.totals.peak == direct.totals.peak


def test_the_command() -> None:
    done = runner().invoke(main, ["summarize", "resnet18", "--fold-batchnorm", "-f", "text"])
    assert done.exit_code == 0
    assert "20 batch normalisations are folded into the layers before." in done.output
    assert "flash: parameters, buffers" in done.output
    assert "bn1" not in done.output
    done = runner().invoke(main, ["summarize", "resnet18", "--fold-batchnorm", "--check"])
    assert done.exit_code == 2
    broken = ["summarize", "-", "--fold-batchnorm"]
    assert (
        "E204"
        in runner()
        .invoke(
            main, broken, input="input: 3x3x1\nlayers: [conv: {filters: 3, kernel: 5}, batchnorm]\n"
        )
        .stderr
    )


def test_an_output_before_a_normalisation_keeps_its_values() -> None:
    text = "input: 4x4x2\noutputs: [c, bn1]\nlayers: [conv: {name: c, filters: 3, kernel: 1}, batchnorm]"
    folded = shapecalc.fold_batchnorm(shapecalc.loads(text))
    reason = "bn1 (what c gives is read elsewhere, too)"
    assert folded.deployed == (f"No batch normalisation is folded; kept: {reason}.",)


CONV = {"conv": {"filters": 4, "kernel": 3, "bias": False}}


@pytest.mark.parametrize(
    ("layers", "left"),
    [
        ([CONV, "batchnorm", "batchnorm"], ["input", "conv1"]),
        (
            [
                {"group": {"name": "g", "layers": [CONV, "batchnorm"]}},
                {"concat": [[], ["batchnorm"]]},
            ],
            ["input", "g/conv1", "bn1", "concat1"],
        ),
    ],
)
def test_what_follows_a_folded_one_is_folded_into_the_same_layer(
    layers: list[object], left: list[str]
) -> None:
    folded = assert_same_outputs({"input": "6x6x3", "layers": layers})
    assert [node.path for node in folded.nodes] == left


def test_every_function_takes_the_network_as_deployed() -> None:
    folded = shapecalc.summarize("resnet18", fold_batchnorm=True)
    params, peak = folded.totals.params, folded.totals.peak
    graph = shapecalc.load("resnet18", fold_batchnorm=True)
    assert (params, len(graph.nodes)) == (11_689_512 - 4_800, len(folded.rows))
    assert shapecalc.fold_batchnorm(graph) is graph
    text = "input: 6x6x3\nlayers: [conv: {filters: 4, kernel: 3}, batchnorm]"
    assert len(shapecalc.loads(text, fold_batchnorm=True).nodes) == 2
    for network in ("resnet18", shapecalc.load("resnet18"), graph):
        assert shapecalc.summarize(network, fold_batchnorm=True).totals.params == params
        swept = shapecalc.sweep(network, {"N": [224]}, columns="params,peak", fold_batchnorm=True)
        assert (swept["params"].tolist(), swept["peak"].tolist()) == ([params], [peak])
        solved = shapecalc.solve(network, f"params = {params}", fold_batchnorm=True)
        assert solved
        assert solved.deployed
        both = shapecalc.compare(network, graph, fold_batchnorm=True)
        assert both.same
        assert [report.totals.params for report in both.reports] == [params, params]
        lesson = shapecalc.explain(network, "conv1", of="params", fold_batchnorm=True)
        assert lesson.section("params").values == (64 * 3 * 7 * 7 + 64,)
        assert lesson.deployed == graph.deployed
    with pytest.raises(TypeError, match="fold_batchnorm belong to `summarize`"):
        shapecalc.explain(folded, fold_batchnorm=True)


@pytest.mark.parametrize("spec", ["resnet18", "squeezenet"])
def test_the_referee_agrees_with_a_network_as_deployed(spec: str) -> None:
    verdict = shapecalc.verify(spec, input="64x64x3", fold_batchnorm=True)
    assert not verdict.disagreements
    assert "bn1" not in {layer.row.name for layer in verdict.judged}


REPEATED = """
input: 12x12x3
let: {n: 2, k: 8}
layers:
  - repeat: {times: n, layers: [conv: {filters: k, kernel: 3, pad: 1, bias: false}, batchnorm, relu]}
  - global_avgpool
  - dense: 10
"""


def test_points_of_a_sweep_are_folded_each() -> None:
    swept = shapecalc.sweep(
        shapecalc.loads(REPEATED),
        {"n": [1, 2, 3], "k": [1, 4, 7]},
        columns="params,peak,macs",
        fold_batchnorm=True,
    )
    for at, (n, k) in enumerate((n, k) for n in (1, 2, 3) for k in (1, 4, 7)):
        plain = shapecalc.loads(REPEATED, settings={"n": n, "k": k})
        totals = shapecalc.summarize(shapecalc.fold_batchnorm(plain)).totals
        got = tuple(swept[word][at] for word in ("params", "peak", "macs"))
        assert got == (totals.params, totals.peak, totals.macs)
        # a bias for every gamma and beta
        assert totals.params == shapecalc.summarize(plain).totals.params - n * k


def test_questions_are_about_the_network_as_deployed() -> None:
    at_most = "params <= 2000"
    graph = shapecalc.loads(REPEATED)
    solved = shapecalc.solve(graph, at_most, over={"k": "1:30", "n": "1:3"}, fold_batchnorm=True)
    for n in (1, 2, 3):
        for k in range(1, 31):
            one = shapecalc.loads(REPEATED, settings={"n": n, "k": k}, fold_batchnorm=True)
            fits = shapecalc.summarize(one).totals.params <= 2000
            assert solved.admits(n=n, k=k) is fits


@pytest.mark.parametrize(
    "words",
    [
        ["compare", "resnet18", "resnet34"],
        ["explain", "resnet18", "conv1"],
        ["sweep", "resnet18", "--over", "N=64,96"],
        ["solve", "resnet18", "params <= 11684712"],
        ["verify", "resnet18", "--input", "32x32x3"],
        ["reconcile", "resnet18", "fvcore", "torchinfo"],
    ],
)
def test_every_command_says_that_it_speaks_of_the_network_as_deployed(words: list[str]) -> None:
    done = runner().invoke(main, [*words, "--fold-batchnorm", "--width", "200", "-f", "text"])
    assert done.exit_code == 0, done.stderr
    assert "normalisations are folded into the layers before" in done.stdout
    data = runner().invoke(main, [*words, "--fold-batchnorm", "-f", "json"])
    (sentence, *_) = json.loads(data.stdout)["deployed"]
    assert sentence in " ".join(done.stdout.split())
    assert "deployed" not in json.loads(runner().invoke(main, [*words, "-f", "json"]).stdout)


def test_training_folds_nothing() -> None:
    done = runner().invoke(main, ["training", "resnet18", "--fold-batchnorm"])
    assert done.exit_code == 2
    assert "training folds no batch normalisation" in done.stderr
    folded = shapecalc.load("resnet18", fold_batchnorm=True)
    for network in (folded, shapecalc.summarize(folded)):
        with pytest.raises(shapecalc.SpecErrors, match="training folds no batch normalisation"):
            shapecalc.training_cost(network)


def test_a_sweep_and_a_question_know_no_layer_that_is_folded() -> None:
    over = {"bn1.momentum": [1]}
    with pytest.raises(shapecalc.SpecErrors, match="no layer 'bn1'"):
        shapecalc.sweep("resnet18", over, fold_batchnorm=True)
    with pytest.raises(shapecalc.SpecErrors, match="no layer 'bn1'"):
        shapecalc.solve("resnet18", "params <= 1M", over=over, fold_batchnorm=True)
