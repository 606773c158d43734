"""Bytes and elements in questions: what a B is, and what it is not."""

from __future__ import annotations

import pytest

import shapecalc
from shapecalc import solve
from shapecalc.errors import SpecErrors

NET = {"input": "NxNx3", "layers": [{"conv": {"filters": 8, "kernel": 3, "pad": 1}}]}

# At N the input has 3*N*N elements and conv1's output 8*N*N: 44*N*N bytes are alive at the peak.
PEAKS = {
    "peak <= 512KB": 107,  # 44*107^2 = 503,756
    "peak <= 512KiB": 109,  # 44*109^2 = 522,764
    "peak_memory <= 512KB": 107,
    "ram <= 512KB": 107,
    "peak_memory <= 512 KB": 107,
    "512KB >= peak": 107,
    "peak <= 512_000B": 107,
    "peak + 1KB <= 512KB": 107,  # 511,000 // 44 = 11,613 > 107^2 = 11,449
    "max(peak, 3) <= 512KB": 107,
    "2*peak_memory <= 1024KB": 107,
    "moved <= 500KB": 106,  # 44*N^2 + 896 bytes of parameters: 495,280, and 504,652 at 107
    "no loss and peak <= 512KB": 107,
    "peak_memory - 3KB <= 512KB": 108,
    "peak <= 0.5MB": 106,
    "peak <= 512K": 215,  # elements: 11*215^2 = 508,475
    "conv1.units <= 512KB": 126,  # 32*126^2 = 508,032
    "conv1.memory <= 512KB": 126,
    "activations <= 512KB": 107,  # the input's and conv1's
    "input.units <= 512KB": 206,  # 12*206^2 = 509,232
}


@pytest.mark.parametrize("question", PEAKS)
def test_bytes_and_elements(question: str) -> None:
    (box,) = solve(shapecalc.load(NET), question).boxes
    assert box["N"].text("N") == f"N from 1 to {PEAKS[question]}"


@pytest.mark.parametrize(
    ("question", "options", "most"),
    [
        ("peak <= 512KB", {"dtype": "float16"}, 152),  # 22*152^2 = 508,288
        ("peak <= 512KB", {"dtype": "int8"}, 215),
        ("peak <= 512KB", {"batch": 4}, 53),  # 176*53^2 = 494,384
        ("peak_memory <= 512KB", {"batch": 2, "dtype": "float16"}, 107),
        ("peak <= 512KB", {"dtype": "weights=float64,activations=int8"}, 215),
        ("peak <= 512K", {"batch": 4, "dtype": "int8"}, 215),  # elements know no types
    ],
)
def test_batch_and_type(question: str, options: dict[str, object], most: int) -> None:
    (box,) = solve(shapecalc.load(NET), question, **options).boxes  # type: ignore[arg-type]
    assert box["N"].text("N") == f"N from 1 to {most}"


# conv1 has 27*k weights and k biases; kinds of bytes are added up at the types of their own.
@pytest.mark.parametrize(
    ("question", "dtype", "most"),
    [
        ("params <= 1KB", "float32", 8),  # 112*8 = 896
        ("parameter_memory <= 1KB", "float32", 8),
        ("flash <= 1KB", "float32", 8),
        ("params <= 1KB", "weights=int8,biases=int32", 32),  # 31*32 = 992
        ("conv1.params <= 1KB", "weights=int8,biases=int32", 32),
        ("trainable <= 1KB", "float32", 8),
        ("weights <= 1KB", "weights=int8,biases=int32", 37),  # 27*37 = 999
        ("conv1.biases <= 1KB", "weights=int8,biases=int32", 250),
    ],
)
def test_bytes_of_parameters(question: str, dtype: str, most: int) -> None:
    spec = {
        "input": "8x8x3",
        "let": {"k": 8},
        "layers": [{"conv": {"filters": "k", "kernel": 3}}],
    }
    (box,) = solve(shapecalc.load(spec), question, over="k=1:512", dtype=dtype).boxes
    assert box["k"].text("k") == f"k from 1 to {most}"


