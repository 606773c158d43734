"""Every command that gives a peak says where it is and what is alive there."""

import json

import pytest

import shapecalc
from shapecalc.analysis.training import training_cost

NETWORKS = ["lenet5", "resnet18", "googlenet", "squeezenet"]


def spread(text: str) -> str:
    return " ".join(text.split())


@pytest.mark.parametrize("network", NETWORKS)
@pytest.mark.parametrize(
    ("batch", "dtype"), [(1, "float32"), (3, "weights=int8,activations=int16")]
)
def test_the_peak_is_the_sum_of_what_is_alive(network: str, batch: int, dtype: str) -> None:
    report = shapecalc.summarize(network)
    own = json.loads(report.render("json", batch=batch, dtype=dtype))["peak"]
    assert sum(volume["elements"] for volume in own["alive"]) == report.totals.peak
    plan = training_cost(report)
    made = json.loads(plan.render("json", batch=batch, dtype=dtype))
    assert made["peak"] == own
    (peak,) = [part for part in made["memory"] if part["what"] == "peak_activations"]
    assert sum(volume["bytes"] for volume in own["alive"]) == peak["bytes"]
    both = json.loads(shapecalc.compare(report, "alexnet").render("json", batch=batch, dtype=dtype))
    assert both["networks"][0]["peak"] == own
    assert both["networks"][1]["peak"]["layer"] == "conv1"
    sizes = [f"{volume['bytes']:,} bytes" for volume in own["alive"]]
    for text in (plan.render("text", batch=batch, dtype=dtype), both_text(report, batch, dtype)):
        assert f"at {own['layer']}: " in spread(text)
        assert all(size in spread(text) for size in sizes)


def both_text(report: shapecalc.Report, batch: int, dtype: str) -> str:
    return shapecalc.compare(report, "alexnet").render("text", batch=batch, dtype=dtype)


def test_networks_whose_peaks_are_alike_share_a_sentence() -> None:
    text = shapecalc.compare("vgg16", "vgg19").render("text", width=200)
    assert "peak             at conv1_2: input 12,845,056 bytes + output 12,845,056 bytes\n" in text


def test_a_narrow_page_calls_the_networks_by_their_letters() -> None:
    text = shapecalc.compare("vgg16", "alexnet", "zfnet").render(
        "text", width=50, columns="output,params,macs"
    )
    assert "A at conv1_2: " in spread(text)
    assert "B at conv1: " in spread(text)


def test_a_step_of_formulas_has_no_one_peak() -> None:
    plan = training_cost("lenet5", input="NxNx1")
    assert "peak" not in json.loads(plan.render("json"))
    assert "\npeak " not in plan.render("text")


def test_of_very_many_volumes_some_are_named_and_all_are_counted() -> None:
    """200 slices of 256 bytes, all alive when the last is made, and the map that they are of."""
    branches = ", ".join(["[]"] * 200)
    text = f"input: 8x8x200\nlayers:\n  - concat: {{split: 200, branches: [{branches}]}}\n"
    report = shapecalc.summarize(shapecalc.loads(text))
    printed = spread(report.render("text", width=140))
    start = "at slice200: input 51,200 bytes + slice1 (kept for concat1) 256 bytes + slice2"
    assert start in printed
    assert "+ output 256 bytes + 188 more volumes, together 48,128 bytes" in printed
    assert report.peak is not None
    assert len(report.peak.alive) == 201
    assert {volume.reader for volume in report.peak.alive if volume.role == "kept"} == {"concat1"}


@pytest.mark.parametrize(("one", "other"), [("causal", "plain"), ("plain", "causal")])
def test_what_generation_keeps_stands_beside_nothing(one: str, other: str) -> None:
    """Of 10 x 24: keys and values of 10 x 24 each; the attention without a mask keeps none."""
    specs = {
        "causal": {
            "name": "causal",
            "input": "10x24",
            "layers": [{"attention": {"heads": 6, "causal": True}}, {"attention": 3}],
        },
        "plain": {"name": "plain", "input": "10x24", "layers": [{"attention": 6}]},
    }
    kept = {"causal": "480", "plain": "0"}
    both = shapecalc.compare(specs[one], specs[other])
    for format_ in ("text", "markdown", "latex", "html"):
        assert "KV cache" in both.render(format_)
    line = next(line for line in both.render("text").splitlines() if "KV cache" in line)
    numbers = line.removeprefix("KV cache, keys and values kept for generation").split()
    assert numbers[:2] == [kept[one], kept[other]]
    totals = json.loads(shapecalc.summarize(specs["causal"]).render("json", batch=3))["totals"]
    assert (totals["kv_cache"], totals["kv_cache_memory"]) == (480, 3 * 4 * 480)
    assert "kv_cache" not in json.loads(shapecalc.summarize("alexnet").render("json"))["totals"]
