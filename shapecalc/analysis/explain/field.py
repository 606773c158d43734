"""How far a layer's units see into the network's input, layer by layer."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Any

from shapecalc.algebra.traced import Formula, formula, is_zero, named
from shapecalc.analysis.explain.model import (
    LONG,
    OF_SIZES,
    PIXELS,
    Block,
    Section,
    Subject,
    derivations,
    too_long,
    twins,
)
from shapecalc.graph import Input
from shapecalc.layers.base import square
from shapecalc.layers.conv import Windowed
from shapecalc.layers.shape import SIDE_NAMES
from shapecalc.layers.window import UNSEEN, ByAxis, PerInput, Rearranged, Reduced, UndecidedError
from shapecalc.output.cells import NOT_APPLICABLE_MARK, UNKNOWN_MARK
from shapecalc.output.document import Grid, Prose
from shapecalc.report.receptive_field import Arranged, at_most, telling_units
from shapecalc.text.words import listed, plural

if TYPE_CHECKING:
    from collections.abc import Sequence

    from shapecalc.algebra import Dim
    from shapecalc.layers.window import InputSpan, Sees
    from shapecalc.report import Row
    from shapecalc.report.receptive_field import ReceptiveField


def formulas(subject: Subject, *, brief: bool = False) -> tuple[Formula, ...]:
    """Return the receptive field along every side of the network's input; none if not known."""
    return tuple(_made(subject, side) for side in range(len(fields_of(subject.row))))


def fields_of(row: Row) -> tuple[ReceptiveField, ...]:
    """Return a layer's fields; none without sides, or where no one formula gives them.

    Where a layer's are known, so are those of the layers before it.
    """
    return row.field or ()


def _made(subject: Subject, side: int) -> Formula:
    """Return the rule that holds here: of a window, of a join, or from the pixels themselves."""
    field = fields_of(subject.row)[side]
    sources, window = _looked_at(subject)
    if not any(map(fields_of, sources)):  # a pixel of the input, or an index of a vector
        return formula(1)
    if len(sources) == 1:
        tried = _recurrence(subject, sources[0], window, side)
    else:
        tried = None if isinstance(window, PerInput) else _union(sources, side)
    if tried is not None and tried.value == field.size:
        return tried
    return _span(field)


def _looked_at(subject: Subject) -> tuple[tuple[Row, ...], Sees]:
    """Return the operands of which more than the shape counts, and how they are looked at."""
    sources = tuple(subject.rows[name] for name in subject.row.sources)
    try:
        window = subject.layer.window(*subject.inputs)
    except UndecidedError:
        return sources, PerInput(())
    if isinstance(window, PerInput):
        pairs = zip(sources, window.windows, strict=True)
        seen = [(source, own) for source, own in pairs if own != UNSEEN]
        if len(seen) == 1:
            return (seen[0][0],), seen[0][1]
    return sources, window


def _union(sources: tuple[Row, ...], side: int) -> Formula | None:
    """Return the largest of the branches' fields; they may see more together."""
    sizes = [fields_of(source)[side].size for source in sources if len(fields_of(source)) > side]
    if not sizes:
        return None
    widest = named("r1", sizes[0])
    for number, size in enumerate(sizes[1:], 2):
        widest = widest.larger(named(f"r{number}", size))
    return widest


def _recurrence(subject: Subject, source: Row, window: Sees, side: int) -> Formula | None:
    """Return r + (k - 1) x j, where windows and what they look at move by whole steps."""
    placed = any(isinstance(row.field, Arranged) for row in (subject.row, source))
    if placed and not isinstance(window, Rearranged):
        return named("r", fields_of(source)[side].size) if window is None else None
    if window is None or isinstance(window, Rearranged):
        return named("r", fields_of(source)[side].size)
    if isinstance(window, PerInput | ByAxis | Reduced):
        return None
    step = _step(window, side)
    before = fields_of(source)[side if step.side < 0 else step.side]
    if len(step.lo) > 1 and all(map(_one_or_none, step.lo, step.hi)):
        return named("r", before.size)
    if len(before.first) > 1 or before.also or len(step.lo) > 1:
        return None
    size, jump = named("r", before.size), named("j", before.jump)
    stands = is_zero(step.step)
    if is_zero(before.step) or (
        not stands and not isinstance(subject.layer, Windowed) and step.lo == step.hi
    ):
        return size
    if not stands:
        return size + (named("k", step.hi[0] - step.lo[0] + 1) - 1) * jump
    return size + (named("n", before.units) - 1) * jump


