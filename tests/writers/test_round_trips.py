"""Random networks as files of other programs, and back: the same outputs, parameters and MACs."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, reject, settings

import shapecalc
from shapecalc.algebra import known
from shapecalc.errors import SpecErrors
from shapecalc.layers import BUILTIN
from shapecalc.readers import PARTIAL
from shapecalc.writers import WRITERS, Writer
from tests.oracle.networks import small_networks
from tests.paths import TESTS

if TYPE_CHECKING:
    from shapecalc.report import Report


#: Layers that a model holds as others with weights of their own, or in parts that have no rule: what
#: costs something else there.
UNLIKE = frozenset({"subsampling", "blurpool", "rbf"})


@pytest.mark.parametrize("suffix", [".onnx", ".prototxt"])
def test_any_small_network_is_read_back(suffix: str) -> None:
    (writer,) = [writer for writer in WRITERS if suffix in writer.suffixes]

    @settings(deadline=None, suppress_health_check=list(HealthCheck), max_examples=30)
    @given(report=small_networks())
    def holds(report: Report) -> None:
        if UNLIKE.intersection(row.type for row in report.rows):
            reject()
        again = read_back(report, writer)
        if any(text.startswith(PARTIAL) for text in again.remarks):
            assert "window_merge" in {row.type for row in report.rows} or is_volume(report)
            return
        assert extents(again) == extents(report)
        ours, theirs = report.totals, again.totals
        assert (theirs.params, theirs.macs) == (ours.params, ours.macs)

    holds()


def is_volume(report: Report) -> bool:
    """Tell whether what flows in has three sides: so many axes are not always followed."""
    return len(report.rows[0].output.sides) == 3


def extents(report: Report) -> list[int]:
    """Return the sizes of what comes out, without those of 1, whichever stands last."""
    last = report.rows[-1].output
    return sorted(n for n in map(known, (*last.sides, last.channels)) if n != 1)


#: What stands in random networks as a part of `attention`.
OF_ATTENTION = {
    "matmul", "causal_mask", "window_mask", "window_partition", "window_merge",
}  # fmt: skip


def test_every_type_stands_in_random_networks() -> None:
    source = (TESTS / "oracle" / "networks.py").read_text("utf-8")
    missing = {word for word in BUILTIN if f'"{word}"' not in source}
    assert missing == OF_ATTENTION


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
