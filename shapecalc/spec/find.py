"""Finding specs: on disk, among the shipped ones, on standard input; and those given as plain data.

Dicts and lists become the tree that their YAML would be; its places are paths.
"""

from __future__ import annotations

import errno
import os.path
import re
import stat
import sys
import time
from codecs import BOM_UTF8
from collections.abc import Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from shapecalc.errors import SpecErrors, refuse
from shapecalc.spec.yaml_compose import MAX_BYTES, compose
from shapecalc.text import NOWHERE, List, Origin, Scalar, Source, YamlMap
from shapecalc.text.words import did_you_mean, one_of_beginning

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shapecalc.readers import ReadModel
    from shapecalc.text import Tree


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


def find(
    name: str,
    folder: str = "",
    *,
    by_file: bool = False,
    inputs: Mapping[str, str] | None = None,
) -> Source:
    """Find a spec by path or name.

    A file on disk wins over a shipped spec; `.yaml` may be left out; `-` is standard input.  What
    is named `by_file` is a file: no standard input, no pipe.  Of a model file that leaves sizes
    open, `inputs` give them.  Raises `SpecErrors` when there is none or it cannot be read as text.
    """
    path = os.path.join(folder, name)
    on_disk = _on_disk(name, path, by_file=by_file, inputs=inputs)
    if on_disk is not None:
        return on_disk
    bare = name.removesuffix(".yaml")
    if bare in shipped():
        source = _read(os.path.join(specs_folder(), f"{bare}.yaml"))
        return Source(f"{bare}.yaml {_SHIPPED}", source.text)
    if os.path.isdir(path):
        raise refuse("E002", f"'{name}' is a directory", Origin.of_file(name), "name a file in it")
    hint = _likely(name, path) or "`shapecalc specs` lists the shipped ones"
    message = f"there is no file '{name}', and no shipped spec of that name"
    raise refuse("E001", message, Origin.of_file(name), hint)


def _likely(name: str, path: str) -> str:
    """Ask for the file or the shipped spec that is meant by a name, or return nothing.

    A file whose name differs in its dots alone comes first: `netyaml` beside `net.yaml`.
    """
    folder, wanted = os.path.split(path)
    before = name[: len(name) - len(wanted)]
    try:
        there = [file for file in os.listdir(folder or ".") if file.endswith((".yaml", ".yml"))]
    except OSError:
        there = []
    bare = wanted.lower().replace(".", "")
    files = {f"{before}{file}": file.lower().replace(".", "") for file in sorted(there)}
    same = [file for file, letters in files.items() if letters in (bare, f"{bare}yml")]
    if same:
        return f"did you mean '{same[0]}'?"
    stems = [file.removesuffix(".yaml") for file in files]
    return did_you_mean(name.removesuffix(".yaml"), [*shipped(), *stems])


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


def _on_disk(
    name: str, path: str, *, by_file: bool = False, inputs: Mapping[str, str] | None = None
) -> Source | None:
    """Read standard input or a file; None when there is no such file."""
    if name == "-" and not by_file:
        return _decode("<stdin>", sys.stdin.buffer.read(MAX_BYTES + 1), inputs)
    for candidate in (path, f"{path}.yaml"):
        _note(candidate)
        if os.path.exists(candidate) and not os.path.isdir(candidate):
            return _read(candidate, by_file=by_file, inputs=inputs)
    return None


def is_shipped(name: str) -> bool:
    """Tell whether a source of this name comes with the tool."""
    return name.endswith(_SHIPPED)


def beside(name: str, source: Source) -> Source:
    """Find the spec that a file names: beside that file, then among the shipped ones."""
    if is_shipped(source.name):
        return find(name, specs_folder(), by_file=True)
    return find(name, os.path.dirname(source.name), by_file=True)


def must_end(path: str) -> None:
    """Raise `OSError` for a device or a pipe: what is read from its end has to have one."""
    if os.path.exists(path) and not os.path.isfile(path) and not os.path.isdir(path):
        raise OSError(errno.ESPIPE, "it is a device or a pipe, not a file")


