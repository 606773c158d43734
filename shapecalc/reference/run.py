"""A network forward, activations freed when nothing needs them any more; and back through it."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

import numpy as np

from shapecalc.algebra import known
from shapecalc.api import graph_of
from shapecalc.errors import Problem, SpecErrors
from shapecalc.graph import Deferred, Graph, Input, Node, without_values
from shapecalc.layers.reshape import Reshape
from shapecalc.layers.shape import Map, Vector
from shapecalc.reference.arrays import extents, uniform
from shapecalc.reference.layer import backward as layer_backward
from shapecalc.reference.layer import forward, slots
from shapecalc.reference.memory import Memory
from shapecalc.text.words import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
    from os import PathLike

    from shapecalc.layers.base import Layer
    from shapecalc.layers.shape import Shape
    from shapecalc.reference.arrays import Array, Arrays
    from shapecalc.report import Report

    Watch: TypeAlias = Callable[["Step"], None]
    Failed: TypeAlias = Callable[[Node, str], None]


class Step(NamedTuple):
    """A layer that has just run, before its inputs are freed.

    Inputs that the layer has written over hold its output.
    """

    node: Node
    layer: Layer
    arrays: Arrays
    inputs: tuple[Array, ...]
    output: Array
    memory: int
    """Bytes of all activations that are alive now."""


class Run(NamedTuple):
    """A finished run.

    `values` holds the activations that were kept, by the layers' paths; `arrays` every layer's
    arrays, by path and name (layers that share weights hold the same arrays); `peak` is the most
    bytes of activations that were alive at once.
    """

    graph: Graph
    layers: dict[int, Layer]
    values: dict[str, Array]
    arrays: dict[str, Arrays]
    peak: int

    def __repr__(self) -> str:
        return f"<Run of {self.graph!r}: peak {self.peak:,} bytes>"

    @property
    def outputs(self) -> dict[str, Array]:
        """The network's results, as far as they could be computed."""
        paths = (self.graph.nodes[index].path for index in self.graph.outputs)
        return {path: self.values[path] for path in paths if path in self.values}

    @property
    def parameters(self) -> dict[str, Array]:
        """All arrays in one mapping, shared ones once: `conv1.weight`, `conv1.bias`, ..."""
        return {
            f"{node.path}.{name}": array
            for node in self.graph.nodes
            if node.share is None
            for name, array in self.arrays[node.path].items()
        }


class _LostError(Exception):
    """Carries the path of an earlier layer that could not be run."""


@contextmanager
def _short_buffers() -> Iterator[None]:
    """Keep NumPy from copying what it spreads over maps of fewer elements than its buffers hold.

    With its 8,192 elements a factor per channel takes twice as long on maps of 56x56.
    """
    before = np.setbufsize(1024)
    try:
        yield
    finally:
        np.setbufsize(before)


@_short_buffers()
def run(
    network: str | PathLike[str] | Mapping[str, Any] | Graph | Report,
    inputs: Mapping[str, Array] | None = None,
    weights: Mapping[str, Array] | None = None,
    *,
    seed: int = 0,
    batch: int = 1,
    dtype: Any = np.float32,  # noqa: ANN401
    keep: Collection[str] | str = (),
    watch: Watch | None = None,
    failed: Failed | None = None,
) -> Run:
    """Run a network forward: a report's, a loaded one, or that of a spec by its path or name.

    `inputs` maps the inputs' names to arrays N x C x sides; without them `batch` examples are
    drawn at random.  `weights` maps `conv1.weight` and the like to arrays; arrays that are not
    there are drawn at random.  What is drawn depends on `seed` and on the layer alone.  The
    outputs are kept, and the activations of the layers in `keep`, or "all" of them, which
    `backward` needs.  `watch` is called after every layer; `failed`, with the reason, for a layer
    that cannot be run although its rules took it, and for all that depend on it.

    Raises `UnfitError`, a `ValueError`, for names and arrays that do not belong there; `SpecErrors`
    for a network with symbols (E121), and without `failed` for a layer that cannot be run (E505).
    """
    graph = graph_of(network)
    problems = without_values(graph, "a run")
    if problems:
        raise SpecErrors(problems)
    paths = [node.path for node in graph.nodes]
    kept = set(paths if keep == "all" else keep)
    _must_know(kept, paths, "layer")
    walk = _Walk(
        graph,
        Memory(graph, kept),
        _Inputs(graph, inputs or {}, seed, batch, dtype),
        _LayerArrays(graph, weights or {}, seed, dtype),
    )
    for index, node in enumerate(graph.nodes):
        try:
            step = walk.step(index, node)
        except (UnfitError, MemoryError):
            raise
        except _LostError as lost:
            assert failed is not None
            failed(node, f"not run, as {lost} cannot be")
        except Exception as error:  # whatever it breaks at is what there is to say
            if failed is None:
                raise SpecErrors([_unrun(node, error)]) from error
            failed(node, f"cannot be run: {reason(error)}")
        else:
            if watch is not None:
                watch(step)
        walk.memory.release(index, node)
    if not walk.lost:
        walk.layer_arrays.must_be_used()
    return walk.done()


