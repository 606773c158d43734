"""Files of answers, by their suffixes, and the one in a folder that a platform hands over.

Bytes become text here, whatever program has written them.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from shapecalc.errors import SpecErrors
from shapecalc.homework.answers import MAX_BYTES, Answers, refuse_file
from shapecalc.homework.answers.documents import WORKBOOK, kind_of, read_document, read_notebook
from shapecalc.homework.answers.tables import read_csv, read_json, read_markdown, read_yaml
from shapecalc.homework.answers.workbook import read_workbook
from shapecalc.homework.assignment.model import stamp_in
from shapecalc.homework.languages import say, to_say
from shapecalc.spec.find import read_bytes

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
    ".ipynb": read_notebook,
}
#: What is no text, or a text with much beside the table; and so large it may be.
DOCUMENTS = (".xlsx", ".xlsm", ".ods", ".odt", ".docx", ".ipynb")
MAX_DOCUMENT = 4 * 2**20
#: The kinds of files that are read.
SUFFIXES = (*dict.fromkeys((*READERS, *DOCUMENTS)),)


def load_answers(path: str) -> Answers:
    """Read the answers of a file.  Raises `SpecErrors` when it is none, or no table in text."""
    import sys

    if path == "-":
        return read_answers(sys.stdin.buffer.read(MAX_DOCUMENT + 1), "<stdin>")
    hint = to_say("`shapecalc homework sheet` makes one to fill in")
    return read_answers(bytes_of(path, MAX_DOCUMENT, hint), path)


def keep_answers(path: str, sheet: str | bytes) -> None:
    """See to it that a sheet is written over no answers.  Raises `SpecErrors` (E007)."""
    if not Path(path).is_file():
        return
    try:  # which counts as no reading: what a command has read it may not write over
        with Path(path).open("rb") as file:
            standing = read_answers(file.read(MAX_DOCUMENT + 1), path)
    except (OSError, SpecErrors):  # what is there are no answers, or nothing can be written there
        return
    fresh = read_answers(sheet.encode() if isinstance(sheet, str) else sheet, path)
    if filled := _filled(standing) - _filled(fresh):
        layer, column, raw = min(filled)
        message = say(
            "'{path}' is filled in, and would lose that: {layer}, {column} is {answer}",
            path=path,
            layer=layer,
            column=column,
            answer=raw[:40],
        )
        raise refuse_file("E007", message, path, "name another file, or remove this one")


def _filled(answers: Answers) -> set[tuple[str, str, str]]:
    return {(cell.layer, cell.quantity.key, cell.raw) for cell in answers.cells if cell.raw.strip()}


def bytes_of(path: str, most: int, hint: str) -> bytes:
    """Read a file, to a byte beyond what may be in it; `hint` says where one comes from.

    Raises `SpecErrors` (E001 to E003).
    """
    try:
        return read_bytes(path, most)
    except FileNotFoundError:
        raise refuse_file("E001", say("there is no file '{path}'", path=path), path, hint) from None
    except IsADirectoryError:
        message = say("'{path}' is a directory", path=path)
        raise refuse_file("E002", message, path, "name a file in it") from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        message = say("'{path}' cannot be read: {reason}", path=path, reason=str(reason))
        raise refuse_file("E003", message, path) from None


def read_answers(data: bytes, name: str) -> Answers:
    """Read answers from bytes; the name's suffix says how, `.csv` when there is none."""
    _, dot, ending = name.replace("\\", "/").rsplit("/", 1)[-1].rpartition(".")
    suffix = (dot + ending).lower() if dot else ""
    if data.startswith(b"PK"):
        kind = kind_of(data)
        if kind is WORKBOOK or (suffix in (".xlsx", ".xlsm") and not kind.part):
            return read_workbook(data, name)
        return read_document(data, name, kind)
    text, notes = decode(data, name, most=MAX_DOCUMENT if suffix in DOCUMENTS else MAX_BYTES)
    reader = READERS.get(suffix) or _guess(text)
    return reader(text, name, notes)._replace(stamp=stamp_in(text))


#: How a map of layers in YAML begins: a map in its line, or one below it.
_YAML_MAP = re.compile(r"(?:#.*\n|---\s*\n|\s*\n)*[\w./ -]{1,60}:[ \t]*(?:\{|\n[ \t]+[\w ]{1,60}:)")


def _guess(text: str) -> Callable[[str, str, tuple[str, ...]], Answers]:
    """Choose a reader by how a text begins."""
    if _YAML_MAP.match(text):
        return read_yaml
    start = text.lstrip()
    if start[:1] in ("{", "["):
        return read_notebook if '"nbformat"' in start[-200:] else read_json
    return read_markdown if start.startswith("|") else read_csv


