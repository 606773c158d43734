"""What is meant by a word where a command, a file or a topic is expected."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from shapecalc.cli import main
from tests.runner import runner

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(autouse=True)
def _files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "nets").mkdir()
    for name in ("net.yaml", "other.yml", "nets/unet.yaml"):
        (tmp_path / name).write_text("input: 3x4x5\nlayers: [relu]\n")


@pytest.mark.parametrize("word", ["net.yaml", "new.yaml", "other.yml", "alexnet"])
def test_a_spec_in_place_of_a_command_suggests_summarize(word: str) -> None:
    done = runner().invoke(main, [word])
    assert done.exit_code == 2
    assert f"did you mean `shapecalc summarize {word}`?" in done.stderr


@pytest.mark.parametrize(
    ("word", "meant"),
    [
        ("netyaml", "net.yaml"),
        ("net.yaml.", "net.yaml"),
        ("other", "other.yml"),
        ("nets/unetyaml", "nets/unet.yaml"),
        ("ohter.yml", "other.yml"),
        ("alexnt", "alexnet"),
    ],
)
def test_a_misspelt_file_suggests_the_one_beside_it(word: str, meant: str) -> None:
    done = runner().invoke(main, ["summarize", word])
    assert done.exit_code == 2
    assert f"hint: did you mean '{meant}'?\n" in done.stderr


@pytest.mark.parametrize("word", ["rf", "receptive_field", "field"])
def test_the_receptive_field_goes_by_its_column_s_name(word: str) -> None:
    same = [
        runner().invoke(main, ["explain", "lenet5", "conv1", "--of", topic]).stdout
        for topic in (word, "receptive-field")
    ]
    assert same[0] == same[1] != ""


def test_flops_are_explained_by_macs() -> None:
    done = runner().invoke(main, ["explain", "lenet5", "conv1", "--of", "flops"])
    assert done.exit_code == 2
    assert "hint: did you mean 'macs'? FLOPs are 2 x MACs" in done.stderr
