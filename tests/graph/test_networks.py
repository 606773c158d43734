"""Whole networks of the literature, written in the language (`tests/networks/*.yaml`).

Their `expect` comes from outside: the same layers counted by hooks in PyTorch.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

import shapecalc
from tests.paths import NETWORKS

if TYPE_CHECKING:
    from pathlib import Path

FILES = sorted(NETWORKS.glob("*.yaml"))

#: params, MACs: hooks in PyTorch 2.13.0.
COUNTED = {
    "dcgan-generator": (3_576_704, 104_628_224),
    "siamese": (38_951_745, 1_817_251_840),
    "two-input": (137_489, 1_754_336),
    "unet-padded": (31_031_745, 48_167_387_136),
}


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_what_a_file_expects_comes_out(path: Path) -> None:
    report = shapecalc.summarize(path)
    assert set(report.graph.expected) >= {"params", "macs"}
    for column, value in report.graph.expected.items():
        assert getattr(report.totals, column) == value, column
    assert (report.totals.params, report.totals.macs) == COUNTED[path.stem]


def test_every_network_of_the_list_is_there() -> None:
    assert {path.stem for path in FILES} == set(COUNTED)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_file_says_what_it_is(path: Path) -> None:
    spec = shapecalc.summarize(path).graph.spec
    assert spec.name
    assert spec.citation
    assert spec.note
    assert spec.expect_source
