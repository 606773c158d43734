"""A doubt about the input is said on standard error, in every caption, in JSON, and on the report."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from shapecalc.cli import main
from tests.runner import runner

SAID = "input: 3x32x32 is read as height 3, width 32, 32 channels. Was 32x32x3 meant?"
PLAINLY = " If not, {height: 3, width: 32, channels: 32} says so plainly."
SPEC = "{}layers: [conv: {{filters: 8, kernel: 3, pad: 1}}, relu, dense: 10]\n"
COMMANDS = [
    ["summarize", "net.yaml"],
    ["explain", "net.yaml", "conv1"],
    ["explain", "net.yaml"],
    ["solve", "net.yaml", "params <= 1M", "--over", "conv1.filters=1:99"],
    ["sweep", "net.yaml", "--over", "conv1.filters=1,2"],
    ["compare", "net.yaml", "net.yaml"],
    ["reconcile", "net.yaml", "full", "flops"],
    ["reconcile", "net.yaml", "--target", "1M"],
    ["training", "net.yaml"],
    ["verify", "net.yaml"],
    ["run", "net.yaml"],
    ["homework", "lint", "homework.yaml"],
    ["homework", "check", "answers.csv", "--homework", "homework.yaml"],
    ["homework", "check", "answers.csv", "--against", "net.yaml"],
]
PAGES = ["text", "markdown", "latex", "html"]


@pytest.fixture(autouse=True)
def _files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "net.yaml").write_text(SPEC.format("input: 3x32x32\n"))
    (tmp_path / "quiet.yaml").write_text(SPEC.format("input: 32x32x3\n"))
    homework = "title: One\nspec: net.yaml\nlayers: [conv1]\ncolumns: [params]\n"
    (tmp_path / "homework.yaml").write_text(homework)
    (tmp_path / "answers.csv").write_text("layer,params\nconv1,224\n")


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
@pytest.mark.parametrize("page", PAGES)
def test_every_page_and_standard_error_have_it(command: list[str], page: str) -> None:
    done = runner().invoke(
        main, [*command, "-f", page, *(["--width", "400"] if page == "text" else [])]
    )
    assert done.exit_code == 0, done.stderr
    assert done.stderr.count(f"remark: {SAID}{PLAINLY}\n") == 1
    shown = done.stdout.replace("×", "x").replace(r"$\times$", "x")
    assert SAID in shown


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_json_has_a_key_only_where_there_is_one(command: list[str]) -> None:
    done = runner().invoke(main, [*command, "-f", "json"])
    assert f"{SAID}{PLAINLY}" in json.loads(done.stdout)["remarks"]
    assert f"remark: {SAID}{PLAINLY}\n" in done.stderr
    quiet = [word.replace("net.yaml", "quiet.yaml") for word in command]
    if quiet != command and command[0] != "solve":  # whose answers have remarks of their own
        done = runner().invoke(main, [*quiet, "-f", "json"])
        assert "remarks" not in json.loads(done.stdout)
        assert "remark:" not in done.stderr


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_csv_says_it_on_standard_error_only(command: list[str]) -> None:
    done = runner().invoke(main, [*command, "-f", "csv"])
    assert "meant?" not in done.stdout
    assert done.stderr.count(f"remark: {SAID}{PLAINLY}\n") == 1


@pytest.mark.parametrize("form", ["text", "markdown", "latex", "html"])
def test_a_sheet_says_how_its_input_is_read(form: str) -> None:
    done = runner().invoke(main, ["homework", "sheet", "homework.yaml", "-f", form])
    shown = " ".join(done.stdout.replace("×", "x").replace(r"$\times$", "x").split())
    assert "Was 32x32x3 meant?" in shown
    assert f"remark: {SAID}{PLAINLY}\n" in done.stderr


def test_several_networks_are_told_apart() -> None:
    done = runner().invoke(main, ["compare", "quiet.yaml", "net.yaml"])
    assert done.stderr == f"remark: net, {SAID}{PLAINLY}\n"


def test_another_network_of_that_name_takes_no_remark_away(tmp_path: Path) -> None:
    (tmp_path / "quiet.yaml").write_text(SPEC.format("name: net\ninput: 32x32x3\n"))
    done = runner().invoke(main, ["compare", "net.yaml", "quiet.yaml"])
    assert done.stderr == f"remark: {SAID}{PLAINLY}\n"


def test_an_option_is_doubted_too() -> None:
    done = runner().invoke(main, ["summarize", "quiet.yaml", "--input", "3x32x32"])
    assert done.stderr == f"remark: {SAID}\n"


@pytest.mark.parametrize(
    ("given", "code", "hint"),
    [
        ("input: 28x28", "E303", "did you mean 28x28x3?"),
        ("input: Nonex28x28x3", "E303", "leave it out: 28x28x3"),
        ("input: 1x1x3", "E204", "quiet takes"),
    ],
)
def test_what_a_homework_gives_is_blamed_where_it_stands(given: str, code: str, hint: str) -> None:
    spec = "input: 32x32x3\nname: quiet\nlayers: [conv: {filters: 8, kernel: 3}, dense: 10]\n"
    Path("small.yaml").write_text(spec)
    Path("homework.yaml").write_text(f"spec: small.yaml\n{given}\nlayers: [conv1]\n")
    done = runner().invoke(main, ["homework", "sheet", "homework.yaml"])
    assert done.exit_code == 2
    assert done.stderr.startswith(f"error[{code}]")
    assert "--> homework.yaml:2:8" in done.stderr
    assert hint in done.stderr


def test_a_doubtful_input_of_a_homework_is_remarked() -> None:
    Path("homework.yaml").write_text("spec: quiet.yaml\ninput: 3x64x64\nlayers: [conv1]\n")
    done = runner().invoke(main, ["homework", "sheet", "homework.yaml"])
    assert done.exit_code == 0
    assert done.stderr == (
        "remark: input: 3x64x64 is read as height 3, width 64, 64 channels. Was 64x64x3 meant?\n"
    )
