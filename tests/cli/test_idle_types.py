"""A type of numbers or a batch that changes nothing: that is said, wherever bytes may be asked."""

from __future__ import annotations

import json

import pytest

import shapecalc
from shapecalc.cli import main
from tests.runner import runner

BOTH = "Nothing that is asked for counts bytes: dtype int8 and batch 4 change no number."
ONE = "Nothing that is asked for counts bytes: dtype int8 changes no number."
SWEEP = ("sweep", "lenet5", "--over", "N=28,32")

CASES = [
    (SWEEP, True),
    ((*SWEEP, "-c", "params,conv1.output"), True),
    ((*SWEEP, "-c", "params,peak_memory"), False),
    ((*SWEEP, "-c", "conv1.memory"), False),
    (("explain", "lenet5", "conv1"), True),
    (("explain", "lenet5"), True),
    (("explain", "lenet5", "conv1", "--of", "params,memory"), False),
    (("explain", "lenet5", "--of", "memory"), False),
    (("solve", "lenet5", "params <= 5M"), True),
    (("solve", "lenet5", "peak_memory <= 512KB"), False),
    (("solve", "lenet5", "peak <= 512KB"), False),
    (("summarize", "lenet5", "--columns", "name,params"), False),
    (("compare", "lenet5", "alexnet"), False),
]


@pytest.mark.parametrize(("words", "idle"), CASES)
def test_that_nothing_counts_bytes_is_remarked(words: tuple[str, ...], idle: bool) -> None:
    for options, sentence in (
        (("--dtype", "int8"), ONE),
        (("--dtype", "int8", "--batch", "4"), BOTH),
    ):
        result = runner().invoke(main, [*words, *options])
        assert (sentence in " ".join(result.output.split())) is idle, result.output
    assert "counts bytes" not in runner().invoke(main, list(words)).output


def test_programs_read_it_too() -> None:
    result = runner().invoke(main, [*SWEEP, "--dtype", "int8", "-f", "json"])
    assert json.loads(result.stdout)["remarks"] == [ONE]
    result = runner().invoke(main, [*SWEEP, "--dtype", "int8", "-f", "csv"])
    assert result.stderr.startswith(f"remark: {ONE}\n")
    assert shapecalc.sweep("lenet5", {"N": [28, 32]}, dtype="int8").doubts == (ONE,)
