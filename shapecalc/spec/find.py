"""Finding specs: on disk, among the shipped ones, on standard input."""

from __future__ import annotations

import errno
import os.path
import sys

from shapecalc.errors import refuse
from shapecalc.spec.yaml_compose import MAX_BYTES
from shapecalc.text import Origin, Source
from shapecalc.text.words import did_you_mean, one_of_beginning

# os.path and not pathlib, which costs every start 3 ms.

_PACKAGE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
_SHIPPED = "(shipped with shapecalc)"


def specs_folder() -> str:
    """Return the folder of the shipped specs: in the wheel, or beside the package."""
    inside = os.path.join(_PACKAGE, "specs")
    return inside if os.path.isdir(inside) else os.path.join(os.path.dirname(_PACKAGE), "specs")


def shipped() -> tuple[str, ...]:
    """List the names of the shipped specs."""
    return _names_in(specs_folder())


def _tables_folder() -> str:
    return os.path.join(_PACKAGE, "analysis", "tables", "data")


def shipped_tables() -> tuple[str, ...]:
    """List the names of the published tables that come with the tool."""
    return _names_in(_tables_folder())


def _names_in(folder: str) -> tuple[str, ...]:
    names = os.listdir(folder)
    return tuple(sorted(name.removesuffix(".yaml") for name in names if name.endswith(".yaml")))


def find_table(name: str) -> Source:
    """Find a shipped table by its name.  Raises `SpecErrors` (E601) when there is none."""
    bare = name.removesuffix(".yaml")
    if bare in shipped_tables():
        source = _read(os.path.join(_tables_folder(), f"{bare}.yaml"))
        return Source(f"tables/{bare}.yaml {_SHIPPED}", source.text)
    hint = (
        one_of_beginning(bare, shipped_tables())
        or did_you_mean(bare, shipped_tables())
        or (f"the tables are {', '.join(shipped_tables())}; --file FILE takes one of your own")
    )
    raise refuse("E601", f"there is no table '{name}'", hint=hint)


def find(name: str, folder: str = "") -> Source:
    """Find a spec by path or name.

    A file on disk wins over a shipped spec; `.yaml` may be left out; `-` is standard input.
    Raises `SpecErrors` when there is none or it cannot be read as text.
    """
    path = os.path.join(folder, name)
    on_disk = _on_disk(name, path)
    if on_disk is not None:
        return on_disk
    bare = name.removesuffix(".yaml")
    if bare in shipped():
        source = _read(os.path.join(specs_folder(), f"{bare}.yaml"))
        return Source(f"{bare}.yaml {_SHIPPED}", source.text)
    if os.path.isdir(path):
        raise refuse("E002", f"'{name}' is a directory", Origin.of_file(name), "name a file in it")
    hint = did_you_mean(bare, shipped()) or "`shapecalc specs` lists the shipped ones"
    message = f"there is no file '{name}', and no shipped spec of that name"
    raise refuse("E001", message, Origin.of_file(name), hint)


def find_file(name: str, hint: str = "") -> Source:
    """Find a file by its path; `.yaml` may be left out; `-` is standard input.

    Raises `SpecErrors` when there is none, with the `hint`, or it cannot be read as text.
    """
    source = _on_disk(name, name)
    if source is not None:
        return source
    if os.path.isdir(name):
        raise refuse("E002", f"'{name}' is a directory", Origin.of_file(name), "name a file in it")
    raise refuse("E001", f"there is no file '{name}'", Origin.of_file(name), hint)


def find_homework(name: str) -> Source:
    """Find a teacher's file, as `find_file` does."""
    return find_file(name, "`shapecalc homework example FOLDER` writes one to start from")


def _on_disk(name: str, path: str) -> Source | None:
    """Read standard input or a file; None when there is no such file."""
    if name == "-":
        return _decode("<stdin>", sys.stdin.buffer.read(MAX_BYTES + 1))
    for candidate in (path, f"{path}.yaml"):
        if os.path.exists(candidate) and not os.path.isdir(candidate):
            return _read(candidate)
    return None


def is_shipped(name: str) -> bool:
    """Tell whether a source of this name comes with the tool."""
    return name.endswith(_SHIPPED)


def beside(name: str, source: Source) -> Source:
    """Find the spec that a file names: beside that file, then among the shipped ones."""
    if is_shipped(source.name):
        return find(name, specs_folder())
    return find(name, os.path.dirname(source.name))


def must_end(path: str) -> None:
    """Raise `OSError` for a device or a pipe: what is read from its end has to have one."""
    if os.path.exists(path) and not os.path.isfile(path) and not os.path.isdir(path):
        raise OSError(errno.ESPIPE, "it is a device or a pipe, not a file")


def _read(path: str) -> Source:
    try:
        with open(path, "rb") as file:
            data = file.read(MAX_BYTES + 1)
    except OSError as error:
        message = f"'{path}' cannot be read: {error.strerror or error}"
        hint = "ask for the right to read it" if isinstance(error, PermissionError) else ""
        raise refuse("E003", message, Origin.of_file(path), hint) from None
    return _decode(path, data)


def _decode(name: str, data: bytes) -> Source:
    if len(data) > MAX_BYTES:
        hint = "a spec is text; use `repeat` and `blocks` for long networks"
        raise refuse(
            "E005", f"the file holds more than {MAX_BYTES // 2**20} MiB", Origin.of_file(name), hint
        )
    try:
        return Source(name, data.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        message = f"the file is not UTF-8 text: byte {error.start}, in line {line}"
        raise refuse("E004", message, Origin.of_file(name), "save it as UTF-8") from None
