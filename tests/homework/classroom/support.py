"""A small class on disk, and what a run over it wrote."""

from __future__ import annotations

import csv
import io
import os
from typing import TYPE_CHECKING

from shapecalc.homework.classroom.grade import GradedRun, Request, grade
from shapecalc.homework.classroom.judging import HomeworkSource
from shapecalc.homework.classroom.last_run import FILE as LAST_RUN
from shapecalc.spec.find import find
from shapecalc.text import Source

if TYPE_CHECKING:
    from pathlib import Path

HEAD = "layer,output,params,macs\n"
#: LeNet-5's first layers by hand: 28x28x6, 5*5*1*6 + 6 = 156, 28*28*150 = 117,600 MACs.
RIGHT = HEAD + "conv1,28x28x6,156,117600\npool1,14x14x6,0,0\n"
#: Without the biases: 150.
NO_BIAS = HEAD + "conv1,28x28x6,150,117600\npool1,14x14x6,0,0\n"
HOMEWORK = "title: by hand\nspec: lenet5\nlayers: [conv1, pool1]\n"
ROSTER = "id,name,email\ns1,Ann Lee,ann@x.edu\ns2,Max Moe,max@x.edu\ns3,Ida Holm,ida@x.edu\n"


def lay_out(folder: Path, files: dict[str, str | bytes], roster: str = ROSTER) -> None:
    """Write a class: its roster, its homework, and what was handed in."""
    (folder / "sub").mkdir(parents=True)
    (folder / "class.csv").write_text(roster, encoding="utf-8")
    for name, data in files.items():
        path = folder / "sub" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data.encode() if isinstance(data, str) else data)


def request(folder: Path, homework: str = HOMEWORK, **more: object) -> Request:
    source = Source(str(folder / "homework.yaml"), homework)
    settings = {"folder": str(folder / "sub"), "results": str(folder / "results"), **more}
    return Request(HomeworkSource(source), roster=str(folder / "class.csv"), **settings)  # type: ignore[arg-type]


def run(folder: Path, homework: str = HOMEWORK, **more: object) -> GradedRun:
    return grade(request(folder, homework, **more))


def written(results: Path) -> dict[str, bytes]:
    """Return every file of the results, by its path; but for the times at which the disk has them."""
    files = sorted(path for path in results.rglob("*") if path.is_file() and path.name != LAST_RUN)
    return {path.relative_to(results).as_posix(): path.read_bytes() for path in files}


def rows(data: bytes) -> list[dict[str, str]]:
    """Read a table of the results."""
    return list(csv.DictReader(io.StringIO(data.decode(), newline="")))


def against(name: str) -> HomeworkSource:
    return HomeworkSource(find(name), network=True)


def die(*_: object, **__: object) -> None:
    """End a process as a system does that has no memory left."""
    os._exit(9)