def _one_or_none(low: Dim, high: Dim) -> bool:
    """Tell whether units see one unit of the layer before, or none, as those of tokens."""
    return isinstance(low, int) and isinstance(high, int) and low >= high


def _step(window: Sequence[InputSpan], side: int) -> InputSpan:
    return window[side] if len(window) > side else window[0]


def _span(field: ReceptiveField) -> Formula:
    """Count from the first to the last pixel that the unit with the widest field sees."""
    widest = named("widest", field.size)
    if not isinstance(field.units, int):
        return widest
    ends = [field.sees(unit) for unit in telling_units(field)]
    spans = [last - first + 1 for first, last in ends]
    if field.size not in spans:
        return widest
    first, last = ends[spans.index(field.size)]
    return named("last", last) - named("first", first) + 1


def _pixel(subject: Subject) -> str:
    """Name what an element of the sides of the network's input is called."""
    return PIXELS.get(len(fields_of(subject.row)), "pixel")


def explain(subject: Subject) -> Section:
    """Explain the receptive field."""
    if subject.row.field is None:
        return undecided()
    rules = formulas(subject)
    if not rules:
        text = "What flows into the network has no sides, so there is no field to speak of."
        return Section("receptive-field", "receptive field", "-", (Prose(text),))
    sizes = tuple(rule.value for rule in rules)
    names = SIDE_NAMES.get(len(rules), ())
    alike: dict[Formula, list[str]] = {}
    for number, rule in enumerate(rules):
        alike.setdefault(rule, []).append(names[number])
    ruled = {rule: labels for rule, labels in alike.items() if rule.kind != "number"}
    blocks: list[Block] = [*derivations(ruled, OF_SIZES)]
    blocks.append(Prose("  ".join([_words(subject, rules, names), *_beyond(subject, sizes)])))
    paths = dict.fromkeys(_path(subject, side) for side in _different(rules))
    blocks += [path for path in paths if len(path.rows) > 1]
    bound = at_most(subject.row.field)
    return Section(
        "receptive-field",
        "receptive field",
        f"{'at most ' if bound else ''}{square(sizes)}"
        f" {plural(1 if set(sizes) == {1} else 2, _pixel(subject))}"
        + (" per side" if len(sizes) > 1 else ""),
        tuple(blocks),
        sizes,
        {"jump": [_plain(field.jump) for field in fields_of(subject.row)]}
        | ({"at_most": True} if bound else {}),
    )


def undecided() -> Section:
    """Say that the symbols leave it open what the units see."""
    text = (
        "No one formula gives it: which unit sees most depends on the values of the symbols.  With"
        " numbers in their place (--input, --set) it can be told."
    )
    return Section("receptive-field", "receptive field", UNKNOWN_MARK, (Prose(text),))


def _different(rules: tuple[Formula, ...]) -> list[int]:
    return [
        side
        for side, rule in enumerate(rules)
        if not any(rule == earlier or twins(earlier, rule) for earlier in rules[:side])
    ]


