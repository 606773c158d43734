"""Pipes and devices where a file is named: none is waited for without end."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

import shapecalc
from shapecalc.cli import main
from shapecalc.spec import find
from shapecalc.text import files
from tests.runner import runner

pytestmark = pytest.mark.skipif(
    not hasattr(os, "mkfifo"), reason="there are no pipes with names here"
)

NET = "input: 5x5x3\nlayers: [dense: {name: file, units: 2}]\n"
NO_FILE = "is a device or a pipe, not a file"
NO_WRITER = "it is a pipe, and nothing writes into it"
NO_READER = "it is a pipe, and nobody reads it"


@pytest.fixture(autouse=True)
def _pipes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(find, "_PATIENCE", 0.1)
    monkeypatch.setattr(files, "_PATIENCE", 0.1)
    for name in ("pipe", "pipe.csv", "pipe.yaml", "pipe.npz", "pipe.png", "pipe.json", "pipe.zip"):
        os.mkfifo(name)
    Path("net.yaml").write_text(NET)
    Path("extends.yaml").write_text("extends: pipe\n")
    Path("device.yaml").write_text("extends: /dev/zero\n")
    Path("homework.yaml").write_text("spec: lenet5\ncolumns: [params]\n")
    Path("pipe-homework.yaml").write_text("spec: pipe\ncolumns: [params]\n")
    Path("stdin-homework.yaml").write_text('spec: "-"\ncolumns: [params]\n')
    Path("answers.csv").write_text("layer,params\nconv1,3\n")
    Path("class.csv").write_text("id,name\ns1,Ada\n")
    Path("table.yaml").write_text(
        "source: A paper\nspec: pipe\ntables: [{rows: [{layer: conv1, params: 3}]}]\n"
    )
    Path("handed").mkdir()


CANVAS = ["homework", "export", "canvas", "--assignment", "A"]
GRADE = ["homework", "grade", "--homework", "homework.yaml"]
#: Commands with the file that they read, and what they say of it.
READING = [
    (["summarize", "pipe"], NO_WRITER),
    (["summarize", "extends.yaml"], NO_FILE),
    (["summarize", "device.yaml"], NO_FILE),
    (["compare", "net.yaml", "pipe"], NO_WRITER),
    (["explain", "pipe"], NO_WRITER),
    (["solve", "pipe", "params = 3"], NO_WRITER),
    (["sweep", "pipe", "--over", "N=3"], NO_WRITER),
    (["verify", "pipe"], NO_WRITER),
    (["run", "pipe"], NO_WRITER),
    (["run", "net.yaml", "--weights", "pipe.npz"], NO_FILE),
    (["run", "net.yaml", "--image", "pipe.png"], NO_FILE),
    (["training", "pipe"], NO_WRITER),
    (["reconcile", "pipe", "full", "flops"], NO_WRITER),
    (["specs", "pipe"], NO_WRITER),
    (["tables", "--file", "pipe"], NO_WRITER),
    (["homework", "sheet", "pipe"], NO_WRITER),
    (["homework", "sheet", "pipe-homework.yaml"], NO_FILE),
    (["homework", "sheet", "stdin-homework.yaml"], "there is no file '-'"),
    (["homework", "check", "--against", "pipe", "answers.csv"], NO_WRITER),
    (["homework", "check", "--homework", "homework.yaml", "pipe.csv"], NO_WRITER),
    ([*GRADE, "--roster", "pipe.csv", "handed"], NO_WRITER),
    ([*GRADE, "--roster", "class.csv", "--times", "pipe.csv", "handed"], NO_WRITER),
    ([*GRADE, "--roster", "class.csv", "--variants", "pipe.csv", "handed"], NO_WRITER),
    ([*GRADE, "--roster", "class.csv", "pipe"], "there is no folder 'pipe'"),
    ([*GRADE, "--roster", "class.csv", "pipe.zip"], "there is no folder 'pipe.zip'"),
    ([*CANVAS, "--gradebook", "class.csv", "pipe.json"], NO_WRITER),
]


@pytest.mark.parametrize(("command", "message"), READING, ids=str)
def test_a_pipe_that_nothing_writes_into_is_not_waited_for(
    command: list[str], message: str
) -> None:
    result = runner().invoke(main, command)
    assert message in result.stderr
    assert result.exit_code == 2


@pytest.mark.parametrize(
    "command",
    [
        ["summarize", "net.yaml", "-f", "csv", "-o", "pipe"],
        ["run", "net.yaml", "--save-weights", "pipe.npz"],
        ["homework", "sheet", "homework.yaml", "-o", "pipe.csv"],
    ],
    ids=lambda command: command[0],
)
def test_a_pipe_that_nobody_reads_is_not_waited_for(command: list[str]) -> None:
    result = runner().invoke(main, command)
    assert NO_READER in result.stderr
    assert result.exit_code == 2


def test_a_pipe_with_a_slow_writer_is_read_to_its_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(find, "_PATIENCE", 10)

    def write() -> None:
        with Path("pipe").open("w", encoding="utf-8") as file:
            for letter in NET:
                file.write(letter)
                file.flush()

    writer = threading.Thread(target=write, daemon=True)
    writer.start()
    assert shapecalc.summarize("pipe").totals.params == 152
    writer.join(10)
