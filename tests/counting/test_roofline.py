"""Bytes moved, arithmetic intensity and least times, by numbers worked out by hand."""

from __future__ import annotations

from collections import Counter
from fractions import Fraction

import pytest

import shapecalc
from shapecalc.counting.roofline import (
    Device,
    DeviceWordError,
    Moved,
    bounds,
    intensity,
    least_times,
    moved,
    read_device,
    seconds,
)
from shapecalc.counting.storage import NumberTypes, TypeWordError, read_types
from shapecalc.output.options import make_view
from shapecalc.output.view import View

# input 6x5x3; a: 4 filters 3x3, 4x3x4 = 48 outputs, 108 weights + 4 biases; bn: 8 + 8 numbers
NET = {
    "input": "6x5x3",
    "layers": [
        {"conv": {"filters": 4, "kernel": 3, "name": "a"}},
        {"batchnorm": {"name": "n"}},
        "relu",
        "flatten",
        {"dense": {"units": 2, "name": "d"}},
    ],
}


def test_every_part_at_its_own_type_and_activations_for_every_example() -> None:
    report = shapecalc.summarize(NET)
    view = make_view(
        batch=10, dtype="weights=int8,biases=int32,buffers=float16,activations=float64"
    )
    assert moved([report["a"]], view) == Moved(108 + 4 * 4, 8 * 10 * 90, 8 * 10 * 48)
    assert moved([report["n"]], view) == Moved(4 + 4 * 4 + 2 * 8, 8 * 10 * 48, 8 * 10 * 48)
    assert moved([report["relu1"]], view) == Moved(0, 3_840, 3_840)
    assert moved([report["flatten1"]], view) == moved([report["input"]], view) == Moved(0, 0, 0)
    assert moved([report["d"]], view) == Moved(96 + 4 * 2, 3_840, 160)
    parts = [moved([row], view).all for row in report.rows]
    assert moved(report.rows, view).all == sum(parts)  # type: ignore[arg-type]


def test_a_join_reads_all_inputs_and_shared_weights_are_read_by_each() -> None:
    report = shapecalc.summarize(
        {
            "input": "4x4x2",
            "layers": [
                {"conv": {"filters": 2, "kernel": 1, "name": "a"}},
                {"conv": {"filters": 2, "kernel": 1, "name": "b", "share": "a"}},
                {"add": {"from": ["a", "b"], "name": "join"}},
            ],
        }
    )
    assert moved([report["join"]], View()) == Moved(0, 4 * 64, 4 * 32)
    assert moved([report["a"]], View()) == moved([report["b"]], View())
    assert report["b"].params == 0
    assert moved([report["b"]], View()).stored == 4 * 6


def test_intensity_is_flops_a_byte_of_the_batch() -> None:
    report = shapecalc.summarize(NET)
    # a: 48*27 = 1,296 MACs, 2,592 FLOPs an example
    assert intensity([report["a"]], View()) == Fraction(2_592, 4 * (112 + 90 + 48))
    assert intensity([report["a"]], View(batch=10)) == Fraction(25_920, 4 * (112 + 1_380))
    assert intensity([report["relu1"]], View()) == 0
    assert intensity([report["input"]], View()) is None


def test_the_slower_of_the_two_bounds_a_layer() -> None:
    report, device = shapecalc.summarize(NET), Device(ops=1000, bandwidth=500)
    (time,) = least_times([report["a"]], View(), device) or ()
    assert time == (Fraction(2_592, 1000), Fraction(1000, 500))
    assert (time.bound, time.seconds) == ("arithmetic", Fraction(2_592, 1000))
    times = least_times(report.rows, View(), device)
    assert times is not None
    assert bounds(times) == {"arithmetic": 1, "memory": 3}
    # n: 4*(16 + 96), relu: 4*96, d: 4*(98 + 50) bytes
    assert seconds(times) == Fraction(2_592, 1000) + Fraction(448 + 384 + 592, 500)
    assert device.even == 2


@pytest.mark.parametrize("name", ["resnet18", "googlenet", "densenet121", "gpt2-small"])
def test_a_level_takes_as_long_as_its_layers_one_after_the_other(name: str) -> None:
    report = shapecalc.summarize(name)
    options = {
        "columns": "name,flops,moved,intensity,least_time,bound",
        "device": "ops=3T, bandwidth=200G",
        "batch": 3,
        "dtype": "weights=int4,activations=int8",
    }
    layers = {row["name"]: row for row in report.to_records(depth=0, **options)}
    levels = report.to_records(depth=1, **options)
    assert any(level["name"] not in layers for level in levels)
    assert {level["bound"] for level in levels} - {None, "arithmetic", "memory"}
    for level in levels:
        path = level["name"]
        inside = [row for at, row in layers.items() if f"{at}/".startswith(f"{path}/")]
        each = [max(6 * row["flops"] / 6e12 * 1e6, row["moved"] / 2e11 * 1e6) for row in inside]
        assert level["least_time"] == pytest.approx(sum(each))
        moved_bytes = sum(row["moved"] for row in inside)
        flops = 3 * sum(row["flops"] for row in inside)
        assert level["moved"] == moved_bytes
        assert level["intensity"] == (pytest.approx(flops / moved_bytes) if moved_bytes else None)
        counts = Counter(row["bound"] for row in inside if row["bound"])
        words = [f"{word} {counts[word]}" for word in ("arithmetic", "memory") if counts[word]]
        own = next(iter(counts), None)
        assert level["bound"] == (own if path in layers else ", ".join(words) or None)