def _words(subject: Subject, rules: Sequence[Formula], names: Sequence[str]) -> str:
    """Say which rule held; where a unit looks along some sides only, that of these."""
    if all(is_zero(field.size) for field in fields_of(subject.row)):
        return "No unit sees anything of the input: what is here was trained, or comes of padding."
    rule = next((other for other in rules if other.name != "r"), rules[0])
    if any(field.within for field in fields_of(subject.row)):
        return (
            "Beyond the ends of a map that is blended, mirrored, or convolved by a transposed"
            " kernel there is nothing, nor padding.  So a unit near them sees less than this, and"
            " with these symbols the map may be so small that every one is near them."
        )
    if at_most(subject.row.field):
        return (
            "Which units see what was not followed on all the way to here (through masks, windows"
            " or reshapes that cut axes elsewhere, or joins of what lies otherwise): a unit sees no"
            " more than this, and may see less."
        )
    leaves = {part.name for part in _parts(rule)}
    if isinstance(subject.layer, Input):
        return "A pixel of the input is itself."
    if subject.layer.indexes:
        return "Every place sees the index that it looks up."
    if len(subject.row.sources) > 1 and rule.kind == "max":
        return "A unit of a join sees what the units of all its branches see: the widest counts."
    if "k" in leaves:
        return (
            "A window of k takes in one unit of the layer before, which sees r, and k - 1"
            " neighbours, each of which looks j further."
        )
    if "n" in leaves:
        why = subject.layer.gathers
        along = [name for name, other in zip(names, rules, strict=False) if other.name != "r"]
        what = "the whole map" if len(along) == len(rules) else f"all along the {listed(along)}"
        return (f"{why}, so every" if why else "Every") + (
            f" unit sees {what}: n units of the layer before, the first of which sees r"
            " and every further one j more."
        )
    if rule.name == "r" and isinstance(_looked_at(subject)[1], Rearranged):
        return "The same elements lie elsewhere now, and every one sees what it saw before."
    if rule.name == "r":
        window = _looked_at(subject)[1]
        place = "its own place only"
        if window is not None and not isinstance(window, Rearranged | Reduced | ByAxis | PerInput):
            place = "one place or none" if any(len(step.lo) > 1 for step in window) else place
        return f"Every unit looks at {place}, and sees what the unit there before sees."
    why = "Here units in turn see different stretches, so the rule r + (k - 1)*j does not hold;"
    if isinstance(subject.layer.window(*subject.inputs), PerInput):
        why = (
            "An element of the product sees what its line of the one operand and its line of the"
            " other see together;"
        )
    elif subject.layer.gathers:
        why = f"{subject.layer.gathers};"
    if rule.name == "widest":
        return (
            f"{why} this is what the one with the widest sees, in {_pixel(subject)}s, padding"
            " included."
        )
    return (
        f"{why} the widest reaches from the first to the last {_pixel(subject)} given here, counted"
        " from 0, padding included."
    )


def _beyond(subject: Subject, sizes: tuple[Any, ...]) -> list[str]:
    """Say when a unit sees more than there is."""
    inputs = [row.output.sides for row in subject.rows.values() if row.type == "input"]
    if len(inputs) != 1 or not all(isinstance(n, int) for n in (*sizes, *inputs[0])):
        return []
    larger = [n for size, n in zip(sizes, inputs[0], strict=False) if size > n]
    if not larger:
        return []
    return [f"That is more than the input's {larger[0]}: the rest of it is padding."]


def _parts(made: Formula) -> list[Formula]:
    return [made, *(leaf for part in made.parts for leaf in _parts(part))]


def _plain(jump: Dim | Fraction | None) -> Dim | float | None:
    return float(jump) if isinstance(jump, Fraction) else jump


def _widest(sources: list[Row], side: int) -> Row | None:
    """Return the source that sees most; the first where that is no number."""
    sizes = [fields_of(source)[side].size for source in sources]
    numbers = [size for size in sizes if isinstance(size, int)]
    if len(numbers) < len(sizes) or not numbers:
        return sources[0] if sources else None
    return sources[numbers.index(max(numbers))]


def _sees(size: Dim) -> str:
    text = str(size)
    return text if len(text) <= LONG // 2 else "a long formula"


def _apart(jump: Dim | Fraction | None) -> str:
    if jump is None:
        return UNKNOWN_MARK
    return NOT_APPLICABLE_MARK if is_zero(jump) else str(jump)


def _path(subject: Subject, side: int) -> Grid:
    """List the layers that widen the field or the steps, down the widest path to this one."""
    chain: list[Row] = []
    row: Row | None = subject.row
    while row is not None:
        chain.append(row)
        sources = [subject.rows[name] for name in row.sources]
        sources = [source for source in sources if len(fields_of(source)) > side]
        row = _widest(sources, side)
    lines = []
    before: Any = None
    for link in reversed(chain):
        now = (fields_of(link)[side].size, fields_of(link)[side].jump)
        if now != before or link is subject.row:
            rule = _made(subject._replace(row=link), side)
            how = "" if rule.kind == "number" else rule.substituted()
            how = "" if too_long(how, str(now[0])) else how
            lines.append((link.name, link.does, how, _sees(now[0]), _apart(now[1])))
        before = now
    return Grid(
        ("layer", "what it does", "", "sees", "apart"),
        tuple(lines),
        (False, False, True, True, True),
        spare=1,
    )
