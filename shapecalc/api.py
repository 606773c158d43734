"""The library's front door: from a spec's name or text to its graph and its report."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shapecalc.expand import expand
from shapecalc.files import beside, find
from shapecalc.graph import Graph
from shapecalc.propagate import propagate
from shapecalc.read import read_spec
from shapecalc.source import Source

if TYPE_CHECKING:
    from collections.abc import Mapping
    from os import PathLike

    from shapecalc.report import Report
    from shapecalc.spec import NetSpec


def read(source: Source) -> NetSpec:
    """Read a spec and what it extends."""
    return read_spec(source, beside)


def build(
    source: Source,
    *,
    settings: Mapping[str, str] | None = None,
    inputs: Mapping[str, str] | None = None,
) -> Graph:
    """Read and wire a spec; what is wrong with it, `propagate` will raise."""
    return expand(read(source), settings, inputs)


def load(
    name: str | PathLike[str],
    *,
    settings: Mapping[str, str | int] | None = None,
    input: str | Mapping[str, str] | None = None,  # noqa: A002  (the language's own word)
) -> Graph:
    """Load the network of a spec on disk, or of a shipped one.

    `settings` gives constants other values, like `--set k=128`; `input` another input, like
    `--input 224x224x3`.  Raises `SpecErrors` with everything that is wrong.
    """
    return _sound(find(str(name)), settings, input)


def loads(
    text: str,
    *,
    settings: Mapping[str, str | int] | None = None,
    input: str | Mapping[str, str] | None = None,  # noqa: A002
) -> Graph:
    """Load the network of a spec given as text.  Arguments and errors are those of `load`."""
    return _sound(Source("<text>", text), settings, input)


def summarize(
    network: str | PathLike[str] | Graph,
    *,
    settings: Mapping[str, str | int] | None = None,
    input: str | Mapping[str, str] | None = None,  # noqa: A002
) -> Report:
    """Compute the report of a network: a loaded one, or a spec by its path or name.

    `settings` and `input` are those of `load`; a loaded network has them already.  Raises
    `SpecErrors` with everything that is wrong.
    """
    if not isinstance(network, Graph):
        network = _graph(find(str(network)), settings, input)
    elif settings or input:
        raise TypeError("settings and input belong to `load`: this network is loaded already")
    return propagate(network)


def _graph(
    source: Source,
    settings: Mapping[str, str | int] | None,
    given: str | Mapping[str, str] | None,
) -> Graph:
    inputs = {"": given} if isinstance(given, str) else given
    texts = {name: str(value) for name, value in (settings or {}).items()}
    return build(source, settings=texts, inputs=inputs)


def _sound(
    source: Source,
    settings: Mapping[str, str | int] | None,
    given: str | Mapping[str, str] | None,
) -> Graph:
    graph = _graph(source, settings, given)
    if graph.problems:
        propagate(graph)  # raises these and what else is wrong
    return graph
