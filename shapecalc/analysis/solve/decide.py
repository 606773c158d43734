"""Relations to boxes: all values of the symbols for which every relation holds.

A relation in one symbol is solved for it (`relations.where`).  What holds several symbols, or
cannot be solved, is decided at every point of a grid where the symbols' sets are finite; else,
when the symbols are sides of the input, for equal sides.
"""

from __future__ import annotations

from functools import reduce
from math import prod
from typing import TYPE_CHECKING, Any, NamedTuple

from shapecalc.algebra.expr import Expr, Floor, Quotient, Symbol, evaluate, substitute, symbol
from shapecalc.algebra.integer_sets import NONE, Integers, common
from shapecalc.algebra.relations import where
from shapecalc.analysis.solve.answer import (
    Box,
    boxes_of,
    compress,
    listed,
    of_range,
    size,
    tidied,
    union,
)
from shapecalc.analysis.solve.atoms import Atom
from shapecalc.errors import refuse
from shapecalc.text import Origin, Source

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from shapecalc.algebra import Dim
    from shapecalc.report.domain import Domain
    from shapecalc.spec.ranges import Range

#: So many points of a grid are looked at.
MAX_POINTS = 10_000_000
#: So many at once, which bounds the memory; numbers beyond this bound are no machine integers.
CHUNK = 2**18
MACHINE = 2**60


class Decision(NamedTuple):
    """The boxes, by the symbols' own names.

    `allowed` is what domain and ranges leave of every symbol, `alone` by itself for which values
    each relation in one symbol holds; `tied` are the groups of symbols that were taken to be
    equal, `near` points that miss by least, from a grid.
    """

    boxes: list[Box]
    allowed: Box
    alone: tuple[tuple[Atom, str, Integers], ...] = ()
    tied: tuple[tuple[str, ...], ...] = ()
    near: tuple[dict[str, int], ...] = ()


def decide(
    atoms: Sequence[Atom],
    domain: Domain | None,
    bounds: Mapping[str, Range],
    sides: Sequence[str],
    source: Source,
) -> Decision:
    """Find all points.  Raises `SpecErrors`: E342 for too many points, E346 for no bounds."""
    allowed = {name: domain.allowed[name] for name in domain.symbols} if domain else {}
    for name, over in bounds.items():
        allowed[name] = common(allowed[name], of_range(over))
    alone: list[tuple[Atom, str, Integers]] = []
    joint: list[Atom] = [] if domain is None else list(map(_of_condition, domain.mixed))
    left = dict(allowed)
    for atom in atoms:
        names = atom.symbols
        if not names:
            if atom.miss({}):
                return Decision([], allowed)
            continue
        solved = _solved(atom, *names) if len(names) == 1 else None
        if solved is None:
            joint.append(atom)
            continue
        (name,) = names
        alone.append((atom, name, solved))
        left[name] = common(left[name], solved)
    if not all(numbers.stretches for numbers in left.values()):
        return Decision([], allowed, tuple(alone))
    left = {name: tidied(numbers) for name, numbers in left.items()}
    answer = Decision([left], allowed, tuple(alone))
    return _jointly(answer, joint, sides, source) if joint else answer


def _of_condition(condition: Any) -> Atom:  # noqa: ANN401  (domain's Condition)
    value, relation, bound = condition.need[:3]
    if relation == "joined with":  # where one of these is 0
        value, relation, bound = (value - bound) * (value - 1) * (bound - 1), "equal to", 0
    return Atom(-1, condition.text(), value, relation, bound, (condition.layer,))


def _solved(atom: Atom, name: str) -> Integers | None:
    """Return all values of the one symbol from 1 on."""
    if atom.relation != "unequal to":
        numbers = where(atom.left, atom.relation, atom.right, name)
        return None if numbers is None else tidied(numbers)
    below = where(atom.left, "at most", atom.right - 1, name)
    above = where(atom.left, "at least", atom.right + 1, name)
    return None if below is None or above is None else union(below, above)


