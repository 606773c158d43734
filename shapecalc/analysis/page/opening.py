"""Which sizes of a network may be turned: those of its input, and its constants.

Each is made a symbol where the network then has a closed form; of the others the reason is kept.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from shapecalc.api import summarize
from shapecalc.errors import SpecErrors
from shapecalc.layers.shape import SIDE_NAMES, Map, as_list
from shapecalc.text import Scalar

if TYPE_CHECKING:
    from collections.abc import Mapping

    from shapecalc.layers.shape import Shape
    from shapecalc.report import Report, Row
    from shapecalc.text import Source

#: The letters of an input's sides, by how many there are; a vector has its units.
_LETTERS = {0: ("N",), 1: ("L",), 2: ("H", "W"), 3: ("D", "H", "W")}
#: The largest number that a page takes for a size.
LARGEST = 10**6
#: A constant that is a plain number.
_PLAIN = re.compile(r"[0-9]{1,15}")


class Size(NamedTuple):
    """A size that may be turned: its letter, what it is, and the number that the network has."""

    name: str
    meaning: str
    value: int


class Fixed(NamedTuple):
    """A size that stays, as there is no closed form with it, and the reason."""

    size: Size
    reason: str


class Opened(NamedTuple):
    """A network in letters, as far as it has closed forms: its sizes, and those that stay.

    `report` holds the letters, `plain` the numbers, at the sizes that the fields begin with; they
    are one where nothing can be turned.
    """

    plain: Report
    report: Report
    sizes: tuple[Size, ...]
    fixed: tuple[Fixed, ...]

    @property
    def values(self) -> dict[str, int]:
        """The number of every letter."""
        return {size.name: size.value for size in self.sizes}


class _Asked(NamedTuple):
    """A spec with what its user gives it."""

    source: Source
    settings: Mapping[str, str]
    inputs: Mapping[str, str]


def opened(
    source: Source,
    settings: Mapping[str, str] | None = None,
    inputs: Mapping[str, str] | None = None,
) -> Opened:
    """Make symbols of as many sizes as a network has closed forms for.

    Raises `SpecErrors` for what is wrong with the network itself.
    """
    asked = _Asked(source, settings or {}, inputs or {})
    plain = _report(asked)
    if plain.domain is not None:  # its writer has chosen the letters
        start = plain.domain.start
        own = tuple(Size(name, "a symbol of the spec", start[name]) for name in start)
        given = {**asked.settings, **{name: str(start[name]) for name in start}}
        return Opened(_report(asked._replace(settings=given)), plain, own, ())
    of_input, constants = _of_input(plain, asked), _constants(plain, asked)
    wanted = (*of_input, *constants)
    try:
        return Opened(plain, _with(asked, plain, wanted), wanted, ())
    except SpecErrors:
        return _one_by_one(asked, plain, wanted)


def _report(asked: _Asked) -> Report:
    return summarize_source(asked.source, asked.settings, asked.inputs)


def summarize_source(
    source: Source, settings: Mapping[str, str], inputs: Mapping[str, str]
) -> Report:
    """Compute the report of a spec that was found."""
    from shapecalc.api import build

    return summarize(build(source, settings=dict(settings), inputs=dict(inputs)))


def _one_by_one(asked: _Asked, plain: Report, wanted: tuple[Size, ...]) -> Opened:
    """Open one size after the other, and keep those with which there is a closed form."""
    report = plain
    kept: list[Size] = []
    fixed: list[Fixed] = []
    for size in wanted:
        try:
            report = _with(asked, plain, (*kept, size))
        except SpecErrors as errors:
            fixed.append(Fixed(size, _reason(errors)))
        else:
            kept.append(size)
    return Opened(plain, report, tuple(kept), tuple(fixed))


def _reason(errors: SpecErrors) -> str:
    return errors.problems[0].message.partition(" (and ")[0]


def _with(asked: _Asked, plain: Report, sizes: tuple[Size, ...]) -> Report:
    """Compute the network with letters in place of some sizes."""
    letters = {size.name for size in sizes}
    inputs = _inputs(plain)
    taken = _taken(plain)
    shapes = {
        row.name if len(inputs) > 1 else "": "x".join(
            letter if letter in letters else str(extent)
            for letter, extent in zip(names, as_list(row.output), strict=True)
        )
        for row, names in zip(inputs, _letters(inputs, taken), strict=True)
    }
    if not letters & {letter for names in _letters(inputs, taken) for letter in names}:
        shapes = dict(asked.inputs)
    constants = {size.name: "free" for size in sizes if size.name in plain.graph.spec.let}
    return summarize_source(asked.source, {**asked.settings, **constants}, shapes)


def _inputs(report: Report) -> tuple[Row, ...]:
    return tuple(row for row in report.rows if row.type == "input" and not row.sources)


def _taken(report: Report) -> set[str]:
    return set(report.graph.spec.let)


def _letters(inputs: tuple[Row, ...], taken: set[str]) -> list[tuple[str, ...]]:
    """Name the extents of every input; equal sides of several inputs have one letter."""
    numbers: dict[tuple[str, int], str] = {}
    used = set(taken)
    named = []
    for row in inputs:
        names = []
        for letter, extent in zip(_stems(row.output), as_list(row.output), strict=False):
            if (letter, extent) not in numbers:
                choices = (letter, *(f"{letter}{number}" for number in range(1, len(used) + 2)))
                name = next(choice for choice in choices if choice not in used)
                used.add(name)
                numbers[letter, extent] = name  # type: ignore[index]
            names.append(numbers[letter, extent])  # type: ignore[index]
        named.append((*names, *[""] * (len(as_list(row.output)) - len(names))))
    return named


def _stems(shape: Shape) -> tuple[str, ...]:
    return _LETTERS[len(shape.sides)]


def _of_input(plain: Report, asked: _Asked) -> tuple[Size, ...]:
    """List the sizes of the inputs; channels stay."""
    inputs = _inputs(plain)
    sizes: dict[str, Size] = {}
    for row, names in zip(inputs, _letters(inputs, _taken(plain)), strict=True):
        sides = SIDE_NAMES[len(row.output.sides)] if isinstance(row.output, Map) else ("units",)
        of = f"of {row.name}" if len(inputs) > 1 else "of the input"
        for name, side, extent in zip(names, sides, as_list(row.output), strict=False):
            assert isinstance(extent, int), "a network of numbers"
            sizes.setdefault(name, Size(name, f"{side} {of}", extent))
    return tuple(sizes.values())


def _constants(plain: Report, asked: _Asked) -> tuple[Size, ...]:
    """List the constants that are plain numbers; those made of others follow them."""
    sizes = []
    for name, tree in plain.graph.spec.let.items():
        text = asked.settings.get(name, tree.text if isinstance(tree, Scalar) else "")
        if _PLAIN.fullmatch(text.strip()):
            sizes.append(Size(name, "a constant of the spec", int(text)))
    return tuple(sizes)
