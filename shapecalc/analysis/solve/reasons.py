"""Why a solution is one: sizes from layer to layer, numbers at the borders, and near misses."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shapecalc.algebra.expr import evaluate, symbols_of
from shapecalc.algebra.integer_sets import NONE, Integers, Stretch, common
from shapecalc.algebra.relations import increasing, where
from shapecalc.analysis.solve.answer import Box, bare, compress, has, listed, size
from shapecalc.layers.shape import SIDE_NAMES
from shapecalc.output.document import Grid

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from shapecalc.algebra import Dim
    from shapecalc.analysis.solve.atoms import Atom
    from shapecalc.analysis.solve.decide import Decision
    from shapecalc.report import Report, Row

#: So many values of a symbol are put into a formula to see what comes out.
MAX_LOOKED_AT = 4096
#: So many near misses are told.
NEAREST = 3
_WORDS = {
    "at least": "at least",
    "at most": "at most",
    "equal to": "",
    "unequal to": "not",
    "divisible by": "a multiple of",
}


def image(dim: Dim, box: Mapping[str, Integers]) -> Integers | None:
    """Return what comes out of an expression in one symbol, for all its values; None: too many.

    Where the values do not end, an expression that only grows gives all from its first on, in
    words: what lies between may have gaps.
    """
    if isinstance(dim, int):
        return Integers((Stretch(dim, dim),))
    names = symbols_of(dim)
    if len(names) != 1:
        return None
    (name,) = names
    numbers = box[name]
    count = size(numbers)
    if count is not None and count <= MAX_LOOKED_AT:
        results = {evaluate(dim, {name: value}) for value in listed(numbers)}
        return compress(results, range(min(results), max(results) + 1))
    low, high = numbers.smallest(), numbers.largest()
    if not increasing(dim) or low is None or len(numbers.stretches) > 1:
        return None
    ends = [None if end is None else evaluate(dim, {name: end}) for end in (low, high)]
    return Integers((Stretch(ends[0] or 0, ends[1]),))


def chain(report: Report, name: str, box: Box) -> Grid | None:
    """List from a layer back to the input what the sides of the layers before it must be."""
    index = next((i for i, row in enumerate(report.rows) if row.name == name), None)
    if index is None:
        group = report.graph.groups.get(name)
        index = group.output if group is not None else None
    if index is None or not report.rows[index].output.sides:
        return None
    sizes: list[tuple[list[Row], tuple[str, ...]]] = []
    for row in _upstream(report, index):
        texts = tuple(_size_text(image(side, box)) for side in row.output.sides)
        if "" in texts or (sizes and len(sizes[0][1]) != len(texts)):
            continue
        if sizes and sizes[-1][1] == texts:
            sizes[-1][0].append(row)
        else:
            sizes.append(([row], texts))
    if len(sizes) < 2:
        return None
    words = SIDE_NAMES[len(sizes[0][1])]
    rows = tuple((_layers(rows), _doing(rows), *texts) for rows, texts in sizes)
    header = ("layer", "what it does", *words)
    return Grid(header, rows, (False,) * len(header), "Why, from the layer back to the input:")


def _upstream(report: Report, index: int) -> Iterator[Row]:
    """Yield a layer and all that flow into it, the last first."""
    wanted = {index}
    for number in range(index, -1, -1):
        if number in wanted:
            wanted.update(report.graph.nodes[number].inputs)
            yield report.rows[number]


def _layers(rows: list[Row]) -> str:
    """Name layers of one size, the first one last as they were met: `conv3 to relu5`."""
    first, last = rows[-1].name, rows[0].name
    return last if first == last else f"{first} to {last}"


def _doing(rows: list[Row]) -> str:
    """Say what the layer does that made the size."""
    first = rows[-1]
    return " ".join(filter(None, (first.type, first.does)))


def _size_text(numbers: Integers | None) -> str:
    if numbers is None:
        return ""
    values = listed(numbers, 3)
    if size(numbers) == len(values) and len(values) < 3:
        return " or ".join(map(str, values))
    return bare(numbers)


def borders(answer: Decision, shown: Mapping[str, str]) -> Iterator[Grid]:
    """Show the numbers just inside and just outside of the solution."""
    (box,) = answer.boxes
    for atom, name, _ in answer.alone:
        if isinstance(atom.left, int) or atom.label == shown.get(name, name):
            continue
        edges = _edges(box[name], answer.allowed[name])
        if edges:
            title = f"{atom.label} at the borders:"
            yield _measured(title, [atom], [{name: edge} for edge in edges], shown, answer.tied)


def _edges(numbers: Integers, allowed: Integers) -> list[int]:
    """Return the ends of the first intervals, with their neighbours that are outside."""
    edges: set[int] = set()
    for stretch in numbers.stretches[:2]:
        for end, step in ((stretch.low, -1), (stretch.high, 1)):
            if stretch.modulus == 1 and end is not None:
                outside = end + step * _step(allowed)
                if has(allowed, outside) and not has(numbers, outside):
                    edges |= {end, outside}
    return sorted(edges)


def _step(allowed: Integers) -> int:
    steps = {stretch.modulus for stretch in allowed.stretches if len(stretch.residues) == 1}
    return steps.pop() if len(steps) == 1 else 1


def _measured(
    title: str,
    atoms: Sequence[Atom],
    points: Sequence[Mapping[str, int]],
    shown: Mapping[str, str],
    tied: Sequence[Sequence[str]] = (),
) -> Grid:
    """Write what relations come to at points."""
    names = list(points[0])
    groups = {name: group for group in tied for name in group}
    heads = [" = ".join(shown.get(member, member) for member in groups.get(n, [n])) for n in names]
    rows: list[tuple[str, ...]] = []
    for point in points:
        values = {member: v for name, v in point.items() for member in groups.get(name, [name])}
        rows += [
            (*(f"{point[n]:,}" for n in names), *measure(atom, values))
            for atom in atoms
            if symbols_of(atom.left) | symbols_of(atom.right) <= values.keys()
        ]
    header = (*heads, "", "is", "asked for", "")
    return Grid(header, tuple(rows), (*(True for _ in heads), False, True, False, False), title)


def measure(atom: Atom, values: Mapping[str, int]) -> tuple[str, str, str, str]:
    """Say what a relation comes to: of what, the number, what was asked, and the difference."""
    left, right = evaluate(atom.left, values), evaluate(atom.right, values)
    miss = atom.miss(values)
    wanted = f"{_WORDS[atom.relation]} {right:,}".strip()
    return atom.label, f"{left:,}", wanted, f"off by {miss:,}" if miss else "holds"


def apart(answer: Decision, conditions: Sequence[str], shown: Mapping[str, str]) -> Grid | None:
    """Say for each condition by itself where it holds, when only together they cannot."""
    kept: dict[tuple[int, str], Integers] = {}
    for atom, name, holds in answer.alone:
        if 0 <= atom.condition < len(conditions):
            before = kept.get((atom.condition, name), answer.allowed[name])
            kept[atom.condition, name] = common(before, holds)
    if len(kept) < 2 or not all(numbers.stretches for numbers in kept.values()):
        return None
    rows = tuple(
        (conditions[number], numbers.text(shown.get(name, name)))
        for (number, name), numbers in kept.items()
    )
    return Grid(("condition", "for"), rows, (False, False), "Each by itself holds:")


def misses(answer: Decision, shown: Mapping[str, str]) -> Iterator[Grid]:
    """Show the nearest misses of the relations that never hold."""
    for atom, name, holds in answer.alone:
        allowed = answer.allowed[name]
        if common(allowed, holds).stretches or isinstance(atom.left, int) or not allowed.stretches:
            continue
        candidates = _candidates(atom, name, allowed)
        best = sorted(candidates, key=lambda n: (atom.miss({name: n}), n))[:NEAREST]
        yield _measured(
            "The nearest:", [atom], [{name: n} for n in sorted(best)], shown, answer.tied
        )


def _candidates(atom: Atom, name: str, allowed: Integers) -> Iterable[int]:
    """Return values among which a relation that only grows or falls misses by least."""
    values = set(listed(allowed, MAX_LOOKED_AT))
    low, high = allowed.smallest(), allowed.largest()
    for edge in (low, high):
        if edge is not None:
            values.add(edge)
    if atom.relation in ("equal to", "at least", "at most"):
        above = where(atom.left, "at least", atom.right, name) or NONE
        below = where(atom.left, "at most", atom.right, name) or NONE
        for numbers in (above, below):
            for stretch in numbers.stretches:
                ends = [end for end in (stretch.low, stretch.high) if end is not None]
                values.update(
                    n for end in ends for n in range(end - 64, end + 65) if has(allowed, n)
                )
    return values


def near_points(
    atoms: Sequence[Atom], points: Sequence[Mapping[str, int]], shown: Mapping[str, str]
) -> Grid | None:
    """Show what relations come to at points of a grid."""
    return _measured("The nearest:", atoms, points, shown) if points else None