def allocate(graph: Graph, *, seed: int = 0, dtype: Any = np.float32) -> dict[str, Array]:  # noqa: ANN401
    """Return random weights for a network: what `run` draws for the same seed."""
    return run(graph, seed=seed, dtype=dtype).parameters


def draw_inputs(graph: Graph, *, seed: int = 0, dtype: Any = np.float32) -> dict[str, Array]:  # noqa: ANN401
    """Return random inputs of one example for a network: what `run` draws for the same seed."""
    drawn = _Inputs(graph, {}, seed, 1, dtype)
    return {
        node.path: drawn.array(index, node.path, node.layer)
        for index, node in enumerate(graph.nodes)
        if isinstance(node.layer, Input)
    }


class _Walk:
    """A run under way."""

    def __init__(
        self, graph: Graph, memory: Memory, inputs: _Inputs, layer_arrays: _LayerArrays
    ) -> None:
        self.graph, self.memory, self.inputs, self.layer_arrays = (
            graph,
            memory,
            inputs,
            layer_arrays,
        )
        self.layers: dict[int, Layer] = {}
        self.arrays: dict[str, Arrays] = {}
        self.shapes: dict[int, Shape] = {}

    def step(self, index: int, node: Node) -> Step:
        """Run one layer."""
        layer = node.layer
        for source in node.inputs:
            self.shape(source)
        if isinstance(layer, Deferred):
            layer = layer.build(self.shape)
        taken = self.memory.inputs(node)
        own: Arrays = {}
        if isinstance(layer, Input):
            output = self.inputs.array(index, node.path, layer)
        else:
            own = self.layer_arrays.arrays(index, layer, taken)
            output = forward(layer, own, *taken, overwrite=self.memory.only_here(node))
            if not taken:  # the same for every example
                output = output.repeat(self.inputs.batch, 0)
        self.memory.put(index, output, node.inputs[0] if isinstance(layer, Reshape) else None)
        self.layers[index], self.arrays[node.path] = layer, own
        self.shapes[index] = _shape_of(output)
        return Step(node, layer, own, taken, output, self.memory.bytes())

    def shape(self, index: int) -> Shape:
        """Return the shape of a layer's output.  Raises `_LostError` where there is none."""
        if index not in self.shapes:
            raise _LostError(self.graph.nodes[index].path)
        return self.shapes[index]

    @property
    def lost(self) -> bool:
        """Whether a layer could not be run."""
        return len(self.layers) < len(self.graph.nodes)

    def done(self) -> Run:
        """Sum up; a layer that could not be run is missing everywhere."""
        values = {
            self.graph.nodes[index].path: value for index, value in self.memory.values.items()
        }
        return Run(self.graph, self.layers, values, self.arrays, self.memory.peak)


_OUR_MISTAKE = "its rule should have refused it: a mistake of shapecalc's, please report it"


def _unrun(node: Node, error: Exception) -> Problem:
    """Complain about a layer that its rules took and that cannot be run."""
    return Problem(
        "E505",
        f"{node.path} cannot be run: {reason(error)}",
        node.origin(),
        hint=getattr(error, "hint", _OUR_MISTAKE),
    )


def reason(error: Exception) -> str:
    """Say at what a layer broke."""
    return str(error) or type(error).__name__


def _shape_of(array: Array) -> Shape:
    """Return the shape of the examples in an array."""
    _, channels, *sides = array.shape
    return Map(tuple(sides), channels) if sides else Vector(channels)


# -- what goes in ----------------------------------------------------------------------------------


class UnfitError(ValueError):
    """What was given for a run does not belong there."""


def _must_know(names: Iterable[str], known: Iterable[str], what: str) -> None:
    """Refuse a name that the network has not.  `what` is the kind of things, in the singular."""
    has = dict.fromkeys(known)
    for name in names:
        if name not in has:
            hint = did_you_mean(name, has) or f"there are {', '.join(list(has)[:5]) or 'none'}"
            raise UnfitError(f"the network has no {what} {name}; {hint}")


