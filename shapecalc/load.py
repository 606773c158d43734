"""Finding specs: on disk, among the shipped ones, on standard input."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from shapecalc.errors import Problem, SpecErrors, did_you_mean
from shapecalc.expand import expand
from shapecalc.graph import Graph
from shapecalc.propagate import propagate
from shapecalc.read import read_spec
from shapecalc.source import Origin, Source
from shapecalc.yamltree import MAX_BYTES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from shapecalc.report import Report
    from shapecalc.spec import NetSpec

_SHIPPED = "shipped with shapecalc"


def specs_folder() -> Path:
    """Return the folder of the shipped specs: in the wheel, or beside the package."""
    package = Path(__file__).parent
    inside = package / "specs"
    return inside if inside.is_dir() else package.parent / "specs"


def shipped() -> tuple[str, ...]:
    """List the names of the shipped specs."""
    return tuple(sorted(path.stem for path in specs_folder().glob("*.yaml")))


def is_shipped(source: Source) -> bool:
    """Tell whether a source is a shipped spec."""
    return source.name.endswith(f"({_SHIPPED})")


def find(name: str, beside: Path | None = None) -> Source:
    """Find a spec by path or name.

    A file on disk wins over a shipped spec; `.yaml` may be left out; `-` is standard input.
    Raises `SpecErrors` when there is none or it cannot be read as text.
    """
    if name == "-":
        return _decode("<stdin>", sys.stdin.buffer.read(MAX_BYTES + 1))
    folder = beside or Path()
    try:
        for candidate in (folder / name, folder / f"{name}.yaml"):
            if candidate.exists() and not (candidate.is_dir() and candidate.suffix != ".yaml"):
                return _read(candidate)
        if Path(name).name == name:
            path = specs_folder() / f"{name.removesuffix('.yaml')}.yaml"
            if path.is_file():
                source = _read(path)
                return Source(f"{path.name} ({_SHIPPED})", source.text)
        if (folder / name).is_dir():
            return _read(folder / name)
    except (OSError, ValueError) as error:
        raise _cannot("E003", f"'{name}' cannot be read: {_reason(error)}", name) from None
    known = shipped()
    hint = did_you_mean(name.removesuffix(".yaml"), known) or "`shapecalc specs` lists the shipped ones"
    raise _cannot("E001", f"there is no file '{name}', and no shipped spec of that name", name, hint)


def _read(path: Path) -> Source:
    name = str(path)
    if path.is_dir():
        raise _cannot("E002", f"'{name}' is a directory", name, "name a file in it")
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise _cannot("E003", f"'{name}' cannot be read: {_reason(error)}", name) from None
    return _decode(name, data)


def _decode(name: str, data: bytes) -> Source:
    if len(data) > MAX_BYTES:
        raise _cannot("E005", f"the file holds more than {MAX_BYTES // 2**20} MiB", name,
                      "a spec is text; use `repeat` and `blocks` for long networks")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        message = f"the file is not UTF-8 text: byte {error.start}, in line {line}"
        raise _cannot("E004", message, name, "save it as UTF-8") from None
    return Source(name, text)


def _reason(error: Exception) -> str:
    return getattr(error, "strerror", None) or str(error)


def _cannot(code: str, message: str, name: str, hint: str = "") -> SpecErrors:
    return SpecErrors([Problem(code, message, Origin(Source(name, "")), hint=hint)])


def _beside(name: str, source: Source) -> Source:
    """Find what a spec extends: beside it, then among the shipped ones."""
    if is_shipped(source):
        return find(name, specs_folder() / "none")
    return find(name, Path(source.name).parent if source.name != "<stdin>" else None)


def read(source: Source) -> NetSpec:
    """Read a spec and what it extends."""
    return read_spec(source, _beside)


def build(
    source: Source,
    *,
    settings: Mapping[str, str] | None = None,
    inputs: Mapping[str, str] | None = None,
) -> Graph:
    """Read and wire a spec."""
    return expand(read(source), settings, inputs)


def load(
    name: str | Path,
    *,
    settings: Mapping[str, str | int] | None = None,
    input: str | Mapping[str, str] | None = None,  # noqa: A002  (the language's own word)
) -> Report:
    """Compute the report of a spec on disk, or of a shipped one.

    `settings` gives constants other values, like `--set k=128`; `input` another input, like
    `--input 224x224x3`.  Raises `SpecErrors` with everything that is wrong.
    """
    return _compute(find(str(name)), settings, input)


def summarize(
    spec: str | Path | Graph,
    *,
    settings: Mapping[str, str | int] | None = None,
    input: str | Mapping[str, str] | None = None,  # noqa: A002
) -> Report:
    """Compute the report of a network: of a spec by path or name, or of a loaded one."""
    return propagate(spec) if isinstance(spec, Graph) else load(spec, settings=settings, input=input)


def loads(
    text: str,
    *,
    settings: Mapping[str, str | int] | None = None,
    input: str | Mapping[str, str] | None = None,  # noqa: A002
) -> Report:
    """Compute the report of a spec given as text."""
    return _compute(Source("<text>", text), settings, input)


def _compute(
    source: Source,
    settings: Mapping[str, str | int] | None,
    given: str | Mapping[str, str] | None,
) -> Report:
    inputs = {"": given} if isinstance(given, str) else given
    texts = {name: str(value) for name, value in (settings or {}).items()}
    return propagate(build(source, settings=texts, inputs=inputs))
