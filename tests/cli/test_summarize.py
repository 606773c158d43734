"""`shapecalc summarize` as a guard, with types, units and devices."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from shapecalc.cli import main
from shapecalc.spec.grammar import EXPECTABLE
from tests.runner import runner

if TYPE_CHECKING:
    from click.testing import Result


def run(*words: str) -> Result:
    return runner().invoke(main, ["summarize", *words])


@pytest.mark.parametrize(
    ("conditions", "code"),
    [
        (["peak_memory > 512KiB"], 1),  # alexnet: 1,779,948 bytes
        (["peak_memory > 1779947"], 1),
        (["peak_memory > 1779948"], 0),
        (["ram >= 1.7MB"], 1),
        (["flash > 250MB"], 0),  # 249,513,376
        (["peak > 444_986"], 1),
        (["params > 60M", "macs > 2G"], 1),
        (["weighted_layers != 8"], 0),
        (["params > 62378k"], 1),  # 62,378,344
        (["params > 6.2378344e7"], 0),
        (["params >= 6.2378344E+7"], 1),
        (["parameter_memory > 250_000kB", "parameter_memory > 0.25e9"], 0),  # 249,513,376
        (["params > 1e"], 2),
        (["params > 1e333"], 2),
        (["params > 60m"], 2),
        (["params >"], 2),
        (["peak > 512KiB"], 2),
        (["params > 1.05x"], 2),
        (["macs > 1MB"], 2),
        (["count > 3"], 2),
    ],
)
def test_fail_if(conditions: list[str], code: int) -> None:
    options = [word for condition in conditions for word in ("--fail-if", condition)]
    done = run("alexnet", "-f", "csv", *options)
    assert done.exit_code == code
    assert ("failed: " in done.stderr) == (code == 1)
    told = [line for line in done.stderr.splitlines() if line.startswith(("failed: ", "passed: "))]
    assert len(told) == (len(conditions) if code < 2 else 0)


def test_fail_if_counts_as_the_options_say_and_writes_the_table_all_the_same() -> None:
    words = ("lenet5", "--batch", "8", "--dtype", "int8", "--fail-if", "peak_memory > 47,039")
    done = run(*words)  # pool1: 4,704 + 1,176 elements, 8 times
    assert (done.exit_code, done.stderr) == (
        1,
        "failed: peak_memory > 47,039: LeNet-5 has 47,040 bytes\n",
    )
    assert "activations, peak (inference)" in done.stdout
    passed = run(*words[:-1], "peak_memory > 47,040")
    assert (passed.exit_code, passed.stderr) == (
        0,
        "passed: peak_memory > 47,040: LeNet-5 has 47,040 bytes\n",
    )


@pytest.mark.parametrize(
    ("condition", "hint"),
    [
        ("ram > 512kb", "did you mean KB?"),
        ("flash > 1 mib", "did you mean MiB?"),
        ("params > 5m", "did you mean M?"),
        ("params > 5MB", "in bytes it is parameter_memory, without the B a count"),
        ("macs > 5GB", "it counts, and takes no memory: write macs > 5G"),
        ("ram > 512 Kbit", "use K, M, G, T, Ki, Mi, Gi, Ti or x"),
    ],
)
def test_a_unit_of_a_condition_is_refused_with_the_right_one(condition: str, hint: str) -> None:
    done = run("lenet5", "--fail-if", condition)
    assert done.exit_code == 2
    assert done.stderr.rstrip().endswith(f"hint: {hint}")


def test_fail_if_needs_numbers() -> None:
    done = run("lenet5", "--input", "NxNx1", "--fail-if", "params > 3")
    assert done.exit_code == 2
    assert "a condition needs numbers, but N has no value" in done.stderr
    assert done.stdout == ""


def test_a_check_and_a_condition_are_both_told() -> None:
    done = run("lenet5", "--check", "--fail-if", "params > 1")
    assert done.exit_code == 1
    assert "failed: params > 1" in done.stderr
    assert "as expected" in done.stderr


def test_units_suit_each_column() -> None:
    text = run("resnet18", "-c", "name,params,macs", "--units", "auto", "-f", "text").stdout
    assert "params (M)  MACs (G)" in text
    assert "buffers                         9.60 K  38.40 kB" in text
    text = run("resnet18", "-c", "name,params,memory", "--units", "auto,memory=Ki").stdout
    assert "params (M)  memory (KiB)" in text


@pytest.mark.parametrize(
    ("units", "message"),
    [
        ("k", "unknown units 'k'"),
        ("auto,G", "'auto' is the unit of all columns that are not named"),
        ("auto,rf=M", "the column 'rf' has no unit"),
        ("params=M,params=K", "the column 'params' has two units"),
        ("auto,memroy=Ki", "unknown column 'memroy'"),
        ("params=", "unknown units ''"),
        ("", "unknown units ''"),
    ],
)
def test_units_that_cannot_be(units: str, message: str) -> None:
    done = run("lenet5", "--units", units)
    assert done.exit_code == 2
    assert message in done.stderr


def test_a_large_unit_does_not_hide_small_numbers() -> None:
    text = run("resnet18", "-c", "name,params,macs", "--units", "G", "-f", "text").stdout
    assert "params (M)  MACs (G)" in text
    assert [line.split() for line in text.splitlines() if line.startswith(("conv5_x", "fc1"))] == [
        ["conv5_x", "8.39", "0.41"],
        ["fc1", "0.51", "<0.01"],
    ]


def test_programs_get_exact_numbers_whatever_the_units() -> None:
    assert run("lenet5", "-f", "csv", "--units", "auto").stdout == run("lenet5", "-f", "csv").stdout


def test_types_apart_and_the_size_of_the_file() -> None:
    # lenet5 has 61,470 weights and 236 biases
    types = ("--dtype", "weights=int8,biases=int32,activations=float16")
    data = json.loads(run("lenet5", *types, "-f", "json").stdout)
    assert data["dtype"] == "weights=int8,activations=float16,biases=int32"
    assert data["totals"]["parameter_memory"] == data["totals"]["flash"] == 61_470 + 4 * 236
    assert data["totals"]["peak_memory"] == 2 * 5_880
    text = run("lenet5", *types, "-f", "text").stdout
    facts = {tuple(line.split()[-3:]) for line in text.splitlines()}
    assert {("61,706", "62,414", "bytes"), ("5,880", "11,760", "bytes")} <= facts


def test_json_says_where_the_peak_is() -> None:
    data = json.loads(run("lenet5", "-f", "json").stdout)
    volumes = [(v["layer"], v["role"], v["bytes"]) for v in data["peak"]["alive"]]
    assert data["peak"]["layer"] == "pool1"
    assert volumes == [("relu1", "input", 18_816), ("pool1", "output", 4_704)]
    assert "peak" not in json.loads(run("lenet5", "--input", "NxNx1", "-f", "json").stdout)


def test_a_device_tells_what_bounds_each_layer() -> None:
    device = ("--device", "ops=1T, bandwidth=10G")
    data = json.loads(run("lenet5", *device, "-f", "json").stdout)
    rows = {row["name"]: row for row in data["rows"]}
    # conv1: 117,600 MACs; 156 parameters, 1,024 inputs and 4,704 outputs of 4 bytes
    assert rows["conv1"]["moved"] == 4 * (156 + 1_024 + 4_704)
    assert rows["conv1"]["intensity"] == 235_200 / 23_536
    assert rows["conv1"]["bound"] == "memory"
    assert rows["conv1"]["least_time"] == pytest.approx(23_536 / 10_000)  # microseconds
    assert rows["input"]["bound"] is None
    assert data["device"]["ops"] == 10**12
    assert data["device"]["least_seconds"] == pytest.approx(
        sum(row["least_time"] for row in rows.values()) / 10**6
    )
    text = run("lenet5", *device, "-f", "text").stdout
    assert "a bound, no prediction." in " ".join(text.split())
    assert run("lenet5", "-c", "name,bound").exit_code == 2


@pytest.mark.parametrize(
    "device",
    ["ops=10T", "bandwidth=3G", "ops=5TMACs,bandwidth=3G", "ops=0,bandwidth=3", "ops=1,ops=2",
     "ops=1.2.3,bandwidth=1", "speed=3", "", "ops=1T bandwidth=3G", "ops=-1,bandwidth=2"],
)  # fmt: skip
def test_a_device_that_cannot_be_read(device: str) -> None:
    done = run("lenet5", "--device", device)
    assert done.exit_code == 2
    assert "error[E303]" in done.stderr


def test_a_device_that_cannot_be_read_is_the_only_error() -> None:
    done = run("lenet5", "--device", "speed=3", "-c", "least_time,bound")
    assert done.exit_code == 2
    assert done.stderr.count("error[") == 1
    assert "error[E303]" in done.stderr
    done = run("lenet5", "-c", "least_time,bound")
    assert done.stderr.count("error[E301]") == 2


EXPECTING = """input: 8x8x3
layers:
  - conv: {filters: 4, kernel: 3, trainable: false}
  - batchnorm
  - relu
  - dense: 10
