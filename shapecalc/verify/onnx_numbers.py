"""The numbers of arrays, read of a file or of one beside it, and what is computed of them.

Nothing is read before somebody asks, and no more at once than the array asked for needs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from shapecalc.errors import refuse
from shapecalc.readers.onnx.file import file_beside, place_beside
from shapecalc.text import Origin
from shapecalc.text.safe import one_line

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from shapecalc.readers.onnx.file import OnnxNode, Tensor

#: Element types of ONNX as NumPy has them; 16 is read apart.
_TYPES = {
    1: "<f4", 2: "u1", 3: "i1", 4: "<u2", 5: "<i2", 6: "<i4", 7: "<i8", 9: "?", 10: "<f2",
    11: "<f8", 12: "<u4", 13: "<u8",
}  # fmt: skip
_BFLOAT = 16
#: The fields of numbers that are not raw bytes, and how they lie there.
_FIELDS = {"floats": "<f4", "doubles": "<f8"}
#: An array is made of others, so many operations deep, which are so much larger at most.
_DEEPEST, _LARGER = 40, 64
_EXTERNAL = 1


class NoNumbersError(Exception):
    """Why an array's numbers are not known here."""


class Numbers:
    """Reads the arrays of a file."""

    def __init__(self, path: str) -> None:
        self.path = path

    def of(self, tensor: Tensor) -> NDArray[Any]:
        """Return an array's numbers.

        Raises `NoNumbersError` where nobody knows them, `SpecErrors` (E009) where the file that
        should hold them is damaged.
        """
        most = max(_LARGER * tensor.size, 1 << 16)
        return self._of(tensor, most, {}, 0)

    def _of(
        self, tensor: Tensor, most: int, done: dict[int, NDArray[Any]], depth: int
    ) -> NDArray[Any]:
        if id(tensor) in done:
            return done[id(tensor)]
        if depth > _DEEPEST or tensor.size > most:
            raise NoNumbersError("they are computed of too many others")
        if tensor.made is not None:
            node, given = tensor.made
            compute = _COMPUTED.get(node.op)
            if compute is None or None in given:
                raise NoNumbersError(f"they are computed by {node.op[:40]}")
            operands = [self._of(array, most, done, depth + 1) for array in given if array]
            try:
                array = compute(node, operands, tensor.dims)
            except (ArithmeticError, LookupError, TypeError, ValueError):
                raise NoNumbersError(f"they are computed by {node.op[:40]}") from None
        else:
            array = self._stored(tensor)
        if array.size != tensor.size:
            raise NoNumbersError("they are of another number than their shape says")
        done[id(tensor)] = array.reshape(tensor.dims)
        return done[id(tensor)]

    def _stored(self, tensor: Tensor) -> NDArray[Any]:
        place = tensor.place()
        if place is None:
            values = tensor.values()
            if values is None:
                raise NoNumbersError("the file has none")
            return np.asarray(values)
        messages, lies = place
        if lies.get("location") == _EXTERNAL:
            return self._beside(tensor, place_beside(messages, lies))
        width = _width(tensor)
        if (span := lies.get("raw")) is not None:
            data = messages.data[span.start : min(span.stop, span.start + width * tensor.size + 1)]
            return self._numbers(tensor, data)
        for key, letters in _FIELDS.items():
            span = lies.get(key)
            size = np.dtype(letters).itemsize * tensor.size
            if span is not None and span.stop - span.start == size:
                return np.frombuffer(messages.data[span.start : span.stop], letters)
        values = tensor.values()
        if values is None or len(values) != tensor.size:
            raise NoNumbersError("the file has none")
        return np.asarray(values)

    def _beside(self, tensor: Tensor, place: dict[str, str]) -> NDArray[Any]:
        """Read what lies in another file of the same folder, or one below it."""
        name = place.get("location", "")
        path = file_beside(self.path, name)
        if path is None:
            raise self._refuse(
                f"the array '{tensor.origin[:80]}' should lie in '{one_line(name)[:80]}', which is"
                " outside of the model's folder"
            )
        if not path.is_file():
            raise NoNumbersError(f"they lie in '{one_line(name)[:80]}', which is not there")
        size = _width(tensor) * tensor.size
        try:
            offset = int(place.get("offset") or 0)
            length = int(place.get("length") or size)
            with path.open("rb") as file:
                file.seek(offset)
                data = file.read(min(length, size + 1))
        except (OSError, ValueError, OverflowError):
            raise self._refuse(
                f"the array '{tensor.origin[:80]}' cannot be read of '{one_line(name)[:80]}'"
            ) from None
        return self._numbers(tensor, data)

    def _numbers(self, tensor: Tensor, data: bytes) -> NDArray[Any]:
        size = _width(tensor) * tensor.size
        if len(data) != size:
            more = "more" if len(data) > size else f"{len(data):,}"
            raise self._refuse(
                f"the array '{tensor.origin[:80]}' of {tensor.size:,} elements takes {size:,}"
                f" bytes, and there are {more}"
            )
        if tensor.type == _BFLOAT:  # the upper half of a float32
            return (np.frombuffer(data, "<u2").astype("<u4") << 16).view("<f4")
        return np.frombuffer(data, _TYPES[tensor.type])

    def _refuse(self, message: str) -> Exception:
        hint = "is it complete? weights outside of a model are a file beside it"
        return refuse("E009", message, Origin.of_file(self.path), hint)


