"""What a class was given, in a few sentences: how hard it is, and what it cannot tell."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from shapecalc.homework.diagnosis.misconceptions.catalogue import CATALOGUE
from shapecalc.output.text import PROSE, wrap

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from shapecalc.homework.variants.draw import Pool


def pool_text(pool: Pool, given: Sequence[tuple[tuple[str, str], ...]]) -> str:
    """Say which variants there are, and how many students share theirs."""
    lines = [line for text in _said(pool, given) for line in wrap(text, PROSE)]
    return "\n".join(lines) + "\n"


def _said(pool: Pool, given: Sequence[tuple[tuple[str, str], ...]]) -> Iterator[str]:
    tried = "all tried" if pool.tried == pool.possible else f"{pool.tried:,} tried"
    yield (
        f"{len(given):,} sheets from {len(pool.variants):,} variants; of {pool.possible:,}"
        f" combinations {tried}, {pool.valid:,} valid."
    )
    counts = Counter(given)
    shared = sum(count for count in counts.values() if count > 1)
    if shared:
        yield f"{shared:,} students share their variant with another one."
    each = pool.difficulty
    digits = [variant.digits for variant in pool.variants]
    yield (
        f"Each asks {each.answers} answers, {each.worked} of them not 0; {each.divisions} divisions"
        f" by a stride, {each.remainders} with a remainder; {min(digits)} to {max(digits)} digits."
    )
    for name in pool.silent:
        yield f"Silent: {name}, {CATALOGUE[name].name}: it gives the right answer everywhere."
    for a, b in pool.confused:
        yield f"Alike: {a}, {CATALOGUE[a].name}, and {b}, {CATALOGUE[b].name}."
    if not pool.silent and not pool.confused:
        yield "Every mistake shows, and no two look alike in all their cells."
