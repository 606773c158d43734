"""A variant a student: other numbers in the same homework, as hard and as telling for everyone.

From what the teacher lets vary all combinations are tried, or many of them; those are kept that are
valid, of one difficulty, and in which most mistakes show and are told apart.  Which of these a
student gets follows from the seed and the student's id alone: who else is in the class, and in
which order, makes no difference.
"""

from __future__ import annotations

from collections import Counter
from hashlib import sha256
from math import prod
from statistics import median
from typing import TYPE_CHECKING, NamedTuple

from shapecalc.errors import Problem, SpecErrors, refuse
from shapecalc.homework.assignment.teacher import read_homework
from shapecalc.homework.diagnosis.misconceptions import CATALOGUE
from shapecalc.homework.diagnosis.working import Sides, volume_of
from shapecalc.homework.variants.lint import lint
from shapecalc.homework.variants.variant_list import read_variants
from shapecalc.layers.shape import as_list
from shapecalc.output.text import PROSE, wrap
from shapecalc.spec.find import find_homework
from shapecalc.text import Origin
from shapecalc.text.words import sentence

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from shapecalc.homework.assignment.model import Homework
    from shapecalc.report import Row
    from shapecalc.text import Source

#: So many combinations are tried.
TRIED = 256
#: Classes of telling variants are added, the best first, until there are so many.
ENOUGH = 16
#: The digits of all answers together lie within this part of the middle.
NEAR = 0.05


class Difficulty(NamedTuple):
    """What makes a homework as hard as another.

    `answers` to find, how many of them are `worked` out (not 0), `divisions` of a side by a stride,
    and how many of those leave a `remainder`.
    """

    answers: int
    worked: int
    divisions: int
    remainders: int


class Variant(NamedTuple):
    """A draw: values by the names in `vary`; what is silent and what is alike in it.

    `digits` counts those of all answers.
    """

    values: tuple[tuple[str, str], ...]
    difficulty: Difficulty
    digits: int
    silent: tuple[str, ...]
    confused: tuple[tuple[str, str], ...]
    unnamed: int

    @property
    def rank(self) -> tuple[int, int, int]:
        """The class of detectability, less is better: silent, alike, and not certain mistakes."""
        return len(self.silent), len(self.confused), self.unnamed


class VariantPool(NamedTuple):
    """The variants that are given out, of `possible` combinations, so many `tried` and `valid`.

    In `uneven` ones more windows leave a remainder than in the original; `refusal` is why the first
    of the others is not valid.
    """

    variants: tuple[Variant, ...]
    possible: int
    tried: int
    valid: int
    uneven: int = 0
    refusal: str = ""

    @property
    def difficulty(self) -> Difficulty:
        """What all variants have in common."""
        return self.variants[0].difficulty

    @property
    def silent(self) -> tuple[str, ...]:
        """The mistakes that are silent in some variant."""
        return tuple(dict.fromkeys(name for variant in self.variants for name in variant.silent))

    @property
    def confused(self) -> tuple[tuple[str, str], ...]:
        """The mistakes that some variant does not tell apart."""
        return tuple(dict.fromkeys(pair for variant in self.variants for pair in variant.confused))


def pool_of(source: Source, seed: str) -> VariantPool:
    """Find the variants of a homework.

    Raises `SpecErrors`: E750 where nothing may vary, E751 where no combination is valid.
    """
    base = read_homework(source)
    if not base.choices:
        hint = "add `vary: {input: 195:259:8, conv1.kernel: [9, 11]}`"
        raise refuse("E750", "the homework does not say what varies", Origin(source), hint)
    possible = prod(len(choice.values) for choice in base.choices)
    allowed = None if base.any_window else _divisions(base.report.rows)[1]
    tried, uneven, variants, first = 0, 0, [], None
    for values in _combinations(base, possible, seed):
        tried += 1
        try:
            homework = read_homework(source, values)
        except SpecErrors as error:
            first = first or error.problems[0]
            continue
        if allowed is None or _divisions(homework.report.rows)[1] <= allowed:
            variants.append(_variant(homework))
        else:
            uneven += 1
    if not variants:
        raise _nothing(source, tried, uneven, first)
    refusal = first.message if first is not None else ""
    return VariantPool(_chosen(variants), possible, tried, len(variants), uneven, refusal)


def draw(pool: VariantPool, seed: str, student: str) -> Variant:
    """Return a student's variant."""
    return pool.variants[_number(seed, student) % len(pool.variants)]


def homework_of(homework_file: str, variants_file: str, student_id: str) -> Homework:
    """Return a student's homework, by the list of variants that was written for the class.

    Raises `SpecErrors`: E752 for a student who is not in it, E753 for a list that cannot be read.
    """
    drawn = read_variants(variants_file).of_student(student_id)
    return read_homework(find_homework(homework_file), dict(drawn.values))


def chosen_homework(
    file: str | Source,
    *,
    variants: str | None = None,
    student: str | None = None,
    seed: str | None = None,
    stamp: str = "",
) -> Homework:
    """Return the homework of a file, by its name too: a student's variant, or a sheet's stamp's.

    `variants` is the list that was written for the class; with a student's id and the seed the
    variant is drawn again.  Raises `SpecErrors` (E752) where nothing says which variant it is.
    """
    source = find_homework(file) if isinstance(file, str) else file
    if variants is not None:
        known = read_variants(variants)
        drawn = known.of_student(student) if student is not None else known.of_stamp(stamp)
        return read_homework(source, dict(drawn.values))
    if student is not None and seed is not None:
        return read_homework(source, dict(draw(pool_of(source, seed), seed, student).values))
    homework = read_homework(source)
    if student is not None or (homework.choices and stamp != homework.stamp):
        message = "the homework has variants, and nothing says which one this is"
        hint = "add --variants variants.csv; or --variant ID with it, or with the --seed"
        raise refuse("E752", message, Origin(source), hint)
    return homework


