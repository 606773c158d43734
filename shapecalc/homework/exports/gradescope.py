"""Gradescope's autograder: results.json, and the zip that is uploaded and writes it.

results.json has one test a layer, by default: a box a cell makes 60 of them for VGG-16.  The tags
of a test are the mistakes that are certain.  No leaderboard is made.

Gradescope unpacks the zip into `source/`, runs `setup.sh` once, and `run_autograder` from the
folder above for every submission.  Whatever happens there, results.json is written.
"""

from __future__ import annotations

import os.path
from pathlib import Path
from typing import TYPE_CHECKING, Literal, NamedTuple, TypeAlias

from shapecalc import __version__
from shapecalc.errors import refuse
from shapecalc.homework.assignment.notation import marks_number
from shapecalc.homework.exports.packing import archive
from shapecalc.homework.exports.parts import (
    marked_up,
    part_lines,
    parts_of,
    problem_lines,
    summary_lines,
)
from shapecalc.homework.languages import ENGLISH, spoken
from shapecalc.output.json import dump
from shapecalc.spec.find import beside, is_shipped
from shapecalc.text import Origin

if TYPE_CHECKING:
    from shapecalc.errors import Problem
    from shapecalc.homework.assignment.model import Homework
    from shapecalc.homework.diagnosis import Checked, JudgedCell
    from shapecalc.homework.exports.parts import CheckPart, Markup, Per
    from shapecalc.text import Source


Visibility: TypeAlias = Literal["visible", "hidden", "after_due_date", "after_published"]

#: The name and version of what stands under `extra_data.shapecalc`.
SCHEMA = "shapecalc.homework.gradescope/1"


class TestStyle(NamedTuple):
    """How results are shown: in which parts, how much is told, to whom and in what markup."""

    per: Per
    hint: int
    visibility: Visibility
    markup: Markup


def results(
    checked: Checked,
    *,
    per: Per = "layer",
    hint: int = 2,
    visibility: Visibility = "visible",
    markup: Markup = "text",
) -> str:
    """Write the results of one submission."""
    style = TestStyle(per, hint, visibility, markup)
    tests = [_test(part, n, style) for n, part in enumerate(parts_of(checked, style.per), 1)]
    return _json(
        {
            "score": marks_number(checked.marks),
            "output": marked_up(summary_lines(checked, hint=style.hint), style.markup),
            "output_format": style.markup,
            "test_output_format": style.markup,
            "test_name_format": "text",
            "visibility": style.visibility,
            "stdout_visibility": "hidden",
            "extra_data": {
                "shapecalc": {
                    "schema": SCHEMA,
                    "homework": checked.homework.stamp,
                    "cells": [_cell(judged, style.hint) for judged in checked.cells],
                }
            },
            "tests": tests,
        }
    )


def refused(problems: tuple[Problem, ...], *, markup: Markup = "text", **_: object) -> str:
    """Write the results of answers that cannot be read: no marks, and why."""
    return _json(
        {
            "score": 0,
            "output": marked_up(problem_lines(problems), markup),
            "output_format": markup,
            "visibility": "visible",
            "stdout_visibility": "hidden",
            "extra_data": {"shapecalc": {"schema": SCHEMA, "unreadable": True}},
            "tests": [],
        }
    )


def _test(part: CheckPart, number: int, style: TestStyle) -> dict[str, object]:
    lines = part_lines(part, per=style.per, hint=style.hint)
    return {
        "score": marks_number(part.marks),
        "max_score": marks_number(part.out_of),
        "status": "passed" if part.right else "failed",
        "name": part.name,
        "number": str(number),
        "output": marked_up(lines, style.markup),
        "tags": list(part.ids) if style.hint > 1 else [],
        "visibility": style.visibility,
    }