#: How files of other kinds begin, and what to do about them.
_MAGIC = (
    (b"%PDF", to_say("a PDF"), to_say("copy the table into a .csv or .md file")),
    (b"PK\x03\x04", to_say("a zip archive, as .xlsx and .docx are"), to_say("save it as .csv")),
    (
        b"\xd0\xcf\x11\xe0",
        to_say("an old Office file, or one with a password"),
        to_say("save it as .csv"),
    ),
    (b"\x89PNG", to_say("a picture"), to_say("type the table into a .csv file")),
    (b"\xff\xd8\xff", to_say("a picture"), to_say("type the table into a .csv file")),
    (b"\x1f\x8b", to_say("a compressed file"), to_say("unpack it first")),
    (b"\x7fELF", to_say("a program"), to_say("name the file with the answers")),
    (b"{\\rtf", to_say("an RTF document"), to_say("save it as plain text")),
)


class Decoded(NamedTuple):
    """A text, and what was understood about its bytes."""

    text: str
    notes: tuple[str, ...] = ()


#: What is noted of a text whose encoding could only be supposed.
WESTERN = to_say("no UTF-8; read as Windows-1252")


def decode(data: bytes, name: str, *, most: int = MAX_BYTES, encoding: str = "") -> Decoded:
    """Turn bytes into text.  Raises `SpecErrors` (E702, E703) for what is too much or no text.

    UTF-8 with or without its mark, UTF-16 with its mark, else the Windows code page of Western
    Europe, which is noted; or the `encoding` that somebody knows it to have (E717).
    """
    if len(data) > most:
        hint = to_say("a sheet of answers takes a few KiB; is it the right file?")
        message = say("the file holds more than {size} KiB", size=most // 2**10)
        raise refuse_file("E702", message, name, hint)
    for magic, what, hint in _MAGIC:
        if data.startswith(magic):
            message = say("the file is {kind}, no table in text", kind=say(what))
            raise refuse_file("E703", message, name, hint)
    if encoding:
        return Decoded(_plain(_decoded(data, name, encoding), name))
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        try:
            return Decoded(_plain(data.decode("utf-16"), name), (say("read as UTF-16"),))
        except UnicodeDecodeError:
            raise refuse_file(
                "E703", "the file's UTF-16 is broken", name, "save it as UTF-8"
            ) from None
    try:
        text = data.decode("utf-8-sig")
        once = _once(text)
        notes = () if once is None else (say("its UTF-8 was encoded twice"),)
        return Decoded(_plain(once or text, name), notes)
    except UnicodeDecodeError:
        return Decoded(_plain(data.decode("cp1252", "replace"), name), (say(WESTERN),))


def _decoded(data: bytes, name: str, encoding: str) -> str:
    """Decode bytes as somebody says that they are.  Raises `SpecErrors` (E717)."""
    try:
        return data.decode(encoding).removeprefix("\ufeff")
    except (LookupError, ValueError) as error:  # bytes that are not, or a name of no encoding
        known = isinstance(error, UnicodeError)
        message = f"the file is no {encoding}" if known else f"no encoding is '{encoding[:40]}'"
        hint = "name one like utf-8, gb18030, big5, shift_jis, euc_kr, cp1251 or cp1250"
        raise refuse_file("E717", message, name, hint) from None


def _once(text: str) -> str | None:
    """Undo an encoding in UTF-8 of what was UTF-8 before; None where that is not what it was."""
    if not any(sign in text for sign in ("Ã—", "Â²", "Â\u00a0", "â€", "âˆ")):
        return None
    try:
        return text.encode("cp1252").decode("utf-8")
    except UnicodeError:
        return None


#: Control characters that no table in text has.
_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1f]")


def _plain(text: str, name: str) -> str:
    """Require a text without control characters, and with something in it."""
    control = len(_CONTROL.findall(text))
    if control:
        hint = to_say("save the table as .csv, in UTF-8")
        message = say("the file is no text: it holds {count} control characters", count=control)
        raise refuse_file("E703", message, name, hint)
    if not text.strip():
        raise refuse_file(
            "E701", "the file is empty", name, "make a sheet with `shapecalc homework sheet`"
        )
    return text


#: The codes of a file that is not there: no answers, and no reason to say anything of them.
NO_FILE = ("E001", "E002", "E003")
#: So many names of files are looked at.
_MOST = 1000


def load_submission(path: str) -> Answers:
    """Read a file of answers, or the one that a folder holds.

    Raises `SpecErrors`: E746 for a folder with none or with several.
    """
    folder = Path(path)
    if path == "-" or not folder.is_dir():
        return load_answers(path)
    names = sorted(path.name for path, _ in zip(folder.iterdir(), range(_MOST), strict=False))
    files = [name for name in names if _is_answers(folder, name)]
    if len(files) == 1:
        return load_answers(str(folder / files[0]))
    if files:
        holds = say(
            "the submission holds {count} files of answers: {files}",
            count=len(files),
            files=", ".join(files[:4]),
        )
    elif names:
        shown = ", ".join(names[:4])
        holds = say("the submission holds no file of answers, but {files}", files=shown)
    else:
        holds = say("the submission holds no file")
    hint = say("hand in one file: {kinds}", kinds=", ".join(SUFFIXES))
    raise refuse_file("E746", holds, path, hint)


def _is_answers(folder: Path, name: str) -> bool:
    """Tell whether a name is that of a file of answers: none that is hidden, and no link."""
    path = folder / name
    known = path.suffix.lower() in SUFFIXES and not name.startswith((".", "__"))
    return known and path.is_file() and not path.is_symlink()
