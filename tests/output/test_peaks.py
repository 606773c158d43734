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
