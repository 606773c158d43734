"""The library's front door: from a spec's name or text to its report."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shapecalc.expand import expand
from shapecalc.files import beside, find, shipped
from shapecalc.graph import Graph
from shapecalc.propagate import propagate
from shapecalc.read import read_spec
from shapecalc.source import Source

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from shapecalc.report import Report
    from shapecalc.spec import NetSpec

__all__ = ["build", "find", "load", "loads", "read", "shipped", "summarize"]


def read(source: Source) -> NetSpec:
    """Read a spec and what it extends."""
    return read_spec(source, beside)


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
    return (
        propagate(spec) if isinstance(spec, Graph) else load(spec, settings=settings, input=input)
    )


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
