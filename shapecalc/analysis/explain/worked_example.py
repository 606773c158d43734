"""The worked example of a layer's gradients: when there is one, of what, and its matrices."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from shapecalc.algebra import is_number
from shapecalc.analysis.explain.output import numbers
from shapecalc.graph import Input
from shapecalc.layers.shape import as_text
from shapecalc.text.words import listed

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from shapecalc.analysis.explain.model import Subject
    from shapecalc.reference.example import Example

#: Matrices beside each other are no wider, and so many characters of one stand in a line.
WIDE, WIDEST = 74, 75


def without_example(subject: Subject) -> str:
    """Say why nothing is worked through; nothing where it is."""
    if subject.row.layer is None:
        return "gradients go back layer by layer: name one of its layers"
    if isinstance(subject.layer, Input):
        return "Nothing goes back further: dL/dx of the first layers is the input's gradient."
    if not _numbers_alone(subject):
        return (
            "Gradients are worked through where all sizes are numbers: --input and --set give"
            " symbols values."
        )
    return ""


def _numbers_alone(subject: Subject) -> bool:
    """Tell whether the layer and what flows through it have no symbols."""
    row = subject.row
    counts = (shape.channels for shape in (*subject.inputs, subject.output))
    return numbers(subject) and all(map(is_number, (*counts, row.params, row.buffers)))


def small_one(example: Example, subject: Subject) -> str:
    """Say what is worked through in the layer's place."""
    shapes = listed([as_text(shape) for shape in example.inputs])
    does = example.layer.configuration(*example.inputs)
    kind = " ".join(filter(None, (subject.row.type, does)))
    return f"{kind}{f' of {shapes}' if shapes else ''}{_otherwise(example, subject)}"


def _otherwise(example: Example, subject: Subject) -> str:
    """Tell of a factor that is another one in the example, as it would move no digit shown."""
    own, here = (getattr(layer, "alpha", None) for layer in (subject.layer, example.layer))
    return "" if own == here else f", with alpha = {here:g} in the place of {own:g}"


def side_by_side(arrays: Mapping[str, Any]) -> tuple[str, ...]:
    """Draw arrays as matrices beside each other, as many as fit in a line."""
    drawn = [matrix for name, array in arrays.items() for matrix in _matrices(name, array)]
    lines: list[str] = []
    row: list[list[str]] = []
    for matrix in drawn:
        if row and sum(len(beside[0]) + 3 for beside in (*row, matrix)) - 3 > WIDE:
            lines += [*_joined(row), ""]
            row = []
        row.append(matrix)
    return (*lines, *_joined(row))


def _joined(row: list[list[str]]) -> list[str]:
    height = max(map(len, row))
    padded = [[*block, *[" " * len(block[0])] * (height - len(block))] for block in row]
    return ["   ".join(parts).rstrip() for parts in zip(*padded, strict=True)]


def _matrices(name: str, array: Any) -> Iterator[list[str]]:  # noqa: ANN401
    """Draw an array as matrices of equal width, each below its name."""
    for part, rows in matrices_of(array):
        yield _matrix(f"{name}{part}", rows)


def matrices_of(array: Any) -> Iterator[tuple[str, list[list[Any]]]]:  # noqa: ANN401
    """Cut an array into matrices, each with what stands behind its name: [0, 1] of a part."""
    if array.ndim < 3:
        yield "", (array.reshape(1, -1) if array.ndim < 2 else array).tolist()
        return
    *outer, _, _ = array.shape
    for at in _places(outer):
        yield f"[{', '.join(map(str, at))}]" if max(outer) > 1 else "", array[at].tolist()


def _places(extents: list[int]) -> list[tuple[int, ...]]:
    from itertools import product

    return list(product(*map(range, extents)))


def numbers_text(rows: list[list[float]]) -> tuple[list[list[str]], int]:
    """Write the numbers of a matrix; return how many characters the longest has."""
    for digits in (3, 2):  # fewer where a line would be too long
        texts = [[f"{number + 0.0:.{digits}g}" for number in row] for row in rows]
        widest = max(len(text) for row in texts for text in row)
        if (widest + 1) * len(texts[0]) <= WIDEST:
            break
    return texts, widest


def _matrix(name: str, rows: list[list[float]]) -> list[str]:
    texts, widest = numbers_text(rows)
    lines = [" ".join(f"{text:>{widest}}" for text in row) for row in texts]
    width = max(len(name), *map(len, lines))
    return [line.ljust(width) for line in (name, *lines)]
