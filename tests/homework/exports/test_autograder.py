"""The Gradescope package, unpacked and run as Gradescope does."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

import jsonschema
import pytest

import shapecalc
from shapecalc.cli import main
from shapecalc.errors import SpecErrors
from shapecalc.homework.assignment.teacher import read_homework
from shapecalc.homework.exports.gradescope import package
from shapecalc.spec.find import find
from tests.runner import runner

sys.path.insert(0, str(Path(__file__).parent))

from schemas import GRADESCOPE

from tests.paths import ROOT

if TYPE_CHECKING:
    from collections.abc import Callable

    from shapecalc.homework.assignment.model import Homework

    Make = Callable[..., Homework]

ANSWERS = "layer,params\none,1824\nthree,8640\n"


@pytest.fixture
def autograder(made: Make, tmp_path: Path) -> Path:
    """Unpack the package of the small homework into a folder like /autograder."""
    made()
    out = tmp_path / "autograder.zip"
    words = ["homework", "export", "gradescope-package", "--homework", f"{tmp_path}/homework.yaml"]
    done = runner().invoke(main, [*words, "-o", str(out), "--per", "cell", "--markup", "md"])
    assert done.exit_code == 0, done.output
    folder = tmp_path / "autograder"
    with zipfile.ZipFile(out) as zipped:
        zipped.extractall(folder / "source")
        for info in zipped.infolist():
            mode = info.external_attr >> 16
            assert mode == (
                0o100755 if info.filename in ("setup.sh", "run_autograder") else 0o100644
            )
            (folder / "source" / info.filename).chmod(mode)
    (folder / "run_autograder").write_bytes((folder / "source/run_autograder").read_bytes())
    (folder / "run_autograder").chmod(0o755)
    (folder / "submission").mkdir()
    (folder / "results").mkdir()
    return folder


def graded(folder: Path, python: str | None = sys.executable) -> dict:
    """Run the script, from another folder, and return the results."""
    if python is not None:
        (folder / "venv/bin").mkdir(parents=True)
        program = folder / "venv/bin/python"
        program.write_text(f'#!/bin/sh\nPYTHONPATH="{ROOT}" exec "{python}" "$@"\n')
        program.chmod(0o755)
    done = subprocess.run(
        [str(folder / "run_autograder")],
        cwd="/",
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
        env={"PATH": os.environ["PATH"], "HOME": str(folder)},
    )
    assert done.returncode == 0, done.stderr
    written = json.loads((folder / "results/results.json").read_text())
    jsonschema.validate(written, GRADESCOPE)
    return written


def test_a_submission_is_graded(autograder: Path) -> None:
    (autograder / "submission/mine.csv").write_text(ANSWERS)
    (autograder / "results/results.json").write_text("an old one")
    result = graded(autograder)
    assert result["score"] == 1
    assert result["output_format"] == "md"
    tests = {test["name"]: test for test in result["tests"]}
    assert tests["one: params"]["status"] == "passed"
    assert tests["three: params"]["tags"] == ["P1"]


def test_a_submission_that_is_none_has_results(autograder: Path) -> None:
    (autograder / "submission/mine.csv").write_bytes(b"%PDF-1.4")
    result = graded(autograder)
    assert result["score"] == 0
    assert "the file is a PDF" in result["output"]


def test_results_are_written_when_everything_fails(autograder: Path) -> None:
    (autograder / "source/homework.yaml").write_text("nothing: of the kind")
    result = graded(autograder)
    assert result["score"] == 0
    assert "The autograder failed" in result["output"]
    (autograder / "venv/bin/python").write_text("#!/bin/sh\nexit 1\n")
    assert "The autograder failed" in graded(autograder, None)["output"]


def test_setup_installs_this_version_with_a_python_that_can_run_it(
    autograder: Path, tmp_path: Path
) -> None:
    bin_ = tmp_path / "bin"
    bin_.mkdir()
    log = tmp_path / "log"
    stubs = {
        "python3": "exit 1",  # too old
        "python3.11": 'case "$1" in -c) exit 0;; esac\n'
        'mkdir -p venv/bin; cp "$0" venv/bin/python; echo "$@" >> "$LOG"',
        "apt-get": 'echo apt-get "$@" >> "$LOG"',
    }
    for name, text in stubs.items():
        (bin_ / name).write_text(f"#!/bin/sh\n{text}\n")
        (bin_ / name).chmod(0o755)
    for tool in ("dirname", "mkdir", "cp", "bash", "sh", "env"):
        (bin_ / tool).symlink_to(
            next(Path(p, tool) for p in ("/bin", "/usr/bin") if Path(p, tool).exists())
        )
    environment = {"PATH": str(bin_), "LOG": str(log)}
    setup = str(autograder / "source/setup.sh")
    subprocess.run([setup], check=True, cwd="/", env=environment, timeout=60)
    message = log.read_text()
    assert message == f"-m venv venv\n-m pip install shapecalc-convnets=={shapecalc.__version__}\n"
    (bin_ / "python3.11").unlink()
    done = subprocess.run(
        [setup], check=False, cwd="/", env=environment, timeout=60, capture_output=True
    )
    assert done.returncode == 1
    assert b"choose a newer Ubuntu" in done.stderr


def test_scripts_name_no_host(autograder: Path) -> None:
    for name in ("setup.sh", "run_autograder"):
        text = (autograder / "source" / name).read_text()
        assert text.startswith("#!/usr/bin/env bash\n")
        assert "://" not in text
        assert "/autograder" not in text.replace("run_autograder", "")
        subprocess.run(["bash", "-n", "-c", text], check=True, timeout=20)


def names_in(data: bytes) -> list[str]:
    with zipfile.ZipFile(io.BytesIO(data)) as zipped:
        return zipped.namelist()


def test_a_package_holds_the_networks_that_are_no_shipped_ones(made: Make, tmp_path: Path) -> None:
    homework = made()
    source = find(str(tmp_path / "homework.yaml"))
    data = package(homework, source)
    scripts = ["setup.sh", "run_autograder", "homework.yaml"]
    assert names_in(data) == [*scripts, "net.yaml"]
    assert data == package(homework, source, per="layer", hint=2)
    (tmp_path / "nets").mkdir()
    (tmp_path / "nets/wide.yaml").write_text("extends: ../net.yaml\nlet: {}\n")
    path = tmp_path / "other.yaml"
    path.write_text("spec: nets/wide.yaml\n")
    source = find(str(path))
    assert names_in(package(read_homework(source), source)) == [
        *scripts,
        "nets/wide.yaml",
        "net.yaml",
    ]
    path.write_text("spec: lenet5\n")
    source = find(str(path))
    assert names_in(package(read_homework(source), source)) == scripts


def test_a_network_elsewhere_cannot_be_packed(made: Make, tmp_path: Path) -> None:
    made()
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "homework.yaml").write_text("spec: ../net.yaml\n")
    source = find(str(folder / "homework.yaml"))
    with pytest.raises(SpecErrors, match=r"E745.*not beside the homework"):
        package(read_homework(source), source)


def test_a_model_file_cannot_be_packed(tmp_path: Path) -> None:
    (tmp_path / "net.cfg").write_text(
        "[net]\nheight=8\nwidth=8\nchannels=3\n"
        "[convolutional]\nfilters=4\nsize=3\nactivation=linear\n"
    )
    (tmp_path / "homework.yaml").write_text("spec: net.cfg\n")
    source = find(str(tmp_path / "homework.yaml"))
    with pytest.raises(SpecErrors, match=r"E745.*is no spec, but a model file"):
        package(read_homework(source), source)


def test_the_stamp_knows_what_was_read_of_a_model_file(tmp_path: Path) -> None:
    stamps = set()
    for filters in (4, 5):
        (tmp_path / "net.cfg").write_text(
            "[net]\nheight=8\nwidth=8\nchannels=3\n"
            f"[convolutional]\nfilters={filters}\nsize=3\nactivation=linear\n"
        )
        (tmp_path / "homework.yaml").write_text("spec: net.cfg\n")
        stamps.add(read_homework(find(str(tmp_path / "homework.yaml"))).stamp)
    assert len(stamps) == 2
