"""Damaged model files are read, or refused in good order."""

from __future__ import annotations

import pytest

from tests.fuzz.models import FORMATS, outcome


@pytest.mark.parametrize("name", sorted(FORMATS))
def test_damaged_files_are_read_or_refused(name: str) -> None:
    if name == "tflite":
        pytest.importorskip("tflite", reason="tflite is not installed: the extra `test` has it")
    results = {outcome(name, seed) for seed in range(300)}
    assert "read" in results
    assert any("E009" in result for result in results)