#: The files that were read or looked for, while somebody wants to know.
_noted: list[str] | None = None


@contextmanager
def files_noted() -> Iterator[None]:
    """Note all files that are read or looked for meanwhile, by whatever names them."""
    global _noted  # noqa: PLW0603  (what is read deep inside of a command has no other way up)
    before, _noted = _noted, []
    try:
        yield
    finally:
        _noted = before


def noted_files() -> tuple[str, ...]:
    """Return the paths of the files that were read or looked for, while they are noted."""
    return tuple(dict.fromkeys(_noted or ()))


def _note(path: str) -> None:
    if _noted is not None:
        _noted.append(path)


def holds_spec(path: str) -> bool:
    """Tell whether a file is a spec, or a teacher's file, in YAML, which somebody wrote by hand.

    JSON of our own, which has a schema, is none.
    """
    if not path.lower().endswith((".yaml", ".yml")):
        return False
    try:
        with open(path, "rb") as file:
            text = file.read(MAX_BYTES).decode("utf-8-sig", "replace")
    except OSError:  # that it cannot be written is told where it is
        return False
    if re.search(r"^(layers|extends|spec)[ \t]*:", text, re.MULTILINE):
        return True  # broken elsewhere, too
    try:
        tree = compose(Source(path, text))
    except SpecErrors:
        return False
    keys = tree.items.keys() if isinstance(tree, YamlMap) else set()
    return "schema" not in keys and not keys.isdisjoint(("layers", "extends", "spec"))


def read_bytes(path: str, most: int) -> bytes:
    """Read a file, to a byte beyond what may be in it.

    A pipe is read to its end, as long as something writes into it.  Raises `OSError`.
    """
    _note(path)
    if not stat.S_ISFIFO(os.stat(path).st_mode):
        with open(path, "rb") as file:
            return file.read(most + 1)
    pipe = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    try:
        begin = _first_bytes(pipe)
        os.set_blocking(pipe, True)
        with open(pipe, "rb", closefd=False) as file:
            return begin + file.read(max(0, most + 1 - len(begin)))
    finally:
        os.close(pipe)


#: Seconds for which a pipe that nothing writes into is waited for.
_PATIENCE = 2.0


def _first_bytes(pipe: int) -> bytes:
    """Read what is in a pipe, or nothing as soon as something has it open to write."""
    deadline = time.monotonic() + _PATIENCE
    while time.monotonic() < deadline:
        try:
            begin = os.read(pipe, 1)
        except BlockingIOError:
            return b""
        if begin:
            return begin
        time.sleep(0.01)
    raise OSError(errno.ENXIO, "it is a pipe, and nothing writes into it")


def _read(path: str, *, by_file: bool = False, inputs: Mapping[str, str] | None = None) -> Source:
    try:
        if by_file:
            must_end(path)
        if not path.endswith(".yaml"):
            model = _model(path, inputs)
            if model is not None:
                return model
        data = read_bytes(path, MAX_BYTES)
    except OSError as error:
        message = f"'{path}' cannot be read: {error.strerror or error}"
        hint = "ask for the right to read it" if isinstance(error, PermissionError) else ""
        raise refuse("E003", message, Origin.of_file(path), hint) from None
    return _decode(path, data, inputs)


def _model(path: str, inputs: Mapping[str, str] | None) -> Source | None:
    """Read a file of another program, however large it is; None where there is no reader of it."""
    from shapecalc.readers import HEAD, model_file

    if not os.path.isfile(path) or not os.path.getsize(path):
        return None
    with open(path, "rb") as file:
        kind = model_file(path, file.read(HEAD))
        if kind is None or not kind.reader:
            return None
        import mmap  # few files are so large that they are not copied

        with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
            return as_source(path, kind.read(path, data, inputs))


