"""Models that a program makes: what can be seen of them without their frameworks."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

import pytest

import shapecalc
from shapecalc.cli import main
from tests.runner import runner

if TYPE_CHECKING:
    from pathlib import Path

CONFIG = {
    "class_name": "Sequential",
    "config": {
        "name": "made",
        "layers": [
            {"class_name": "InputLayer", "config": {"name": "in", "batch_shape": [None, 4, 4, 2]}},
            {"class_name": "ReLU", "config": {"name": "act"}},
        ],
    },
}


class Model:
    """Says what it is as Keras' models do."""

    def __init__(self, config: object) -> None:
        self.config = config

    def to_json(self) -> str:
        if self.config is None:
            raise NotImplementedError("it has no get_config")
        return json.dumps(self.config)


Model.__module__ = "keras.src.models.model"

PROGRAM = """
from tests.readers.test_live import CONFIG, Model
print("it runs")
ready = Model(CONFIG)
def make(): return Model(CONFIG)
def none(): return Model(None)
def number(): return 3
def fails(): raise ValueError("no such depth\\nand more")
"""


@pytest.fixture
def _program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delitem(sys.modules, "made_here", raising=False)
    (tmp_path / "made_here.py").write_text(PROGRAM)


def test_a_live_model_of_keras_is_what_its_json_says() -> None:
    model: Any = Model(CONFIG)
    graph = shapecalc.from_keras(model)
    assert [row.name for row in shapecalc.summarize(graph).rows] == ["input", "act"]
    with pytest.raises(shapecalc.SpecErrors, match="Keras cannot say what the model is: it has no"):
        shapecalc.from_keras(Model(None))


def test_what_is_no_model_is_refused_as_python_does() -> None:
    with pytest.raises(TypeError, match=r"`from_keras` takes a keras.Model, not dict"):
        shapecalc.from_keras({})
    with pytest.raises(TypeError, match=r"`from_torch` takes a torch.nn.Module, not Model"):
        shapecalc.from_torch(Model(CONFIG), "4x4x2")


@pytest.mark.usefixtures("_program")
@pytest.mark.parametrize("name", ["make", "ready"])
def test_a_function_named_on_the_command_line_is_run_and_that_is_said(name: str) -> None:
    done = runner().invoke(main, ["summarize", f"py:made_here:{name}", "-f", "csv"])
    assert done.exit_code == 0
    assert f"remark: py:made_here:{name} runs the code of made_here, as you ask" in done.stderr
    assert "it runs" in done.stderr  # what it prints is no part of the table
    assert done.stdout.splitlines()[-1].startswith("act,relu,")


@pytest.mark.usefixtures("_program")
@pytest.mark.parametrize(
    ("place", "message"),
    [
        ("py:made_here", "'py:made_here' names no function of a module"),
        ("py:made_here:nothing", "makes no model: AttributeError"),
        ("py:not_there:make", "makes no model: ModuleNotFoundError: No module named 'not_there'"),
        ("py:made_here:fails", "makes no model: ValueError: no such depth\n"),
        ("py:made_here:number", "makes a value of the type int, and no model"),
        ("py:made_here:none", "Keras cannot say what the model is"),
    ],
)
def test_what_makes_no_model_is_said(place: str, message: str) -> None:
    done = runner().invoke(main, ["summarize", place])
    assert done.exit_code == 2
    assert message in done.stderr


@pytest.mark.usefixtures("_program")
def test_no_file_runs_code(tmp_path: Path) -> None:
    (tmp_path / "more.yaml").write_text("extends: py:made_here:make\n")
    done = runner().invoke(main, ["summarize", "more.yaml"])
    assert done.exit_code == 2
    assert "there is no file 'py:made_here:make'" in done.stderr
    assert "made_here" not in sys.modules