def _jointly(answer: Decision, joint: list[Atom], sides: Sequence[str], source: Source) -> Decision:
    (left,) = answer.boxes
    names = [name for name in left if any(name in atom.symbols for atom in joint)]
    endless = [name for name in names if size(left[name]) is None]
    if not endless:
        values = {name: _few(left, name, names, source) for name in names}
        longest_last = sorted(values, key=lambda name: len(values[name]))
        solved, near = on_grid(joint, {name: values[name] for name in longest_last})
        rest = {name: numbers for name, numbers in left.items() if name not in names}
        boxes = [{**box, **rest} for box in solved]
        boxes = [{name: box[name] for name in left} for box in boxes]
        return answer._replace(boxes=boxes, near=tuple(near) if not rest else ())
    if set(names) <= set(sides) and len(names) > 1:
        return _square(answer, joint, names, source)
    text = joint[0].label
    which = " and ".join(endless)
    message = f"this cannot be solved for all values of {which}: {text}"
    hint = (
        "bound "
        + ("it" if len(endless) == 1 else "them")
        + " with "
        + " ".join(f"--over {name}=1:512" for name in endless)
    )
    raise refuse("E346", message, Origin(source), hint)


def _few(left: Box, name: str, names: Sequence[str], source: Source) -> list[int]:
    """List a symbol's values; refuse where the grid has too many points."""
    counts = [size(left[axis]) or 0 for axis in names]
    if prod(counts) > MAX_POINTS:
        shown = " x ".join(f"{count:,}" for count in counts)
        message = f"{prod(counts):,} points would have to be looked at ({shown})"
        hint = f"narrow the ranges of {' and '.join(names)}"
        rule = f"at most {MAX_POINTS:,} points"
        raise refuse("E342", message, Origin(source), hint, rule=rule)
    return listed(left[name])


def _square(answer: Decision, joint: list[Atom], names: list[str], source: Source) -> Decision:
    """Solve for equal sides: those that some relation holds together."""
    (left,) = answer.boxes
    groups: list[list[str]] = []
    for atom in joint:
        near = [group for group in groups if atom.symbols & set(group)]
        groups = [group for group in groups if group not in near]
        groups.append([n for n in names if n in atom.symbols or any(n in g for g in near)])
    first = {name: group[0] for group in groups for name in group}
    same = {name: symbol(other) for name, other in first.items()}
    kept = {group[0]: reduce(common, (left[name] for name in group)) for group in groups}
    alone = list(answer.alone)
    for atom in joint:
        tied = atom._replace(left=substitute(atom.left, same), right=substitute(atom.right, same))
        name = first[min(atom.symbols)]
        if not tied.symbols:
            kept[name] = NONE if tied.miss({}) else kept[name]
            continue
        numbers = _solved(tied, name)
        if numbers is None:
            hint = "bound them with " + " ".join(f"--over {name}=1:512" for name in names)
            message = f"this cannot be solved for all sizes: {atom.label}"
            raise refuse("E346", message, Origin(source), hint)
        alone.append((tied, name, numbers))
        kept[name] = common(kept[name], numbers)
    whole = {name: tidied(numbers) for name, numbers in kept.items()}
    box = {name: whole[first[name]] if name in first else numbers for name, numbers in left.items()}
    boxes = [box] if all(numbers.stretches for numbers in box.values()) else []
    tied_names = tuple(tuple(group) for group in groups if len(group) > 1)
    return answer._replace(boxes=boxes, alone=tuple(alone), tied=tied_names)


