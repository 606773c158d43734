"""A sweep that is written as it is computed takes no more memory for more points."""

from __future__ import annotations

import subprocess
import sys

import pytest

import shapecalc
from shapecalc.analysis.sweep import prepare
from shapecalc.analysis.sweep.result import Stream
from shapecalc.errors import SpecErrors
from shapecalc.output.view import View
from tests.paths import ROOT

#: Writes a million rows; prints the most memory after a tenth of them and at the end, in kB.
WRITES = """
import re
from pathlib import Path
from shapecalc.analysis.sweep import prepare
from shapecalc.analysis.sweep.result import Stream
from shapecalc.output.formats import parts
from shapecalc.output.view import View
def peak():  # of this program alone: ru_maxrss begins at what its parent had
    return int(re.search(r"VmHWM:\\s+(\\d+) kB", Path("/proc/self/status").read_text())[1])
plan = prepare(
    "lenet5",
    {"H": range(20, 520), "conv1.stride": [1, 2], "W": range(32, 1032)},
    "params",
    View(),
    streamed=True,
)
stream = Stream(plan)
most = []
for part in parts(stream, "csv"):
    if stream.points > 100_000 and not most:
        most.append(peak())
print(stream.points, stream.missing, *most, peak())
"""


@pytest.mark.skipif(sys.platform != "linux", reason="/proc is Linux's")
def test_a_million_rows_take_the_memory_of_a_hundred_thousand() -> None:
    command = [sys.executable, "-c", WRITES]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    points, missing, first, last = map(int, done.stdout.split())
    assert points == 1_000_000
    assert 0 < missing < points
    assert last < 500_000
    assert last - first < 20_000


def test_blocks_without_a_point_come_first_all_the_same() -> None:
    over = {"conv1.stride": [1, 2], "N": range(1, 60)}
    several = list(Stream(prepare("lenet5", over, "macs", View()), rows=8).blocks)
    assert not several[0].exists.any()
    notes = [note for block in several for note in block.notes.tolist()]
    assert notes == shapecalc.sweep("lenet5", over, columns="macs")["note"].tolist()
    with pytest.raises(SpecErrors) as caught:
        shapecalc.sweep("lenet5", {**over, "N": range(1, 9)}, columns="macs")
    assert caught.value.problems[0].code == "E353"


def test_a_sample_of_a_long_axis_does_not_write_it_out() -> None:
    """10^12 values would be eight terabytes."""
    with pytest.raises(SpecErrors) as caught:
        shapecalc.sweep("alexnet", {"N": range(2 * 10**9, 10**12)}, columns="params", sample=3)
    assert caught.value.problems[0].code == "E353"
    swept = shapecalc.sweep("alexnet", {"N": range(67, 10**9, 7)}, columns="conv1.height", sample=9)
    assert [(n - 11) // 4 + 1 for n in swept["N"].tolist()] == swept["conv1.height"].tolist()
