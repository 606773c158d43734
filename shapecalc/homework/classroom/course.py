"""A course to start from: four homeworks, each with its sheets and a class to try it on.

What a teacher edits is shipped as it is; the sheets and solutions are made of it, as the commands
in the course's README make them anew.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from shapecalc.homework.assignment.teacher import read_homework
from shapecalc.homework.classroom.example import write_new
from shapecalc.homework.sheets.sheet import FORMATS, handout
from shapecalc.spec.find import find_homework

if TYPE_CHECKING:
    from collections.abc import Iterator

_SHIPPED = Path(__file__).parent / "shipped" / "course"
#: The homeworks' folders, with what each is about.
HOMEWORKS = {
    "1-volumes": "what flows between the layers",
    "2-parameters": "parameters and MACs, where the volumes are given",
    "3-budget": "a design that uses a budget up",
    "4-published": "a paper's table, and what in it cannot be",
}


def write_course(folder: str) -> Iterator[tuple[str, str]]:
    """Write the course; yield what there is now, with what it is.

    Raises `SpecErrors`: E716 when there is something in the folder, E007 when it cannot be written.
    """
    shipped = sorted(path for path in _SHIPPED.rglob("*") if path.is_file())
    files = {path.relative_to(_SHIPPED).as_posix(): path.read_bytes() for path in shipped}
    for name in HOMEWORKS:
        files |= {f"{name}/{sheet}": content for sheet, content in _sheets(name)}
    write_new(folder, files)
    yield f"{folder}/README.md", "the commands of the course; begin here"
    yield f"{folder}/class.csv", "a roster"
    for name, what in HOMEWORKS.items():
        yield f"{folder}/{name}", what


def _sheets(name: str) -> Iterator[tuple[str, bytes]]:
    """Yield the sheets of a homework and its solutions, by their files' names."""
    homework = read_homework(find_homework(str(_SHIPPED / name / "homework.yaml")))
    for form in ("html", "csv"):
        for title, solution in (("sheet", False), ("solution", True)):
            made = handout(homework, form, solution=solution, name=title)
            content = made.encode() if isinstance(made, str) else made
            yield title + FORMATS[form][0], content
