"""A file's own weights, by the names that a network's arrays have here.

Which initializer is which array of which layer is known by the walk; the numbers are read one array
at a time, when they are asked for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from shapecalc.verify.onnx_numbers import NoNumbersError, Numbers

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from shapecalc.readers.onnx.file import Tensor
    from shapecalc.readers.onnx.values import Value
    from shapecalc.readers.onnx.walk import GraphWalk, Taken

#: The arrays of a type of layer in the order in which a file has them.
_NAMES = {
    "batchnorm": ("weight", "bias", "running_mean", "running_var"),
    "bias": ("bias",),
    "relative_position": (),
}
_USUAL = ("weight", "bias")
#: What is added to variances here.
_EPSILON = 1e-5
#: Where a file has our gates: of an LSTM input, output, forget, candidate; of a GRU update, reset,
#: candidate.
_GATES = {"lstm": (0, 2, 3, 1), "gru": (1, 0, 2), "rnn": (0,)}
_STATISTICS = ("BatchNormalization", "SpatialBN")


class _Source(NamedTuple):
    """Where an array comes from, and what becomes of it."""

    tensor: Tensor
    change: Callable[[Any], Any]


class OnnxWeights:
    """The weights of a model, and how its inputs and outputs lie.

    `inexact` says which layers compute other numbers than the file's, whose sizes they have.
    """

    def __init__(self, walk: GraphWalk, path: str) -> None:
        paths = walk.layers.paths()
        self._numbers = Numbers(path)
        self._sources = {
            f"{_path(paths, reference)}.{name}": source
            for reference, taken in walk.taken.items()
            for name, source in _sources(taken)
        }
        self._inputs = {
            name: (paths[value.source], value) for name, value in walk.flowing_in.items()
        }
        self._outputs = {
            name: (_path(paths, value.source), value)
            for name, value in walk.values.items()
            if name in walk.file.outputs
        }
        self.inexact = tuple(walk.inexact)

    def array(self, name: str, shape: tuple[int, ...]) -> Any:  # noqa: ANN401
        """Return an array of these extents, or in words why there is none.

        Raises `SpecErrors` for a damaged file.
        """
        source = self._sources.get(name)
        if source is None:
            return "no array of the file is it"
        try:
            array = source.change(self._numbers.of(source.tensor))
        except NoNumbersError as error:
            return str(error)
        except ValueError:
            return "it has other extents in the file"
        if array.size != int(np.prod(shape)):
            return "it has other extents in the file"
        return np.ascontiguousarray(array.reshape(shape))

    def inputs(self, arrays: dict[str, Any]) -> dict[str, Any] | None:
        """Return inputs by the file's names, as the file has them; None if of other extents."""
        for path, value in self._inputs.values():
            *sides, channels = value.extents
            if arrays[path].shape[1:] != (channels, *sides):
                return None
        return {
            name: _as_in_file(arrays[path], value) for name, (path, value) in self._inputs.items()
        }

    def outputs(self, arrays: dict[str, Any]) -> Iterator[tuple[str, str, Any]]:
        """Yield outputs by the file's name and ours, with numbers in our order."""
        for name, array in arrays.items():
            if name in self._outputs and not self._outputs[name][1].loose:
                path, value = self._outputs[name]
                yield name, path, _as_ours(array, value)


def _path(paths: dict[str, str], reference: str) -> str:
    """Return the path of what stands for a layer, or for one within it: `reference/name`."""
    whole, slash, inner = reference.partition("/")
    return f"{paths[whole]}{slash}{inner}"


def _sources(taken: Taken) -> Iterator[tuple[str, _Source]]:
    """Yield the arrays of a layer by their names."""
    if taken.kind in _GATES:
        yield from _recurrent(taken)
        return
    names = _NAMES.get(taken.kind, _USUAL)
    more = taken.node.attributes.get("epsilon", _EPSILON) - _EPSILON
    for name, tensor in zip(names, taken.arrays, strict=False):
        if tensor is None:
            continue
        if name == "running_var" and more:  # so that a deviation is the file's
            yield name, _Source(tensor, lambda array: array.astype(float) + more)
        else:
            yield name, _Source(tensor, lambda array: array)


def _recurrent(taken: Taken) -> Iterator[tuple[str, _Source]]:
    """Yield matrices and biases of every direction, with the gates in our order."""
    gates = _GATES[taken.kind]
    inputs, states, biases = (*taken.arrays, None, None)[:3]

    def part(way: int, half: int, halves: int) -> Callable[[Any], Any]:
        def change(array: Any) -> Any:  # noqa: ANN401
            rows = np.split(array[way], halves)[half]
            return np.concatenate([np.split(rows, len(gates))[gate] for gate in gates])

        return change

    assert inputs is not None
    for way, suffix in zip(range(inputs.dims[0]), ("", "_reverse"), strict=False):
        yield f"weight_ih_l0{suffix}", _Source(inputs, part(way, 0, 1))
        if states is not None:
            yield f"weight_hh_l0{suffix}", _Source(states, part(way, 0, 1))
        if biases is not None:
            yield f"bias_ih_l0{suffix}", _Source(biases, part(way, 0, 2))
            yield f"bias_hh_l0{suffix}", _Source(biases, part(way, 1, 2))


# -- what flows in and out -------------------------------------------------------------------------


def _order(value: Value) -> list[int]:
    """Return the file's axes in our order: batch, channels, sides; others, of 1, in front.

    A batch of one may be a side of ours.
    """
    batch = None if value.batch in value.axes else value.batch
    own = [axis for axis in (batch, value.axes[-1], *value.axes[:-1]) if axis is not None]
    return [*(axis for axis in range(len(value.dims)) if axis not in own), *own]


def _as_in_file(array: Any, value: Value) -> Any:  # noqa: ANN401
    """Return a volume, N x C x sides, with the file's axes."""
    order = _order(value)
    examples = 1 if value.batch is None else value.dims[value.batch]
    laid = np.repeat(array[:1], examples, 0).reshape([value.dims[axis] for axis in order])
    return np.ascontiguousarray(laid.transpose(np.argsort(order)))


def _as_ours(array: Any, value: Value) -> Any:  # noqa: ANN401
    """Return the first example of what a file gives as 1 x C x sides."""
    examples = 1 if value.batch is None else value.dims[value.batch]
    *sides, channels = value.extents
    return np.transpose(array, _order(value)).reshape(examples, channels, *sides)[:1]
