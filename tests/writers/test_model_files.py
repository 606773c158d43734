"""Files of other programs, converted: read by their readers, written by ours."""

from __future__ import annotations

from typing import TYPE_CHECKING

import shapecalc
from shapecalc.cli import main
from tests.readers.onnx_bytes import model, node
from tests.readers.test_onnx import SMALL_NET
from tests.runner import runner

if TYPE_CHECKING:
    from pathlib import Path

    from click.testing import Result

#: What has no rule, its shape not stated.
PARTLY = model(
    [node("Relu", "x", "a", "/r/Relu"), node("Einsum", "a", "b", "/e"), node("Relu", "b", "y")],
    {"x": [1, 3, 4, 5]},
    {"y": [1, 3, 4, 5]},
    {},
)


def converted(folder: Path, data: bytes, *words: str) -> Result:
    path = folder / "model.onnx"
    path.write_bytes(data)
    return runner().invoke(main, ["convert", str(path), *words])


def test_an_onnx_file_becomes_a_spec(tmp_path: Path) -> None:
    target = tmp_path / "net.yaml"
    assert converted(tmp_path, SMALL_NET, str(target)).exit_code == 0
    ours, theirs = shapecalc.summarize(target), shapecalc.summarize(tmp_path / "model.onnx")
    assert [(row.type, row.output, row.params, row.macs) for row in ours.rows] == [
        (row.type, row.output, row.params, row.macs) for row in theirs.rows
    ]
    assert "  - conv: {filters: 8, kernel: 3, pad: 1}\n" in target.read_text()


def test_an_onnx_file_becomes_a_program(tmp_path: Path) -> None:
    target = tmp_path / "net.py"
    assert converted(tmp_path, SMALL_NET, str(target)).exit_code == 0
    text = target.read_text()
    assert "self.c = nn.Conv2d(3, 8, kernel_size=3, padding=1)" in text
    compile(text, "net.py", "exec")


def test_what_was_read_in_part_becomes_no_program_but_a_spec(tmp_path: Path) -> None:
    done = converted(tmp_path, PARTLY, "--to", "pytorch")
    assert done.exit_code == 2
    assert "error[E360]" in done.output
    assert "1 Einsum" in done.output
    done = converted(tmp_path, PARTLY, "--to", "yaml")
    assert done.exit_code == 0
    assert "remark: partial: 1 Einsum" in done.output
