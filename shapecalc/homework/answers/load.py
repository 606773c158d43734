"""A file of answers, by its suffix."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shapecalc.homework.answers.answers import MAX_BYTES, Answers, refuse_file
from shapecalc.homework.answers.decode import decode
from shapecalc.homework.answers.tables import read_csv, read_markdown
from shapecalc.homework.answers.trees import read_json, read_yaml
from shapecalc.homework.answers.workbook import is_workbook, read_workbook
from shapecalc.homework.assignment.stamp import stamp_in

if TYPE_CHECKING:
    from collections.abc import Callable

#: Suffix -> reader.
READERS: dict[str, Callable[[str, str, tuple[str, ...]], Answers]] = {
    ".csv": read_csv,
    ".tsv": read_csv,
    ".txt": read_csv,
    ".md": read_markdown,
    ".markdown": read_markdown,
    ".yaml": read_yaml,
    ".yml": read_yaml,
    ".json": read_json,
}


def load_answers(path: str) -> Answers:
    """Read the answers of a file.  Raises `SpecErrors` when it is none, or no table in text."""
    import sys

    if path == "-":
        return read_answers(sys.stdin.buffer.read(MAX_BYTES + 1), "<stdin>")
    try:
        with open(path, "rb") as file:  # noqa: PTH123  (pathlib costs every start 3 ms)
            data = file.read(MAX_BYTES + 1)
    except FileNotFoundError:
        hint = "`shapecalc homework sheet` makes one to fill in"
        raise refuse_file("E001", f"there is no file '{path}'", path, hint) from None
    except IsADirectoryError:
        raise refuse_file("E002", f"'{path}' is a directory", path, "name a file in it") from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise refuse_file("E003", f"'{path}' cannot be read: {reason}", path, "") from None
    return read_answers(data, path)


def read_answers(data: bytes, name: str) -> Answers:
    """Read answers from bytes; the name's suffix says how, `.csv` when there is none."""
    _, dot, ending = name.replace("\\", "/").rsplit("/", 1)[-1].rpartition(".")
    suffix = (dot + ending).lower() if dot else ""
    if is_workbook(data, suffix):
        return read_workbook(data, name)
    text, notes = decode(data, name)
    reader = READERS.get(suffix) or _guess(text)
    return reader(text, name, notes)._replace(stamp=stamp_in(text))


def _guess(text: str) -> Callable[[str, str, tuple[str, ...]], Answers]:
    """Choose a reader by how a text begins."""
    start = text.lstrip()
    if start[:1] in ("{", "["):
        return read_json
    return read_markdown if start.startswith("|") else read_csv