def _combinations(base: Homework, possible: int, seed: str) -> Iterator[dict[str, str]]:
    """Yield all combinations, or as many as are tried, drawn by the seed."""
    numbers: Iterable[int] = range(possible)
    if possible > TRIED:
        drawn = (_number(seed, f"combination {turn}") % possible for turn in range(4 * TRIED))
        numbers = list(dict.fromkeys(drawn))[:TRIED]
    for number in numbers:
        values, left = {}, number
        for choice in base.choices:
            left, at = divmod(left, len(choice.values))
            values[choice.name] = choice.values[at]
        yield values


def _number(seed: str, word: str) -> int:
    """Return a number that follows from texts in the same way everywhere."""
    return int.from_bytes(sha256(f"{seed}\n{word}".encode()).digest()[:8], "big")


def _variant(homework: Homework) -> Variant:
    graded = [cell for cell in homework.cells if cell.is_asked]
    layers = set(homework.layers)
    numbers = [
        number
        for cell in graded
        for number in ([cell.key] if isinstance(cell.key, int) else as_list(cell.key))  # type: ignore[arg-type]
    ]
    difficulty = Difficulty(
        len(graded),
        sum(cell.key != 0 for cell in graded),
        *_divisions([row for row in homework.report.rows if row.name in layers]),
    )
    result = lint(homework)
    return Variant(
        homework.variation,
        difficulty,
        sum(len(str(number)) for number in numbers),
        result.silent,
        result.confused,
        result.applicable - result.named,
    )


def _divisions(rows: Iterable[Row]) -> tuple[int, int]:
    """Count the divisions of a side by a stride, and those that leave a remainder."""
    sides = [
        side
        for row in rows
        if row.inputs and isinstance(volume := volume_of(row), Sides)
        for side in volume.sides
        if side.stride > 1
    ]
    left = sum((side.n - side.extent + side.pad) % side.stride > 0 for side in sides)
    return len(sides), left


def _chosen(variants: list[Variant]) -> tuple[Variant, ...]:
    """Keep variants of one difficulty that tell most.

    The difficulty is one with enough variants, of several the one whose variants tell most.
    """
    groups: dict[Difficulty, list[Variant]] = {}
    for variant in variants:
        groups.setdefault(variant.difficulty, []).append(variant)
    best = min(
        groups.values(),
        key=lambda group: (
            -min(len(group), ENOUGH),
            sorted(variant.rank for variant in group)[:ENOUGH],
            -len(group),
            group[0].difficulty,
        ),
    )
    middle = median(variant.digits for variant in best)
    alike = [variant for variant in best if abs(variant.digits - middle) <= NEAR * middle] or best[
        :1
    ]
    kept: list[Variant] = []
    for rank in sorted({variant.rank for variant in alike}):
        if len(kept) >= ENOUGH:
            break
        kept += [variant for variant in alike if variant.rank == rank]
    return tuple(sorted(kept))


def _nothing(source: Source, tried: int, uneven: int, first: Problem | None) -> SpecErrors:
    """Say that no combination is valid, and why."""
    if first is None:
        hint = "`windows: any` allows it, or vary other values"
        message = (
            f"in all {tried:,} combinations more windows leave a remainder than in the original"
        )
        return refuse("E751", message, Origin(source), hint)
    message = f"none of {tried:,} combinations is valid; the first: {first.message}"
    hint = first.hint or "vary other values"
    if uneven:
        hint += f"; `windows: any` allows {uneven:,} in which more windows leave a remainder"
    return refuse("E751", message, Origin(source), hint)


def pool_text(pool: VariantPool, drawn: Sequence[tuple[tuple[str, str], ...]]) -> str:
    """Say which variants there are, and how many students share theirs."""
    lines = [line for text in _sentences(pool, drawn) for line in wrap(text, PROSE)]
    return "\n".join(lines) + "\n"


def _sentences(pool: VariantPool, drawn: Sequence[tuple[tuple[str, str], ...]]) -> Iterator[str]:
    tried = "all tried" if pool.tried == pool.possible else f"{pool.tried:,} tried"
    yield (
        f"{len(drawn):,} sheets from {len(pool.variants):,} variants; of {pool.possible:,}"
        f" combinations {tried}, {pool.valid:,} valid."
    )
    if pool.uneven:
        yield (
            f"Not valid, as more windows leave a remainder than in the original: {pool.uneven:,};"
            " `windows: any` allows them."
        )
    if others := pool.tried - pool.valid - pool.uneven:
        yield f"Not valid for other reasons: {others:,}; the first: {sentence(pool.refusal)}"
    counts = Counter(drawn)
    shared = sum(count for count in counts.values() if count > 1)
    if shared:
        yield f"{shared:,} students share their variant with another one."
    difficulty = pool.difficulty
    digits = [variant.digits for variant in pool.variants]
    yield (
        f"Each asks {difficulty.answers} answers, {difficulty.worked} of them not 0;"
        f" {difficulty.divisions} divisions by a stride, {difficulty.remainders} with a remainder;"
        f" {min(digits)} to {max(digits)} digits."
    )
    for name in pool.silent:
        yield f"Silent: {name}, {CATALOGUE[name].name}: it gives the right answer everywhere."
    for a, b in pool.confused:
        yield f"Alike: {a}, {CATALOGUE[a].name}, and {b}, {CATALOGUE[b].name}."
    if not pool.silent and not pool.confused:
        yield "Every mistake shows, and no two look alike in all their cells."
