"""Repeats whose number of rounds is recorded for many points: rounds that are alike stand once.

What a network with more or fewer of them has is known then from the one that stands for them,
which `report.alike` requires of them once the shapes are known.  Names are given out by counting,
so what is called otherwise after another number of rounds is not spoken of.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from shapecalc.graph import Alike, AlikeRounds, UnequalRoundsError
from shapecalc.graph.draft import NamedSource
from shapecalc.layers.fields import LARGEST

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from shapecalc.algebra import Dim
    from shapecalc.algebra.tape import Recorded
    from shapecalc.graph.draft import Draft, DrawnRounds, Expansion, Level, Wire
    from shapecalc.spec import NetSpec, Use


def statement_of(use: Use) -> tuple[str, object]:
    """Return what identifies a statement."""
    return use.word.source.name, use.word.start


def recorded_rounds(times: Recorded, variable: str, *, apart: bool) -> list[dict[str, Dim]]:
    """Return what the names of the rounds that stand for all are bound to.

    The last one stands for all that are alike: for all, or where the first stands `apart`, for
    those after it.  Raises `UnequalRoundsError` where there may be too few.
    """
    if times.low < int(apart) or times.high > LARGEST:
        raise UnequalRoundsError
    if not variable:
        return [{}] * (1 + apart)
    tape = times.tape
    number = tape.symbol(f"round {len(tape.table)}", 1, max(1, times.high - 1))
    return [{variable: 0}, {variable: number}]


def alike(
    expansion: Expansion,
    spec: NetSpec,
    source_of: Callable[[Wire], Draft],
    steps: Dim,
) -> Alike:
    """Return which nodes stand for several rounds.  Raises `UnequalRoundsError`."""
    drafts = expansion.drafts
    if expansion.lost or expansion.shares or len(expansion.problems) or spec.deployed:
        raise UnequalRoundsError
    if any(draft.index != index for index, draft in enumerate(drafts)):
        raise UnequalRoundsError
    for drawn in expansion.rounds:
        _must_follow_the_flow(drawn, drafts[drawn.first : drawn.end], source_of)
    rounds = [
        AlikeRounds(
            drawn.first,
            drawn.end,
            drawn.times,
            drawn.statement,
            source_of(drawn.entry).index,
            source_of(drawn.out).index,
        )
        for drawn in expansion.rounds
    ]
    return Alike(
        tuple(rounds),
        steps,
        frozenset(_paths(expansion.counting, lambda level: level.settled)),
        frozenset(_paths(expansion.counting, lambda level: level.first_round)),
    )


def _must_follow_the_flow(
    drawn: DrawnRounds, drafts: Iterable[Draft], source_of: Callable[[Wire], Draft]
) -> None:
    """Require that nothing in a round names what flows into the first: the next has another.

    `input` is what flows into a block, be it of this round.  Raises `UnequalRoundsError`.
    """
    entry = source_of(drawn.entry)
    for draft in drafts:
        for wire in draft.inputs:
            if wire is drawn.entry or not isinstance(wire, NamedSource):
                continue
            own = wire.word.text == "input" and wire.names.input is not drawn.level.input
            if source_of(wire) is entry and not own:
                raise UnequalRoundsError(drawn.statement)


def _paths(
    levels: Iterable[Level], known: Callable[[Level], frozenset[str] | None]
) -> Iterable[str]:
    for level in levels:
        for name in level.members:
            if name not in (known(level) or ()) and not level.calls(name):
                yield level.prefix + name