def as_source(name: str, reading: ReadModel) -> Source:
    """Return what was read of a model as a spec's source."""
    return Source(name, "", tree_of(reading.data, name), reading.remarks)


def _decode(name: str, data: bytes, inputs: Mapping[str, str] | None = None) -> Source:
    if not name.endswith(".yaml") or not data[:1].isalpha():  # the table costs a start 1 ms
        from shapecalc.readers import model_file

        kind = model_file(name, data)
        if kind is not None and kind.reader:
            if len(data) > MAX_BYTES:
                message = f"{kind.name} of more than {MAX_BYTES // 2**20} MiB is read from its file"
                raise refuse("E005", message, Origin.of_file(name), "name the file")
            return as_source(name, kind.read(name, data, inputs))
        if kind is not None:
            message = f"'{name}' is {kind.name}, and no spec"
            raise refuse("E008", message, Origin.of_file(name), kind.advice)
    if len(data) > MAX_BYTES:
        hint = "a spec is text; use `repeat` and `blocks` for long networks"
        raise refuse(
            "E005", f"the file holds more than {MAX_BYTES // 2**20} MiB", Origin.of_file(name), hint
        )
    try:
        return Source(name, data.removeprefix(BOM_UTF8).decode())
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        message = f"the file is not UTF-8 text: byte {error.start}, in line {line}"
        raise refuse("E004", message, Origin.of_file(name), "save it as UTF-8") from None


#: What messages about the whole of a spec given as data name.
DATA = "<data>"
#: Nested deeper, or with more digits, it is no spec.
_MAX_DEPTH = 100
_MAX_DIGITS = 4000


def tree_of(data: Mapping[Any, Any], file: str = "") -> YamlMap:
    """Return a spec's data as the tree that its YAML would be.

    A value's place is its path, as in ``layers[2].conv.kernel``, behind the file that it is of.
    Raises `SpecErrors` for what YAML could not hold.
    """
    tree = _tree(data, f"{file}: " if file else "", 0)
    assert isinstance(tree, YamlMap)
    return tree


def _tree(value: object, path: str, depth: int) -> Tree:
    source = Source(path or DATA, "")
    if depth > _MAX_DEPTH:
        message = f"lists and maps are nested more than {_MAX_DEPTH} deep"
        raise refuse("E103", message, Origin(source), "does it hold itself?")
    if isinstance(value, Mapping):
        keys = {_key(key, path): (key, _below(path, key)) for key in value}
        return YamlMap(
            {word: _tree(value[key], place, depth + 1) for word, (key, place) in keys.items()},
            {word: _scalar(word, Source(place, "")) for word, (_, place) in keys.items()},
            source,
            NOWHERE,
            0,
        )
    if isinstance(value, Sequence) and not isinstance(value, str | bytes):
        items = [_tree(item, f"{path}[{at}]", depth + 1) for at, item in enumerate(value)]
        return List(tuple(items), source, NOWHERE, 0)
    return _scalar(_text(value, source), source, plain=value != "")


def _scalar(text: str, source: Source, *, plain: bool = True) -> Scalar:
    return Scalar(text, plain, source, NOWHERE, 0)


def _below(path: str, key: object) -> str:
    return f"{path}.{key}" if path and path[-1] != " " else f"{path}{key}"


def _key(key: object, path: str) -> str:
    if isinstance(key, str):
        return key
    message = f"a key is a word, not {key!r}"
    raise refuse("E110", message, Origin.of_file(path or DATA))


def _text(value: object, source: Source) -> str:
    """Write a value as YAML has it.  Raises `SpecErrors`."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int) and abs(value) >= 10**_MAX_DIGITS:
        raise refuse("E114", f"a number of more than {_MAX_DIGITS:,} digits", Origin(source))
    if isinstance(value, str | int | float):
        return str(value)
    kind = type(value).__name__
    hint = "a spec holds maps, lists, texts, numbers, true and false"
    raise refuse("E110", f"a value of the type {kind} is no part of a spec", Origin(source), hint)