def on_grid(
    atoms: Sequence[Atom], values: Mapping[str, Sequence[int]]
) -> tuple[list[Box], list[dict[str, int]]]:
    """Return the boxes of a grid where all relations hold, and three points that miss by least."""
    import numpy as np

    *outer, last = names = list(values)
    highs = {name: max(numbers, default=0) for name, numbers in values.items()}
    dims = [dim for atom in atoms for dim in (atom.left, atom.right)]
    big = any(magnitude(dim, highs) > MACHINE for dim in dims)
    kind: Any = object if big else np.int64
    columns = {name: np.array(values[name], dtype=kind) for name in names}
    area = prod(len(values[name]) for name in names[1:])
    step = max(1, CHUNK // max(area, 1))
    rows: dict[tuple[int, ...], list[Box]] = {}
    best: list[tuple[int, tuple[int, ...]]] = []
    universe = np.array(values[last])
    parts: list[Any] = []  # of the last name, where it is the only one
    for start in range(0, len(values[names[0]]), step):
        chunk = {**columns, names[0]: columns[names[0]][start : start + step]}
        misses = _misses(atoms, names, chunk, kind)
        for index in np.argpartition(misses, min(2, misses.size - 1), axis=None)[:3]:
            corner = np.unravel_index(index, misses.shape)
            best.append((int(misses[corner]), _point(chunk, names, corner)))
        if not outer:
            parts.append(misses == 0)
            continue
        for place in np.ndindex(misses.shape[:-1]):
            chosen = universe[misses[place] == 0]
            if len(chosen):
                rows[_point(chunk, outer, place)] = [
                    {last: compress(chosen.tolist(), values[last])}
                ]
    if parts:
        chosen = universe[np.concatenate(parts)]
        rows[()] = [{last: compress(chosen.tolist(), values[last])}] if len(chosen) else []
    near = [dict(zip(names, point, strict=True)) for _, point in sorted(best)[:3]]
    return boxes_of(rows, outer, values), near


def _misses(
    atoms: Sequence[Atom],
    names: Sequence[str],
    columns: Mapping[str, Any],
    kind: Any,  # noqa: ANN401  (an array's type)
) -> Any:  # noqa: ANN401
    """Add up on a grid by how much the relations fail."""
    import numpy as np

    arrays = {
        name: columns[name].reshape([-1 if axis == name else 1 for axis in names]) for name in names
    }
    total: Any = np.zeros([len(columns[name]) for name in names], dtype=kind)
    memo: dict[Any, Any] = {}
    for atom in atoms:
        left = evaluate(atom.left, arrays, memo)
        total = total + _missing(left, atom, evaluate(atom.right, arrays, memo))
    return total


def _point(columns: Mapping[str, Any], names: Sequence[str], place: Any) -> tuple[int, ...]:  # noqa: ANN401
    return tuple(int(columns[name][at]) for name, at in zip(names, place, strict=True))


def _missing(left: Any, atom: Atom, right: Any) -> Any:  # noqa: ANN401
    """Return for arrays by how much a relation fails, as `Atom.miss` does for numbers."""
    import numpy as np

    difference = left - right if atom.relation != "divisible by" else 0
    match atom.relation:
        case "at least":
            return np.maximum(-difference, 0)
        case "at most":
            return np.maximum(difference, 0)
        case "equal to":
            return abs(difference)
        case "unequal to":
            return (difference == 0) * 1
        case _:
            return np.minimum(left % right, -left % right)


def magnitude(dim: Dim, highs: Mapping[str, int]) -> int:
    """Return a number that no step of evaluating a dimension exceeds in size."""
    if not isinstance(dim, Expr):
        return abs(dim)
    total = 0
    for factors, number in dim.terms:
        term = abs(number)
        for atom, power in factors:
            if isinstance(atom, Symbol):
                largest = highs[atom.name]
            elif isinstance(atom, Floor):
                largest = magnitude(atom.over, highs)  # its numerator is computed first
            elif isinstance(atom, Quotient):
                largest = max(magnitude(atom.over, highs), magnitude(atom.by, highs))
            else:
                largest = 2 * sum(magnitude(argument, highs) for argument in atom.of)
            term *= max(largest, 1) ** power
        total += term
    return total
