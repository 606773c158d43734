"""The library's front door: from a spec's name or text to its graph and its report."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from shapecalc.graph import Graph
from shapecalc.graph.expand import expand
from shapecalc.report import Report
from shapecalc.report.compute import compute_report
from shapecalc.spec.find import DATA, beside, find, tree_of
from shapecalc.spec.grammar import read_spec
from shapecalc.text import Source

if TYPE_CHECKING:
    from collections.abc import Iterable
    from os import PathLike

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
    """Read and wire a spec; what is wrong with it, `compute_report` will raise."""
    return expand(read(source), settings, inputs)


def load(
    spec: str | PathLike[str] | Mapping[str, Any],
    *,
    settings: Mapping[str, str | int] | None = None,
    input: str | Mapping[str, str] | None = None,  # noqa: A002  (the language's own word)
    free: Iterable[str] = (),
) -> Graph:
    """Load the network of a spec on disk, of a shipped one, or of one given as data.

    `settings` gives constants other values, like `--set k=128`; `input` another input, like
    `--input 224x224x3`, or `HxWx3` with symbols; `free` makes constants symbols.  Raises
    `SpecErrors` with everything that is wrong; in data, places are paths.

    >>> load({"input": "32x32x3", "layers": [{"conv": {"filters": 6, "kernel": 5}}, "relu"]})
    <Graph <data>: 3 layers>
    """
    return _sound(_wired(spec, settings, input, free))


def loads(
    text: str,
    *,
    settings: Mapping[str, str | int] | None = None,
    input: str | Mapping[str, str] | None = None,  # noqa: A002
    free: Iterable[str] = (),
) -> Graph:
    """Load the network of a spec given as text.  Arguments and errors are those of `load`."""
    _must_be_text(text)
    return _sound(_wired(Source("<text>", text), settings, input, free))


def summarize(
    network: str | PathLike[str] | Mapping[str, Any] | Graph,
    *,
    settings: Mapping[str, str | int] | None = None,
    input: str | Mapping[str, str] | None = None,  # noqa: A002
    free: Iterable[str] = (),
) -> Report:
    """Compute the report of a network: a loaded one, or a spec by its path or name, or as data.

    `settings`, `input` and `free` are those of `load`; a loaded network has them already.  Raises
    `SpecErrors` with everything that is wrong.
    """
    if not isinstance(network, Graph):
        network = _wired(network, settings, input, free)
    elif settings or input or free:
        raise TypeError("settings, input and free belong to `load`: this network is loaded already")
    return compute_report(network)


def report_of(
    network: str | PathLike[str] | Mapping[str, Any] | Graph | Report,
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


def graph_of(network: str | PathLike[str] | Mapping[str, Any] | Graph | Report) -> Graph:
    """Return the network of a report, a loaded one, or the one that `load` finds."""
    if isinstance(network, Report):
        return network.graph
    return network if isinstance(network, Graph) else load(network)


def _wired(
    spec: str | PathLike[str] | Mapping[str, Any] | Source,
    settings: Mapping[str, str | int] | None,
    shapes: str | Mapping[str, str] | None,
    free: Iterable[str],
) -> Graph:
    for word, given in (
        ("settings", settings),
        ("input", None if isinstance(shapes, str) else shapes),
    ):
        if given is not None and not isinstance(given, Mapping):
            raise TypeError(f"`{word}` takes texts by their names, not {type(given).__name__}")
    values = {name: str(value) for name, value in (settings or {}).items()}
    values |= dict.fromkeys(free, "free")
    inputs = {"": shapes} if isinstance(shapes, str) else shapes
    if isinstance(spec, Mapping):
        return expand(read_spec(Source(DATA, ""), beside, tree_of(spec)), values, inputs)
    source = spec if isinstance(spec, Source) else find(named(spec))
    return build(source, settings=values, inputs=inputs)


def _must_be_text(text: object) -> None:
    if not isinstance(text, str):
        kind = type(text).__name__
        raise TypeError(
            f"`loads` takes the text of a spec, not {kind}; `load` takes a path or data"
        )


def named(spec: object) -> str:
    """Return the path or the name that a spec is given by.  Raises `TypeError` for others."""
    path = spec.__fspath__() if hasattr(spec, "__fspath__") else spec
    if isinstance(path, str):
        return path
    kind = type(spec).__name__
    raise TypeError(f"a network is a path, a name, a dict, or what `load` returns, not {kind}")


def _sound(graph: Graph) -> Graph:
    if graph.problems:
        compute_report(graph)  # raises these and what else is wrong
    return graph
