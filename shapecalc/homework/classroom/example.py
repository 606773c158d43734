"""A class to try things on: twelve students, in as many ways to write and to hand in."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from shapecalc.errors import refuse
from shapecalc.text import Origin
from shapecalc.text.files import replace

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

#: The files in the package, whose names are ASCII, and where they go.
_FILES = {
    "li-lei.csv": "submissions/李雷.csv",  # first: a system without such names says so here
    "homework.yaml": "homework.yaml",
    "class.csv": "class.csv",
    "s101.csv": "submissions/s101.csv",
    "s102.csv": "submissions/s102.csv",
    "s103.md": "submissions/s103_alexnet.md",
    "s104.yaml": "submissions/alexnet.yaml",
    "s105.json": "submissions/jonas.weber@example.edu.json",
    "mueller.csv": "submissions/Zoë Müller/answers.csv",
    "s110.csv": "submissions/s110.csv",
    "s112.csv": "submissions/Patel_Aarav.csv",
    "notes.txt": "submissions/notes.txt",
}
#: What Canvas gives out: a zip, with names of its own.
_ZIP = "submissions/canvas.zip"
_ZIPPED = {
    "canvas-obrien.csv": "obrienmaeve_2006_71_alexnet.csv",
    "canvas-hassan.csv": "hassanomar_LATE_2007_72_alexnet.csv",
}
_TOLD = {
    "homework.yaml": "what is asked",
    "class.csv": "the roster",
    "submissions": "what was handed in",
}
_SHIPPED = Path(__file__).parent / "shipped"
#: Members of zips have a time; the same each time, so that the same bytes come out.
_TIME = (2026, 11, 20, 12, 0, 0)


def write_example(folder: str) -> Iterator[tuple[str, str]]:
    """Write the example; yield what there is now, with what it is.

    Raises `SpecErrors`: E716 when there is something in the folder, E007 when it cannot be written.
    """
    files = {target: (_SHIPPED / name).read_bytes() for name, target in _FILES.items()}
    write_new(folder, {**files, _ZIP: _zipped()})
    for name, what in _TOLD.items():
        yield f"{folder}/{name}", what


def write_new(folder: str, files: Mapping[str, bytes]) -> None:
    """Write files into a folder that is new or empty, by their paths in it.

    Raises `SpecErrors`: E716 when there is something in the folder, E007 when it cannot be written.
    """
    root = Path(folder)
    origin = Origin.of_file(folder)
    try:
        if root.exists() and (not root.is_dir() or any(root.iterdir())):
            message = f"there is something in '{folder}' already"
            raise refuse("E716", message, origin, "name a new folder")
        for target, content in files.items():
            path = root / target
            path.parent.mkdir(parents=True, exist_ok=True)
            replace(path, [content])
    except OSError as error:
        message = f"'{folder}' cannot be written: {error.strerror or error}"
        raise refuse("E007", message, origin) from None


def _zipped() -> bytes:
    target = BytesIO()
    with ZipFile(target, "w", ZIP_DEFLATED) as archive:
        for name, inner in _ZIPPED.items():
            archive.writestr(ZipInfo(inner, _TIME), (_SHIPPED / name).read_bytes())
    return target.getvalue()