class _Inputs:
    """Where the network's inputs come from: what is given, and what is drawn.

    That is numbers from -1 to 1, or indices where a layer looks up by them.
    """

    def __init__(
        self,
        graph: Graph,
        arrays: Mapping[str, Array],
        seed: int,
        batch: int,
        dtype: Any,  # noqa: ANN401
    ) -> None:
        names = [node.path for node in graph.nodes if isinstance(node.layer, Input)]
        _must_know(arrays, names, "input")
        self.supplied = {name: np.asarray(x) for name, x in arrays.items()}
        sizes = {x.shape[:1] for x in self.supplied.values()}
        if len(sizes) > 1:
            raise UnfitError("the inputs hold different numbers of examples")
        self.batch = next((size[0] for size in sizes if size), batch)
        self.seed, self.dtype = seed, dtype
        self.choices: dict[int, int] = {}
        for node in graph.nodes:
            if not isinstance(node.layer, Deferred) and node.layer.indexes:
                entries, source = known(getattr(node.layer, node.layer.indexes)), node.inputs[0]
                self.choices[source] = min(self.choices.get(source, entries), entries)

    def array(self, index: int, path: str, layer: Input) -> Array:
        """Return an input of the network, which may be written over."""
        own, x = extents(layer.shape), self.supplied.get(path)
        choices = self.choices.get(index)
        if x is None:
            random = np.random.default_rng((self.seed, index))
            if choices is not None:
                return random.integers(choices, size=(self.batch, *own)).astype(self.dtype)
            return uniform((self.batch, *own), -1, 1, self.dtype, random)
        if x.ndim == 0 or x.shape[1:] != own:
            raise UnfitError(f"{path} takes {_times('N', *own)}, not {_times(*x.shape)}")
        if choices is not None and not np.isin(x, np.arange(choices)).all():
            raise UnfitError(f"{path} takes indices, whole numbers from 0 to {choices - 1:,}")
        return np.array(x, self.dtype)


class _LayerArrays:
    """Where layers get their arrays: what is given, and what is drawn; like for like if shared."""

    def __init__(
        self,
        graph: Graph,
        weights: Mapping[str, Array],
        seed: int,
        dtype: Any,  # noqa: ANN401
    ) -> None:
        self.graph, self.supplied, self.seed, self.dtype = graph, weights, seed, dtype
        self.owned: dict[int, Arrays] = {}

    def arrays(self, index: int, layer: Layer, inputs: tuple[Array, ...]) -> Arrays:
        """Return the arrays of a layer for what flows in."""
        share = self.graph.nodes[index].share
        owner = index if share is None else share
        if owner not in self.owned:
            path, random = self.graph.nodes[owner].path, None
            dtype = inputs[0].dtype if inputs else self.dtype
            own = {}
            for name, slot in slots(layer, *inputs).items():
                array = self.supplied.get(f"{path}.{name}")
                if array is None:
                    random = random or np.random.default_rng((self.seed, owner))  # takes its time
                    own[name] = slot.allocated(dtype, random)
                elif np.shape(array) == slot.shape:
                    own[name] = np.asarray(array, dtype)
                else:
                    wanted, has = _times(*slot.shape), _times(*np.shape(array))
                    raise UnfitError(f"{path}.{name} is {wanted}, not {has}")
            self.owned[owner] = own
        return self.owned[owner]

    def must_be_used(self) -> None:
        """Refuse arrays that no layer has asked for."""
        paths = ((self.graph.nodes[owner].path, own) for owner, own in self.owned.items())
        _must_know(
            self.supplied, [f"{path}.{name}" for path, own in paths for name in own], "array"
        )


def _times(*counts: int | str) -> str:
    return " x ".join(map(str, counts)) or "a single number"


# -- backward --------------------------------------------------------------------------------------


class NetworkGradients(NamedTuple):
    """The gradients of a network: by the inputs' names, and by `conv1.weight` and the like."""

    inputs: dict[str, Array]
    parameters: dict[str, Array]


def backward(run: Run, outputs: Mapping[str, Array] | None = None) -> NetworkGradients:
    """Go back through a network that was run with `keep="all"`.

    `outputs` maps the outputs' names to the gradients that come from outside; an output that is
    not there gets none.  Without any it is 1 everywhere, which is the gradient of the outputs' sum.
    Where branches part, and where weights are shared, gradients add up.  Raises `UnfitError` for
    names that are no outputs, and for activations that were not kept.
    """
    nodes = run.graph.nodes
    _must_know(outputs or (), run.outputs, "output")
    if len(run.values) < len(nodes):
        raise UnfitError('backward needs all activations: run with keep="all"')
    coming: dict[int, Array] = {}
    for index in run.graph.outputs:
        path = nodes[index].path
        if outputs is None:
            _add(coming, index, np.ones_like(run.values[path]))
        elif path in outputs:
            _add(coming, index, outputs[path])
    inputs: dict[str, Array] = {}
    weights: dict[str, Array] = {}
    for index in reversed(range(len(nodes))):
        node, layer = nodes[index], run.layers[index]
        output = run.values[node.path]
        gradient = coming.pop(index, None)
        if gradient is None:  # nothing that counts follows from it
            gradient = np.zeros_like(output)
        if isinstance(layer, Input):
            inputs[node.path] = gradient
            continue
        sources = tuple([run.values[nodes[source].path] for source in node.inputs])
        back = layer_backward(layer, run.arrays[node.path], sources, output, gradient)
        for source, input_gradient in zip(node.inputs, back.inputs, strict=True):
            _add(coming, source, input_gradient)
        owner = node.path if node.share is None else nodes[node.share].path
        for name, array_gradient in back.arrays.items():
            _add(weights, f"{owner}.{name}", array_gradient)
    return NetworkGradients(inputs, weights)


def _add(total: dict[Any, Array], key: int | str, more: Array) -> None:
    """Add to what is there, without writing on arrays that others hold."""
    total[key] = total[key] + more if key in total else more
