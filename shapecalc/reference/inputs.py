"""What goes into a run: inputs and arrays, given or drawn at random."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from shapecalc.graph import Input
from shapecalc.reference.arrays import extents, uniform
from shapecalc.reference.layer import slots
from shapecalc.text.words import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from shapecalc.graph import Graph
    from shapecalc.layers.base import Layer
    from shapecalc.reference.arrays import Array, Arrays


class UnfitError(ValueError):
    """What was given for a run does not belong there."""


def must_know(names: Iterable[str], known: Iterable[str], what: str) -> None:
    """Refuse a name that the network has not.  `what` is the kind of things, in the singular."""
    has = dict.fromkeys(known)
    for name in names:
        if name not in has:
            hint = did_you_mean(name, has) or f"there are {', '.join(list(has)[:5]) or 'none'}"
            raise UnfitError(f"the network has no {what} {name}; {hint}")


class Inputs:
    """Where the network's inputs come from: what is given, and what is drawn, -1 to 1."""

    def __init__(
        self,
        graph: Graph,
        arrays: Mapping[str, Array],
        seed: int,
        batch: int,
        dtype: Any,  # noqa: ANN401
    ) -> None:
        names = [node.path for node in graph.nodes if isinstance(node.layer, Input)]
        must_know(arrays, names, "input")
        self.supplied = {name: np.asarray(x) for name, x in arrays.items()}
        sizes = {x.shape[:1] for x in self.supplied.values()}
        if len(sizes) > 1:
            raise UnfitError("the inputs hold different numbers of examples")
        self.batch = next((size[0] for size in sizes if size), batch)
        self.seed, self.dtype = seed, dtype

    def array(self, index: int, path: str, layer: Input) -> Array:
        """Return an input of the network, which may be written over."""
        own, x = extents(layer.shape), self.supplied.get(path)
        if x is None:
            random = np.random.default_rng((self.seed, index))
            return uniform((self.batch, *own), -1, 1, self.dtype, random)
        if x.ndim == 0 or x.shape[1:] != own:
            raise UnfitError(f"{path} takes {_times('N', *own)}, not {_times(*x.shape)}")
        return np.array(x, self.dtype)


class LayerArrays:
    """Where layers get their arrays: what is given, and what is drawn; like for like if shared."""

    def __init__(self, graph: Graph, weights: Mapping[str, Array], seed: int) -> None:
        self.graph, self.supplied, self.seed = graph, weights, seed
        self.owned: dict[int, Arrays] = {}

    def arrays(self, index: int, layer: Layer, inputs: tuple[Array, ...]) -> Arrays:
        """Return the arrays of a layer for what flows in."""
        share = self.graph.nodes[index].share
        owner = index if share is None else share
        if owner not in self.owned:
            path, random = self.graph.nodes[owner].path, None
            own = {}
            for name, slot in slots(layer, *inputs).items():
                array = self.supplied.get(f"{path}.{name}")
                if array is None:
                    random = random or np.random.default_rng((self.seed, owner))  # takes its time
                    own[name] = slot.allocated(inputs[0].dtype, random)
                elif np.shape(array) == slot.shape:
                    own[name] = np.asarray(array, inputs[0].dtype)
                else:
                    wanted, has = _times(*slot.shape), _times(*np.shape(array))
                    raise UnfitError(f"{path}.{name} is {wanted}, not {has}")
            self.owned[owner] = own
        return self.owned[owner]

    def must_be_used(self) -> None:
        """Refuse arrays that no layer has asked for."""
        paths = ((self.graph.nodes[owner].path, own) for owner, own in self.owned.items())
        must_know(self.supplied, [f"{path}.{name}" for path, own in paths for name in own], "array")


def _times(*counts: int | str) -> str:
    return " x ".join(map(str, counts)) or "a single number"
