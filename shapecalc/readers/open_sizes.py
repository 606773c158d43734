"""Sizes that a file leaves open, and `--input` gives."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shapecalc.errors import refuse
from shapecalc.text import Origin

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


class GivenSizes:
    """The shapes that `--input` gives the inputs of a file, by their names, "" for the only one."""

    def __init__(self, place: str, inputs: Mapping[str, str] | None) -> None:
        self.place = place
        self.inputs = inputs or {}

    def fill(
        self, name: str, dims: Sequence[int | str | None], axes: Sequence[int]
    ) -> tuple[int, ...]:
        """Return the extents of an input, with those that the file leaves open as given.

        `axes` are the file's axes in our order, the channels last.  Raises `SpecErrors` where a
        size is not given, or another one than the file's.
        """
        if all(isinstance(n, int) for n in dims):
            return tuple(n for n in dims if isinstance(n, int))
        shape = "x".join(str("?" if n is None else n)[:20] for n in dims)
        what = f"the input '{name[:80]}' is {shape}"
        known = [dims[axis] for axis in axes]
        example = "x".join(str(n if isinstance(n, int) else 224) for n in known)
        named = f"{name[:80]}=" if self.inputs.keys() - {""} else ""
        hint = f"give them: --input {named}{example}"
        text = self.inputs.get(name, self.inputs.get(""))
        if text is None:
            message = f"{what}, which leaves sizes open"
            raise refuse("E009", message, Origin.of_file(self.place), hint)
        words = text.lower().split("x")
        numbers = [int(w) for w in words if w.isascii() and w.isdecimal() and len(w) < 11]
        if len(numbers) < len(words) or len(words) != len(axes):
            message = f"{what}, for which '{text[:80]}' is no shape: {len(axes)} numbers are"
            raise refuse("E303", message, Origin.of_file(self.place), hint)
        if any(isinstance(n, int) and n != own for n, own in zip(known, numbers, strict=True)):
            message = f"{what}, and '{text[:80]}' has another number where the file has one"
            raise refuse("E303", message, Origin.of_file(self.place), hint)
        sizes = dict(zip(axes, numbers, strict=True))
        return tuple(sizes.get(axis, n if isinstance(n, int) else 1) for axis, n in enumerate(dims))
