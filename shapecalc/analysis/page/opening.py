"""Which sizes of a network may be turned: those of its input, and its constants.

Each is made a symbol where the network then has a closed form; of the others the reason is kept.
"""

from __future__ import annotations

import re
from itertools import starmap, zip_longest
from typing import TYPE_CHECKING, NamedTuple

from shapecalc.analysis.page.start import start_of
from shapecalc.api import summarize
from shapecalc.errors import SpecErrors
from shapecalc.layers.shape import SIDE_NAMES, Map, as_list
from shapecalc.text import Scalar

if TYPE_CHECKING:
    from collections.abc import Mapping

    from shapecalc.algebra import Dim
    from shapecalc.report import Report, Row
    from shapecalc.text import Source

#: The letters of an input's sides, by how many there are; a vector has its units.
_LETTERS = {0: ("N",), 1: ("L",), 2: ("H", "W"), 3: ("D", "H", "W")}
#: The largest number that a page takes for a size.
LARGEST = 10**6
#: A constant that is a plain number.
_PLAIN = re.compile(r"[0-9]{1,15}")
_CONSTANT = "a constant of the spec"


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
    given = _report(asked)
    own = _own(given, asked)
    begun = {**asked.settings, **{size.name: str(size.value) for size in own}}
    plain = _report(asked._replace(settings=begun)) if own else given
    numbers = (*_of_input(given), *_constants(given, asked))
    more = [size for size in numbers if size.name not in {letter.name for letter in own}]
    try:
        return Opened(plain, _with(asked, given, (*own, *more)), (*own, *more), ())
    except SpecErrors:
        return _one_by_one(asked, given, plain, own, more)


def _report(asked: _Asked) -> Report:
    return summarize_source(asked.source, asked.settings, asked.inputs)


def summarize_source(
    source: Source, settings: Mapping[str, str], inputs: Mapping[str, str]
) -> Report:
    """Compute the report of a spec that was found."""
    from shapecalc.api import build

    return summarize(build(source, settings=dict(settings), inputs=dict(inputs)))


def _one_by_one(
    asked: _Asked, given: Report, plain: Report, own: tuple[Size, ...], more: list[Size]
) -> Opened:
    """Open one size after the other, and keep those with which there is a closed form."""
    report = given
    kept = list(own)
    fixed: list[Fixed] = []
    for size in more:
        try:
            report = _with(asked, given, (*kept, size))
        except SpecErrors as errors:
            fixed.append(Fixed(size, _reason(errors)))
        else:
            kept.append(size)
    return Opened(plain, report, tuple(kept), tuple(fixed))


def _reason(errors: SpecErrors) -> str:
    return errors.problems[0].message.partition(" (and ")[0]


def _with(asked: _Asked, given: Report, sizes: tuple[Size, ...]) -> Report:
    """Compute the network with letters in place of some sizes."""
    letters = {size.name for size in sizes}
    inputs = _inputs(given)
    shapes = {
        row.name if len(inputs) > 1 else "": "x".join(
            letter if letter in letters else str(extent)
            for letter, extent in zip(names, as_list(row.output), strict=True)
        )
        for row, names in zip(inputs, _letters(given), strict=True)
    }
    if not letters & {letter for names in _letters(given) for letter in names}:
        shapes = dict(asked.inputs)
    constants = {size.name: "free" for size in sizes if size.name in given.graph.spec.let}
    return summarize_source(asked.source, {**asked.settings, **constants}, shapes)


def _inputs(report: Report) -> tuple[Row, ...]:
    return tuple(row for row in report.rows if row.type == "input" and not row.sources)


def _letters(report: Report) -> list[tuple[str, ...]]:
    """Name the extents of every input; equal sides of several inputs have one letter.

    Extents that are letters already keep them; channels that are numbers have none.
    """
    named: dict[tuple[str | None, int], str] = {}
    used = {*report.graph.spec.let, *(report.domain.symbols if report.domain else ())}

    def name(letter: str | None, extent: Dim) -> str:
        if not isinstance(extent, int):
            return str(extent)
        if letter and (letter, extent) not in named:
            choices = (letter, *(f"{letter}{number}" for number in range(1, len(used) + 2)))
            named[letter, extent] = next(choice for choice in choices if choice not in used)
            used.add(named[letter, extent])
        return named.get((letter, extent), "")

    return [
        tuple(starmap(name, zip_longest(_LETTERS[len(row.output.sides)], as_list(row.output))))
        for row in _inputs(report)
    ]


def _own(given: Report, asked: _Asked) -> tuple[Size, ...]:
    """List the letters that a network has already, with numbers to begin with."""
    if given.domain is None:
        return ()
    meanings = {size.name: size.meaning for size in _of_input(given)}
    start = start_of(given, _known(given, asked))
    return tuple(Size(name, meanings.get(name, _CONSTANT), start[name]) for name in start)


def _known(given: Report, asked: _Asked) -> dict[str, int]:
    """Return the numbers that the spec itself has where options put letters."""
    try:
        spec = _report(asked._replace(settings={}, inputs={}))
    except SpecErrors:  # there is a network only with them
        return {}
    sides = {
        str(letter): extent
        for row, own in zip(_inputs(given), _inputs(spec), strict=True)
        for letter, extent in zip(as_list(row.output), as_list(own.output), strict=True)
        if isinstance(extent, int) and not isinstance(letter, int)
    }
    constants = {size.name: size.value for size in _constants(spec, asked._replace(settings={}))}
    return {**constants, **sides}


def _of_input(given: Report) -> tuple[Size, ...]:
    """List the sizes of the inputs; channels that are numbers stay."""
    inputs = _inputs(given)
    sizes: dict[str, Size] = {}
    for row, names in zip(inputs, _letters(given), strict=True):
        sides = SIDE_NAMES[len(row.output.sides)] if isinstance(row.output, Map) else ("units",)
        of = f"of {row.name}" if len(inputs) > 1 else "of the input"
        for name, side, extent in zip_longest(names, sides, as_list(row.output)):
            if name:
                value = extent if isinstance(extent, int) else 0
                sizes.setdefault(name, Size(name, f"{side or 'channels'} {of}", value))
    return tuple(sizes.values())


def _constants(given: Report, asked: _Asked) -> tuple[Size, ...]:
    """List the constants that are plain numbers; those made of others follow them."""
    sizes = []
    for name, tree in given.graph.spec.let.items():
        text = asked.settings.get(name, tree.text if isinstance(tree, Scalar) else "")
        if _PLAIN.fullmatch(text.strip()):
            sizes.append(Size(name, _CONSTANT, int(text)))
    return tuple(sizes)