expect: """

#: By hand: a convolution of 4*(27 + 1), frozen, two numbers a channel, 10*(144 + 1); most is alive
#: while the convolution runs, 192 + 144.
COUNTED = {
    "params": 112 + 8 + 1450,
    "weights": 108 + 4 + 1440,
    "biases": 4 + 4 + 10,
    "trainable": 8 + 1450,
    "frozen": 112,
    "buffers": 8,
    "macs": 36 * 108 + 1440,
    "flops": 2 * (36 * 108 + 1440),
    "activations": 192 + 144 + 144 + 10,
    "peak_activations": 336,
}


def test_whatever_does_not_depend_on_options_can_be_expected() -> None:
    assert {*COUNTED, "connections"} == set(EXPECTABLE)
    text = EXPECTING + json.dumps(COUNTED)
    done = runner().invoke(main, ["summarize", "-", "--check", "--batch", "3"], input=text)
    assert done.exit_code == 0
    assert done.stderr.count(" as expected") == len(COUNTED)


@pytest.mark.parametrize("total", COUNTED)
def test_what_is_expected_otherwise_is_told(total: str) -> None:
    text = EXPECTING + json.dumps({total: COUNTED[total] - 1})
    done = runner().invoke(main, ["summarize", "-", "--check"], input=text)
    assert done.exit_code == 1
    number = COUNTED[total]
    assert done.stderr == f"check: {total} is {number:,}, expected {number - 1:,} (+1)\n"