def test_the_answer_says_what_was_read_as_bytes_and_which_unit_it_was() -> None:
    solution = solve(shapecalc.load(NET), "peak <= 512KB", batch=2, dtype="float16")
    assert solution.remarks[:3] == (
        "The B makes peak a number of bytes: peak_memory.",
        "512KB is 512,000 bytes; KB is 1,000, KiB 1,024.",
        "Memory: 2 bytes per element (float16), a batch of 2.",
    )
    (why,) = solution.why
    assert why.caption == "peak_memory at the borders:"
    solution = solve(shapecalc.load(NET), "peak_memory <= 1MiB")
    assert solution.remarks[:2] == (
        "1MiB is 1,048,576 bytes; MiB is 1,048,576, MB 1,000,000.",
        "Memory: 4 bytes per element (float32), one example.",
    )
    assert not any("emory" in text for text in solve(shapecalc.load(NET), "peak <= 5K").remarks)


REFUSED = {
    "macs <= 50MB": ("50MB is bytes: 'macs' counts, and takes no memory", "write macs <= 50M"),
    "flops <= 1GB": ("1GB is bytes: 'flops' counts, and takes no memory", "write flops <= 1G"),
    "connections <= 9KiB": (
        "9KiB is bytes: 'connections' counts, and takes no memory",
        "write connections <= 9Ki",
    ),
    "conv1.macs = 3KB": (
        "3KB is bytes: 'conv1.macs' counts, and takes no memory",
        "write conv1.macs = 3K",
    ),
    "macs <= 4B": (
        "4B is bytes: 'macs' counts, and takes no memory",
        "write macs <= 4, or macs <= 4G for billions",
    ),
    "params <= 60B": (
        "60B is bytes: 'params' is often said in billions, whose letter here is G",
        "name the bytes (parameter_memory, flash), or write params <= 60G for billions",
    ),
    "N <= 5KB": ("5KB is bytes: 'N' is a size or a constant, no memory", "write N <= 5K"),
    "conv1 <= 16KB": (
        "16KB is bytes: 'conv1' is a volume, no number of bytes",
        "compare its memory: conv1.memory <= 16KB",
    ),
    "conv1.output <= 16KB": (
        "16KB is bytes: 'conv1.output' is a volume, no number of bytes",
        "compare its memory: conv1.memory <= 16KB",
    ),
    "conv1.height <= 16B": (
        "16B is bytes: 'conv1.height' is a size or a constant, no memory",
        "write conv1.height <= 16",
    ),
    "4*peak <= 1MB": (
        "1MB is bytes: 'peak' is a count, and multiplied it may be bytes or not",
        "ask for peak_memory by itself, or drop the B: 4*peak <= 1M",
    ),
    "macs*2 <= 1MB": (
        "1MB is bytes: 'macs' is a count, and multiplied it may be bytes or not",
        "drop the B: macs*2 <= 1M",
    ),
    "peak_memory <= params": (
        "'peak_memory' is bytes, but 'params' is a count",
        "ask for parameter_memory",
    ),
    "macs >= memory": ("'memory' is bytes, but 'macs' is a count", "compare like with like"),
    "peak <= 512kb": ("'512kb' is neither a number nor a shape", "did you mean 512KB?"),
    "peak <= 512 mb": ("'mb' is not expected here", "did you mean 512MB?"),
    "peak <= 3 bytes": ("'bytes' is not expected here", "did you mean 3B?"),
    "ram <= 512KBytes": ("'512KBytes' is neither a number nor a shape", "did you mean 512KB?"),
    "params <= 5m": ("'5m' is neither a number nor a shape", "did you mean 5M?"),
    "params <= 5 gib": ("'gib' is not expected here", "did you mean 5GiB?"),
}


@pytest.mark.parametrize("question", REFUSED)
def test_a_unit_that_does_not_belong_is_refused_with_the_right_one(question: str) -> None:
    with pytest.raises(SpecErrors) as caught:
        solve(shapecalc.load(NET), question)
    (problem,) = caught.value.problems
    assert (problem.code, problem.message, problem.hint) == ("E343", *REFUSED[question])


def test_products_of_bytes_and_of_counts_are_the_askers_own() -> None:
    # 44*N*N <= 4*(27*8 + 8) = 896
    (box,) = solve(shapecalc.load(NET), "peak_memory <= 4*params").boxes
    assert box["N"].text("N") == "N from 1 to 4"
