"""The library's front door: from a spec's name or text to its graph and its report."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shapecalc.graph.expand import expand
from shapecalc.graph.model import Graph
from shapecalc.report.compute import compute_report
from shapecalc.report.model import Report
from shapecalc.spec.find import beside, find
from shapecalc.spec.grammar import read_spec
from shapecalc.text.source import Source

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from os import PathLike

    from shapecalc.spec.model import NetSpec


def read(source: Source) -> NetSpec:
    """Read a spec and what it extends."""
    return read_spec(source, beside)


def build(
    source: Source,
    *,
    settings: Mapping[str, str] | None = None,
    inputs: Mapping[str, str] | None = None,
) -> Graph:
    """Read and wire a spec; what is wrong with it, `compute_report` will raise."""
    return expand(read(source), settings, inputs)


def load(
    name: str | PathLike[str],
    *,
    settings: Mapping[str, str | int] | None = None,
    input: str | Mapping[str, str] | None = None,  # noqa: A002  (the language's own word)
    free: Iterable[str] = (),
) -> Graph:
    """Load the network of a spec on disk, or of a shipped one.

    `settings` gives constants other values, like `--set k=128`; `input` another input, like
    `--input 224x224x3`, or `HxWx3` with symbols; `free` makes constants symbols.  Raises
    `SpecErrors` with everything that is wrong.
    """
    return _sound(find(str(name)), _settings(settings, free), input)


def loads(
    text: str,
    *,
    settings: Mapping[str, str | int] | None = None,
    input: str | Mapping[str, str] | None = None,  # noqa: A002
    free: Iterable[str] = (),
) -> Graph:
    """Load the network of a spec given as text.  Arguments and errors are those of `load`."""
    return _sound(Source("<text>", text), _settings(settings, free), input)


def summarize(
    network: str | PathLike[str] | Graph,
    *,
    settings: Mapping[str, str | int] | None = None,
    input: str | Mapping[str, str] | None = None,  # noqa: A002
    free: Iterable[str] = (),
) -> Report:
    """Compute the report of a network: a loaded one, or a spec by its path or name.

    `settings`, `input` and `free` are those of `load`; a loaded network has them already.  Raises
    `SpecErrors` with everything that is wrong.
    """
    if not isinstance(network, Graph):
        network = _graph(find(str(network)), _settings(settings, free), input)
    elif settings or input or free:
        raise TypeError("settings, input and free belong to `load`: this network is loaded already")
    return compute_report(network)


def report_of(
    network: str | PathLike[str] | Graph | Report,
    *,
    settings: Mapping[str, str | int] | None = None,
    input: str | Mapping[str, str] | None = None,  # noqa: A002
    free: Iterable[str] = (),
) -> Report:
    """Return a report as it is, or compute that of a network.

    Arguments and errors are those of `summarize`.
    """
    if not isinstance(network, Report):
        return summarize(network, settings=settings, input=input, free=free)
    if settings or input or free:
        raise TypeError(
            "settings, input and free belong to `summarize`: this report is computed already"
        )
    return network


def _settings(settings: Mapping[str, str | int] | None, free: Iterable[str]) -> dict[str, str]:
    given = {name: str(value) for name, value in (settings or {}).items()}
    return {**given, **dict.fromkeys(free, "free")}


def _graph(
    source: Source,
    settings: Mapping[str, str],
    given: str | Mapping[str, str] | None,
) -> Graph:
    inputs = {"": given} if isinstance(given, str) else given
    return build(source, settings=settings, inputs=inputs)


def _sound(
    source: Source,
    settings: Mapping[str, str],
    given: str | Mapping[str, str] | None,
) -> Graph:
    graph = _graph(source, settings, given)
    if graph.problems:
        compute_report(graph)  # raises these and what else is wrong
    return graph
