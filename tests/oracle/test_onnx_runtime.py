"""ONNX Runtime's own operations beside the runtime: what is read of them has its numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from judge import need

from shapecalc.cli import main
from tests.readers.onnx_microsoft import CASES, Case
from tests.runner import runner

if TYPE_CHECKING:
    from pathlib import Path

need("onnxruntime")
pytestmark = [pytest.mark.oracle, pytest.mark.filterwarnings("ignore")]

RUN = {name: case for name, case in CASES.items() if case.run}


@pytest.mark.parametrize("case", RUN.values(), ids=RUN.keys())
def test_an_operation_computes_what_the_runtime_does(case: Case, tmp_path: Path) -> None:
    path = tmp_path / "net.onnx"
    path.write_bytes(case.data())
    result = runner().invoke(main, ["verify", str(path)])
    assert result.exit_code == 0, result.output
    assert "ONNX Runtime" in result.output
    assert "not judged" not in result.output
