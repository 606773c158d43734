"""Random networks as files of other programs, and back: the same outputs, parameters and MACs."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, reject, settings

import shapecalc
from shapecalc.errors import SpecErrors
from shapecalc.writers import WRITERS, Writer
from tests.oracle.networks import small_networks

if TYPE_CHECKING:
    from shapecalc.report import Report


@pytest.mark.parametrize("suffix", [".onnx", ".prototxt"])
def test_any_small_network_is_read_back(suffix: str) -> None:
    (writer,) = [writer for writer in WRITERS if suffix in writer.suffixes]

    @settings(deadline=None, suppress_health_check=list(HealthCheck), max_examples=30)
    @given(report=small_networks())
    def holds(report: Report) -> None:
        again = read_back(report, writer)
        assert again.rows[-1].output == report.rows[-1].output
        ours, theirs = report.totals, again.totals
        assert (theirs.params, theirs.macs) == (ours.params, ours.macs)

    holds()


def read_back(report: Report, writer: Writer) -> Report:
    try:
        made = writer.write(report)
    except SpecErrors as error:
        if {problem.code for problem in error.problems} != {"E360"}:
            raise
        reject()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"net{writer.suffixes[0]}"
        path.write_bytes(b"".join(made.data) or made.text.encode())
        return shapecalc.summarize(path)
