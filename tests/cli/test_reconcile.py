"""`shapecalc reconcile`, `profiles` and `training` as commands: exit codes, files, usage."""

import json
from pathlib import Path

import pytest
from click.testing import Result

from shapecalc.cli import main
from shapecalc.counting.profiles import PROFILES
from tests.runner import runner


def run(*words: str) -> Result:
    return runner().invoke(main, words)


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("reconcile", "lenet5", "macs", "torchinfo"), 0),
        (("reconcile", "lenet5", "--target", "416520"), 0),
        (("reconcile", "lenet5", "--target", "416521"), 1),
        (("reconcile", "lenet5"), 2),
        (("reconcile", "lenet5", "macs"), 2),
        (("reconcile", "lenet5", "macs", "torchinfo", "--target", "1"), 2),
        (("reconcile", "lenet5", "macs", "keras"), 2),
        (("reconcile", "nowhere.yaml", "macs", "flops"), 2),
        (("reconcile", "lenet5", "macs", "flops", "-f", "docx"), 2),
        (("profiles",), 0),
        (("profiles", "thop"), 0),
        (("profiles", "thopp"), 2),
        (("training", "lenet5"), 0),
        (("training", "lenet5", "--optimizer", "adamm"), 2),
        (("training", "lenet5", "--batch", "0"), 2),
    ],
)
def test_exit_codes(words: tuple[str, ...], code: int) -> None:
    result = run(*words)
    assert result.exit_code == code, result.output
    assert bool(result.stdout) == (code != 2)


@pytest.mark.parametrize("suffix", ["txt", "md", "csv", "json", "tex", "html"])
@pytest.mark.parametrize(
    "words",
    [
        ("reconcile", "resnet18", "thop", "fvcore"),
        ("reconcile", "resnet18", "--target", "1.8G"),
        ("training", "resnet18"),
    ],
)
def test_files_are_written_by_their_suffix(
    tmp_path: Path, words: tuple[str, ...], suffix: str
) -> None:
    path = tmp_path / f"out.{suffix}"
    assert run(*words, "-o", str(path)).exit_code == 0
    assert path.read_text(encoding="utf-8").endswith("\n")


def test_options_of_the_network_are_taken() -> None:
    words = ("reconcile", "alphago", "macs", "torchinfo", "--set", "k=3", "-f", "json")
    data = json.loads(run(*words).stdout)
    assert data["difference"] == 12 * 361 * 3 + 361  # a bias for every unit
    data = json.loads(run("training", "vgg16", "--input", "64x64x3", "-f", "json").stdout)
    assert data["rows"][0]["name"] == "input"


@pytest.mark.parametrize("name", PROFILES)
def test_every_profile_is_listed_and_shown(name: str) -> None:
    assert name in run("profiles").stdout
    page = run("profiles", name).stdout
    assert page.startswith(f"{name}\n")
    assert all(rule in page for rule in PROFILES[name].rules.values())
    assert max(map(len, page.splitlines())) <= 90