def _cell(judged: JudgedCell, hint: int) -> dict[str, object]:
    graded = judged.verdict != "not_graded"
    return {
        "layer": judged.cell.layer,
        "column": judged.cell.quantity.key,
        "raw": judged.raw,
        "read_as": judged.read_as or None,
        "verdict": judged.verdict,
        "misconceptions": [list(diagnosis.ids) for diagnosis in judged.diagnoses]
        if hint > 1
        else [],
        "marks": marks_number(judged.marks),
        "out_of": marks_number(judged.cell.out_of) if graded else 0,
    }


def _json(value: dict[str, object]) -> str:
    return dump(value, indent=2) + "\n"


#: What the package has already.
_NAMES = ("homework.yaml", "variants.csv", "setup.sh", "run_autograder")

_SETUP = """\
#!/usr/bin/env bash
# Runs once, when the image is built: finds a Python of 3.11 or newer and installs shapecalc.
set -eu
cd "$(dirname "$0")/.."
newest() {
  for python in python3.14 python3.13 python3.12 python3.11 python3; do
    if "$python" -c 'import sys, venv; sys.exit(sys.version_info < (3, 11))' 2> /dev/null; then
      echo "$python"
      return
    fi
  done
}
python="$(newest)"
if [ -z "$python" ] || ! "$python" -m venv venv; then
  apt-get update
  apt-get install -y python3 python3-venv
  apt-get install -y python3.11 python3.11-venv || true
  python="$(newest)"
  [ -n "$python" ] || { echo "no Python of 3.11 or newer: choose a newer Ubuntu" >&2; exit 1; }
  "$python" -m venv --clear venv
fi
venv/bin/python -m pip install "shapecalc-convnets==VERSION"
"""

_RUN = """\
#!/usr/bin/env bash
# Runs for every submission: judges the file of answers in submission/, writes results/results.json.
set -u
cd "$(dirname "$0")"
python=venv/bin/python
[ -x "$python" ] || python=python3
mkdir -p results
rm -f results/results.json
timeout 60 "$python" -m shapecalc homework export gradescope submission \\
  --homework source/homework.yaml OPTIONS -o results/results.json
if [ ! -s results/results.json ]; then
  cat > results/results.json << 'END'
{"score": 0, "output": "The autograder failed; this says nothing of your answers.", "tests": []}
END
fi
"""


def package(
    homework: Homework,
    source: Source,
    variants: Source | None = None,
    *,
    per: Per = "layer",
    hint: int = 2,
    visibility: Visibility = "visible",
    markup: Markup = "text",
) -> bytes:
    """Pack the autograder of a homework, whose file is `source`, with the list of its variants.

    Raises `SpecErrors` (E745) when its network lies outside the folder of the homework.
    """
    options = f"--per {per} --hint {hint} --visibility {visibility} --markup {markup}"
    if spoken() != ENGLISH:
        options += f" --language {spoken()}"
    listed = {}
    if variants is not None:
        options += " --variants source/variants.csv"
        listed["variants.csv"] = variants.text
    return archive(
        {
            "setup.sh": _SETUP.replace("VERSION", __version__),
            "run_autograder": _RUN.replace("OPTIONS", options),
            "homework.yaml": source.text,
            **listed,
            **_networks(homework, source),
        }
    )


def _networks(homework: Homework, source: Source) -> dict[str, str]:
    """Return the files of the network, under their names beside the homework's."""
    reports = homework.networks.values() or (homework.report,)
    specs = [report.graph.spec for report in reports]
    files = {}
    for name in (file.name for spec in specs for file in (spec.source, *spec.extends)):
        if is_shipped(name):
            continue
        path = os.path.relpath(name, Path(source.name).parent).replace(os.sep, "/")
        if path.startswith("../") or Path(path).is_absolute() or path in _NAMES:
            message = f"'{name}' cannot be packed: it is not beside the homework"
            hint = "move it into the homework's folder, under a name of its own"
            raise refuse("E745", message, Origin(source), hint)
        file = beside(path, source)
        if file.tree is not None:
            message = f"'{name}' cannot be packed: it is no spec, but a model file"
            hint = f"make a spec of it: `shapecalc convert {name} {Path(name).stem}.yaml`"
            raise refuse("E745", message, Origin(source), hint)
        files[path] = file.text
    return files
