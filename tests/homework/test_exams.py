"""Questions of public exams and homeworks: set, handed out, and solved at full marks."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from shapecalc.homework.answers.files import read_answers
from shapecalc.homework.assignment.teacher import read_homework
from shapecalc.homework.diagnosis.check import check
from shapecalc.homework.sheets.sheet import sheet
from shapecalc.text import Source

EXAMS = sorted((Path(__file__).parent.parent / "data" / "exams").glob("*.yaml"))


@pytest.mark.parametrize("path", EXAMS, ids=lambda path: path.stem)
def test_the_published_solution_has_full_marks(path: Path, tmp_path: Path) -> None:
    exam = yaml.safe_load(path.read_text(encoding="utf-8"))
    networks = exam.get("networks") or {"net": exam["network"]}
    for name, spec in networks.items():
        (tmp_path / f"{name}.yaml").write_text(spec, encoding="utf-8")
    several = "networks" in exam
    names = ", ".join(f"{name}: {name}.yaml" for name in networks)
    text = f"specs: {{{names}}}\n" if several else "spec: net.yaml\n"
    assigned = read_homework(Source(str(tmp_path / "homework.yaml"), text + exam["homework"]))
    assert sheet(assigned, "markdown")
    checked = check(assigned, read_answers(exam["answers"].encode(), "answers.csv"))
    assert checked.marks == checked.out_of > 0, [
        (judged.cell.at, judged.verdict, judged.note) for judged in checked.cells
    ]
