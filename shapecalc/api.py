"""The library's front door: from a spec's name or text to its graph and its report."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from shapecalc.errors import refuse
from shapecalc.graph import Graph
from shapecalc.graph.expand import expand
from shapecalc.report import Report
from shapecalc.report.compute import compute_report
from shapecalc.spec.find import DATA, as_source, beside, find, tree_of
from shapecalc.spec.grammar import read_spec
from shapecalc.text import Source

if TYPE_CHECKING:
    from collections.abc import Iterable
    from os import PathLike

    from shapecalc.spec import NetSpec


def read(source: Source, *, fold_batchnorm: bool = False) -> NetSpec:
    """Read a spec and what it extends; `fold_batchnorm` asks for its networks as deployed."""
    return _as_asked(read_spec(source, beside), fold_batchnorm=fold_batchnorm)


def build(
    source: Source,
    *,
    settings: Mapping[str, str] | None = None,
    inputs: Mapping[str, str] | None = None,
    fold_batchnorm: bool = False,
) -> Graph:
    """Read and wire a spec; what is wrong with it, `compute_report` will raise."""
    return expand(read(source, fold_batchnorm=fold_batchnorm), settings, inputs)


def load(
    spec: str | PathLike[str] | Mapping[str, Any],
    *,
    settings: Mapping[str, str | int] | None = None,
    input: str | Mapping[str, str] | None = None,  # noqa: A002  (the language's own word)
    free: Iterable[str] = (),
    fold_batchnorm: bool = False,
) -> Graph:
    """Load the network of a spec on disk, of a shipped one, or of one given as data.

    `settings` gives constants other values, like `--set k=128`; `input` another input, like
    `--input 224x224x3`, or `HxWx3` with symbols; `free` makes constants symbols; `fold_batchnorm`
    takes the network as it is deployed.  Raises `SpecErrors` with everything that is wrong; in
    data, places are paths.

    >>> load({"input": "32x32x3", "layers": [{"conv": {"filters": 6, "kernel": 5}}, "relu"]})
    <Graph <data>: 3 layers>
    """
    return _sound(wired(spec, settings, input, free, fold_batchnorm=fold_batchnorm))


def loads(
    text: str,
    *,
    settings: Mapping[str, str | int] | None = None,
    input: str | Mapping[str, str] | None = None,  # noqa: A002
    free: Iterable[str] = (),
    fold_batchnorm: bool = False,
) -> Graph:
    """Load the network of a spec given as text.  Arguments and errors are those of `load`."""
    _must_be_text(text)
    source = Source("<text>", text)
    return _sound(wired(source, settings, input, free, fold_batchnorm=fold_batchnorm))


def summarize(
    network: str | PathLike[str] | Mapping[str, Any] | Graph,
    *,
    settings: Mapping[str, str | int] | None = None,
    input: str | Mapping[str, str] | None = None,  # noqa: A002
    free: Iterable[str] = (),
    fold_batchnorm: bool = False,
) -> Report:
    """Compute the report of a network: a loaded one, or a spec by its path or name, or as data.

    `settings`, `input`, `free` and `fold_batchnorm` are those of `load`; a loaded network has the
    first three already.  Raises `SpecErrors` with everything that is wrong.
    """
    if not isinstance(network, Graph):
        network = wired(network, settings, input, free, fold_batchnorm=fold_batchnorm)
    elif settings or input or free:
        raise TypeError("settings, input and free belong to `load`: this network is loaded already")
    return compute_report(as_asked(network, fold_batchnorm=fold_batchnorm))


def from_torch(module: object, input: object) -> Graph:  # noqa: A002
    """Load the network of a live `torch.nn.Module`, as PyTorch itself follows it.

    The input is an example, one tensor or several, or its shape as a spec has it: "224x224x3".
    The module is run with it, its weights are not copied.  Raises `SpecErrors` for what cannot be
    followed.
    """
    from shapecalc.readers import live

    if not live.is_torch(module):
        raise TypeError(f"`from_torch` takes a torch.nn.Module, not {type(module).__name__}")
    if isinstance(input, str):
        input = shape_given(input)  # noqa: A001
    reading = live.read_torch(module, input)
    return _sound(build(as_source(live.name_of(module), reading)))


def from_keras(model: object) -> Graph:
    """Load the network of a live model of Keras.  Raises `SpecErrors` for what it cannot be."""
    from shapecalc.readers import live

    if not live.is_keras(model):
        raise TypeError(f"`from_keras` takes a keras.Model, not {type(model).__name__}")
    return _sound(build(as_source(live.name_of(model), live.read_keras(model))))


def shape_given(text: str) -> list[int]:
    """Read a shape of numbers, as `--input` takes it.  Raises `SpecErrors` (E303)."""
    words = text.lower().split("x")
    if not all(word.isascii() and word.isdecimal() and int(word[:10]) > 0 for word in words):
        message = f"'{text}' is no shape of numbers"
        raise refuse("E303", message, hint="write it as 224x224x3, the channels last")
    return [int(word[:10]) for word in words]


def as_asked(graph: Graph, *, fold_batchnorm: bool) -> Graph:
    """Return a loaded network as it is, or as it is deployed."""
    if not fold_batchnorm:
        return graph
    from shapecalc.graph import deploy  # few networks are asked for so

    return deploy.fold_batchnorm(graph)


def report_of(
    network: str | PathLike[str] | Mapping[str, Any] | Graph | Report,
    *,
    settings: Mapping[str, str | int] | None = None,
    input: str | Mapping[str, str] | None = None,  # noqa: A002
    free: Iterable[str] = (),
    fold_batchnorm: bool = False,
) -> Report:
    """Return a report as it is, or compute that of a network.

    Arguments and errors are those of `summarize`.
    """
    if not isinstance(network, Report):
        return summarize(
            network, settings=settings, input=input, free=free, fold_batchnorm=fold_batchnorm
        )
    if settings or input or free or fold_batchnorm:
        raise TypeError(
            "settings, input, free and fold_batchnorm belong to `summarize`: this report is"
            " computed already"
        )
    return network


def graph_of(network: str | PathLike[str] | Mapping[str, Any] | Graph | Report) -> Graph:
    """Return the network of a report, a loaded one, or the one that `load` finds."""
    if isinstance(network, Report):
        return network.graph
    return network if isinstance(network, Graph) else load(network)


def wired(
    spec: str | PathLike[str] | Mapping[str, Any] | Source,
    settings: Mapping[str, str | int] | None,
    shapes: str | Mapping[str, str] | None,
    free: Iterable[str],
    *,
    fold_batchnorm: bool = False,
) -> Graph:
    """Wire what `load` loads; what is wrong with it may stand in the graph's `problems`.

    Arguments are those of `load`.
    """
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
        read_data = read_spec(Source(DATA, ""), beside, tree_of(spec))
        return expand(_as_asked(read_data, fold_batchnorm=fold_batchnorm), values, inputs)
    source = spec if isinstance(spec, Source) else find(named(spec), inputs=inputs)
    return build(source, settings=values, inputs=inputs, fold_batchnorm=fold_batchnorm)


def _as_asked(spec: NetSpec, *, fold_batchnorm: bool) -> NetSpec:
    return spec._replace(deployed=True) if fold_batchnorm else spec


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
