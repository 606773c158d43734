"""ONNX Runtime's own operations beside the runtime: what is read of them has its numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from judge import need

import shapecalc
from shapecalc.cli import main
from tests.readers.onnx_microsoft import CASES, Case
from tests.runner import runner

if TYPE_CHECKING:
    from pathlib import Path

onnxruntime = need("onnxruntime")
torch = need("torch")
nn = torch.nn
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


def test_a_file_for_one_processor_costs_what_it_was_made_of(tmp_path: Path) -> None:
    """The runtime puts the channels of what its processor has blocks for into these."""
    torch.manual_seed(3)
    net = nn.Sequential(
        nn.Conv2d(3, 16, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(16, 20, 3, 2, 1),
        nn.ReLU6(), nn.Conv2d(20, 20, 3, padding=1, groups=20), nn.Sigmoid(), nn.Conv2d(20, 9, 1),
        nn.Upsample(scale_factor=2), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(9, 10),
    ).eval()  # fmt: skip
    plain, best = tmp_path / "net.onnx", tmp_path / "best.onnx"
    with torch.no_grad():
        torch.onnx.export(net, (torch.randn(1, 3, 32, 40),), str(plain), dynamo=False)
    options = onnxruntime.SessionOptions()
    options.optimized_model_filepath = str(best)
    options.log_severity_level = 4  # that it is for this processor alone
    onnxruntime.InferenceSession(str(plain), options, providers=["CPUExecutionProvider"])
    reports = [shapecalc.summarize(path) for path in (plain, best)]
    rows, others = (
        [(r.type, r.output, r.params, r.macs) for r in report.rows] for report in reports
    )
    assert rows == others