def _width(tensor: Tensor) -> int:
    """Return the bytes of an element.  Raises `NoNumbersError` for a type without them."""
    if tensor.type == _BFLOAT:
        return 2
    if tensor.type not in _TYPES:
        raise NoNumbersError(f"they are of ONNX's element type {tensor.type}")
    return np.dtype(_TYPES[tensor.type]).itemsize


# -- what exporters leave to be computed -----------------------------------------------------------


def _same(node: OnnxNode, given: Sequence[Any], dims: tuple[int, ...]) -> Any:  # noqa: ANN401
    """Keep the elements in their order; the result's extents are known."""
    return given[0]


def _transposed(node: OnnxNode, given: Sequence[Any], dims: tuple[int, ...]) -> Any:  # noqa: ANN401
    return given[0].transpose(node.attributes.get("perm"))


def _taken(node: OnnxNode, given: Sequence[Any], dims: tuple[int, ...]) -> Any:  # noqa: ANN401
    return np.take(given[0], given[1].astype(int), node.attributes.get("axis", 0))


def _joined(node: OnnxNode, given: Sequence[Any], dims: tuple[int, ...]) -> Any:  # noqa: ANN401
    return np.concatenate(given, node.attributes.get("axis", 0))


def _spread(node: OnnxNode, given: Sequence[Any], dims: tuple[int, ...]) -> Any:  # noqa: ANN401
    return np.broadcast_to(given[0], dims)


def _sliced(node: OnnxNode, given: Sequence[Any], dims: tuple[int, ...]) -> Any:  # noqa: ANN401
    data = given[0]
    if len(given) > 1:
        lists = [list(map(int, array.ravel())) for array in given[1:]]
    else:
        lists = [node.attributes[key] for key in ("starts", "ends")]
        lists += [node.attributes["axes"]] if "axes" in node.attributes else []
    starts, ends = lists[:2]
    axes = lists[2] if len(lists) > 2 else range(len(starts))
    steps = lists[3] if len(lists) > 3 else [1] * len(starts)
    cut = [slice(None)] * data.ndim
    for start, end, axis, step in zip(starts, ends, axes, steps, strict=True):
        stop = None if step < 0 and end < -data.shape[axis] else end
        cut[axis] = slice(start, stop, step)
    return data[tuple(cut)]


def _of_elements(compute: Callable[..., Any]) -> Callable[..., Any]:
    def by_element(node: OnnxNode, given: Sequence[Any], dims: tuple[int, ...]) -> Any:  # noqa: ANN401
        with np.errstate(all="ignore"):  # what is not finite is refused where it is used
            return compute(*given)

    return by_element


_COMPUTED: dict[str, Callable[..., Any]] = {
    **dict.fromkeys(["Identity", "Dropout", "Cast", "CastLike"], _same),
    **dict.fromkeys(["Reshape", "Squeeze", "Unsqueeze", "Flatten"], _same),
    "Transpose": _transposed,
    "Gather": _taken,
    "Concat": _joined,
    "Expand": _spread,
    "Slice": _sliced,
    "Neg": _of_elements(np.negative),
    "Reciprocal": _of_elements(lambda x: 1 / x),
    "Sqrt": _of_elements(np.sqrt),
    "Add": _of_elements(np.add),
    "Sub": _of_elements(np.subtract),
    "Mul": _of_elements(np.multiply),
    "Div": _of_elements(np.divide),
    "MatMul": _of_elements(np.matmul),
}
