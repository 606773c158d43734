"""Which elements of arrays a formula reads: its arrays remember them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping

    from shapecalc.reference.arrays import Array, Axes
    from shapecalc.reference.formula import ArrayFormula


class WatchedArray(np.ndarray[Any, Any]):
    """An array, or a view of one, that marks what is read of it in `marks`, which lies alike.

    A view has a view of the marks.  What is made of several elements at once, a copy or a sum, has
    read them all, and is a plain array.
    """

    marks: Array

    def __getitem__(self, index: Any) -> Any:  # noqa: ANN401
        plain, marks = self.view(np.ndarray), self.marks
        taken = plain[index]
        if isinstance(taken, np.ndarray) and np.may_share_memory(taken, plain):
            return watched(taken, marks[index])
        marks[index] = True
        return taken

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **kwargs: Any) -> Any:  # noqa: ANN401
        return getattr(ufunc, method)(*map(_read, inputs), **kwargs)

    def __array_function__(self, function: Any, types: Any, given: Any, words: Any) -> Any:  # noqa: ANN401
        return function(*map(_read, given), **words)

    @property
    def flat(self) -> Any:  # noqa: ANN401
        """Its elements in a row."""
        return self.reshape(-1)

    def reshape(self, *extents: Any, **words: Any) -> Any:  # noqa: ANN401
        """Return a view of other extents, or a copy where there is none."""
        taken = self.view(np.ndarray).reshape(*extents, **words)
        if np.may_share_memory(taken, self):
            return watched(taken, self.marks.reshape(*extents, **words))
        self.marks[...] = True
        return taken

    def ravel(self, *_: Any) -> Any:  # noqa: ANN401
        """Return its elements in a row."""
        return self.reshape(-1)


def watched(array: Array, marks: Array) -> WatchedArray:
    """Watch an array."""
    made = np.asarray(array).view(WatchedArray)
    made.marks = marks
    return made


def _read(given: Any) -> Any:  # noqa: ANN401
    """Return what is given as a plain array, all of which is read."""
    if isinstance(given, WatchedArray):
        given.marks[...] = True
        return given.view(np.ndarray)
    return given


def elements_read(formula: ArrayFormula, values: Mapping[str, Array], at: Axes) -> dict[str, Array]:
    """Return which elements an entry of a formula reads, by the letters of the arrays it reads."""
    marks = {of: np.zeros(np.shape(array), bool) for of, array in values.items()}
    formula.terms({of: watched(array, marks[of]) for of, array in values.items()}, at)
    return {of: read for of, read in marks.items() if read.any()}


def marked(array: Array, at: Axes) -> Array:
    """Mark one element of an array."""
    marks = np.zeros(np.shape(array), bool)
    marks[at] = True
    return marks