def test_a_line_of_many_alike_is_as_long_as_they_are_together() -> None:
    """Where a comparison folds layers that are the same, their times are added, not compared."""
    compared = shapecalc.compare(shapecalc.loads(chain(9, 5)), shapecalc.loads(chain(9, 7)))
    text = compared.render(
        columns="name,moved,least_time,bound,live", device="ops=3T, bandwidth=200G"
    )
    (folded,) = [line.split() for line in text.splitlines() if line.startswith("input to conv9")]
    # each of the nine moves 4*(148 + 2*576) bytes in 26 ns; two volumes of 576 are alive at once
    assert folded[3:] == ["10", "the", "same", "46,800", "0", "0.23", "memory", "9", "1,152"]


def chain(number: int, filters: int) -> str:
    """Write a network of many convolutions that are alike, and a last one."""
    same = "- conv: {filters: 4, kernel: 3, pad: 1}\n" * number
    return f"input: 12x12x4\nlayers:\n{same}- conv: {{filters: {filters}, kernel: 3}}\n"


def test_of_formulas_nothing_is_decided() -> None:
    report = shapecalc.summarize(NET, input="NxNx3")
    assert least_times(report.rows, View(), Device(1, 1)) is None
    assert intensity(report.rows, View()) is None


@pytest.mark.parametrize(
    ("text", "device"),
    [
        ("ops=10T, bandwidth=100G", Device(10**13, 10**11)),
        ("bandwidth = 100 GB/s , ops = 10 TFLOPS", Device(10**13, 10**11)),
        ("ops=4.5Tops,bandwidth=25.6GB/s", Device(4_500_000_000_000, 25_600_000_000)),
        ("ops=312T,bandwidth=2P", Device(312 * 10**12, 2 * 10**15)),
        ("flops=19.5T, bw=1.555e12", Device(19_500_000_000_000, 1_555_000_000_000)),
        ("OPS=1E13,Bandwidth=100G", Device(10**13, 10**11)),
        ("ops=64M,bandwidth=64000000", Device(64_000_000, 64_000_000)),
    ],
)
def test_a_device_in_words(text: str, device: Device) -> None:
    assert read_device(text) == device


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("ops=1T, bandwidth=5Gbit", "Gbit"),
        ("ops=5TMACs, bandwidth=1G", "TMACs"),
        ("ops=1Ti,bandwidth=1G", "Ti"),
        ("ops=1t,bandwidth=1G", "t"),
        ("ops=1e,bandwidth=1G", "e"),
        ("flops=1T,ops=1T", "ops=1T"),
        ("ops=1T, speed=1G", " speed=1G"),
        ("ops=1T,ops=1T", "ops=1T"),
        ("ops=0.5,bandwidth=1G", "ops=0.5"),
        ("ops=T,bandwidth=1G", "ops=T"),
    ],
)
def test_what_is_wrong_with_a_device_is_pointed_at(text: str, place: str) -> None:
    with pytest.raises(DeviceWordError) as caught:
        read_device(text)
    assert text[caught.value.start : caught.value.end] == place


@pytest.mark.parametrize(
    ("text", "types"),
    [
        ("int8", NumberTypes("int8", "int8", "int8", "int8")),
        ("weights=int8,activations=float16", NumberTypes("int8", "int8", "int8", "float16")),
        ("float16, weights=int8", NumberTypes("int8", "int8", "int8", "float16")),
        ("weights=int8,biases=int32", NumberTypes("int8", "int32", "int8", "float32")),
        ("buffers=float64", NumberTypes("float32", "float32", "float64", "float32")),
        ("activations=int8", NumberTypes("float32", "float32", "float32", "int8")),
    ],
)
def test_types_in_words(text: str, types: NumberTypes) -> None:
    assert read_types(text) == types
    assert read_types(types.text) == types


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("int7", "int7"),
        ("weights=int7", "int7"),
        ("weight=int8", "weight"),
        ("weights=int8,weights=int8", "weights"),
        ("int8,float16", "float16"),
        ("weights=", ""),
        ("int8,", ""),
    ],
)
def test_what_is_wrong_with_types_is_pointed_at(text: str, word: str) -> None:
    with pytest.raises(TypeWordError) as caught:
        read_types(text)
    assert caught.value.word == word
    assert text[caught.value.start :].startswith(word)


@pytest.mark.parametrize("text", ["100Gb/s", "800Gb", "100 Gb/s"])
def test_bits_are_not_taken_for_bytes(text: str) -> None:
    with pytest.raises(DeviceWordError) as refused:
        read_device(f"ops=10T, bandwidth={text}")
    assert "counts bits" in refused.value.message
    assert refused.value.hint in (
        "8 bits are a byte: write 12.5GB/s",
        "8 bits are a byte: write 100GB/s",
    )


def test_a_part_of_an_operation_is_refused() -> None:
    with pytest.raises(DeviceWordError):
        read_device("ops=1.9, bandwidth=100G")
    assert read_device("ops=.5T, bandwidth=1.5K") == Device(500 * 10**9, 1500)
