"""Every fault in the source, a file a room; and changes that are none, each with its proof."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from tests.mutation.ground import Planted

_FILES = sorted(Path(__file__).with_name("faults").glob("*.py"))

FAULTS: list[Planted] = [
    fault for file in _FILES for fault in import_module(f"tests.mutation.faults.{file.stem}").FAULTS
]


class Equivalent(NamedTuple):
    """A change after which every answer is the same, and why."""

    what: str
    right: str
    wrong: str
    proof: str


#: What survives every test, since there is nothing to see.
EQUIVALENT = [
    Equivalent(
        "an expression evaluated twice forgets what it knows",
        "memo = {} if memo is None else memo",
        "memo = {}",
        "A memo holds what parts of the expression come to for the same values of the symbols:"
        " without it they are computed again, and come to the same.",
    ),
    Equivalent(
        "a level's path is put together anew each time",
        "if self.outer is None or self.known_prefix:",
        "if self.outer is None:",
        "What `known_prefix` holds was put together below from names that are final by then: the"
        " same names give the same path again, later.",
    ),
    Equivalent(
        "an output is read twice",
        "readers[output] += 1",
        "readers[output] += 2",
        "Reads still to come are asked whether they are 0, and whether they are 1 at a layer in"
        " place, which is one of them.  An output's own read never ends, so with it they are never"
        " 0, and at that layer at least 2: with 1 more they are neither, too.",
    ),
    Equivalent(
        "a spec that is too large is read one byte further",
        'return _decode("<stdin>", sys.stdin.buffer.read(MAX_BYTES + 1), inputs)',
        'return _decode("<stdin>", sys.stdin.buffer.read(MAX_BYTES + 2), inputs)',
        "Of what was read only whether it has more than MAX_BYTES bytes is asked, and it is refused"
        " then: more than the limit and one byte more are both more.",
    ),
    Equivalent(
        "a topic is shown if all of its blocks are grids",
        "any(isinstance(block, Grid) for block in section.blocks)",
        "all(isinstance(block, Grid) for block in section.blocks)",
        "Only sections without an answer are asked, and of the usual topics that is `what if`, which"
        " is one block: of one, any and all are the same.",
    ),
    Equivalent(
        "every gradient names f",
        'set(used) & {"f"} and not used & {"i", "u"}',
        'set(used) | {"f"} and not used & {"i", "u"}',
        "With sides, a formula that names no unit f names a place, u of the input or i of the"
        " output (so it is for every layer type): `not used & {i, u}` is false then, whatever stands"
        " before it.  Without sides `row` is true, and neither is asked.",
    ),
    Equivalent(
        "beads share a column",
        "max(page.columns.values()) + 1",
        "min(page.columns.values()) + 1",
        "A gap is written only left of the last pixel's sign, which stands in the line already."
        "  What fills up stands behind that sign, and is stripped at the end.",
    ),
    Equivalent(
        "a block of a sweep has as many rows as formulas",
        "16 * len(plan.formulas)",
        "16 + len(plan.formulas)",
        "It is how many rows are computed together: each is computed from its own point, and they"
        " come in one order.",
    ),
    Equivalent(
        "a group of a sweep has its last row's key",
        "keys[rows[0]]",
        "keys[rows[-1]]",
        "Rows are sorted by their key and split where it changes: those of a group have one key.",
    ),
    Equivalent(
        "far symbols are near",
        "magnitude(dim, dict.fromkeys(symbols_of(dim), 0)) < FAR",
        "magnitude(dim, dict.fromkeys(symbols_of(dim), 0)) <= FAR",
        "It would have to be FAR exactly.  Nothing is added to FAR, so with symbols it stands in a"
        " minimum or maximum, of which four times as much is said; without it all extents, steps"
        " and offsets are smaller by far.",
    ),
    Equivalent(
        "nothing printed has a last place of 0",
        "if not value:\n        return Fraction(1)",
        "if False:\n        return Fraction(1)",
        "The place says to which multiple a value is rounded: 0 is 0 at every place.",
    ),
    Equivalent(
        "a number of twenty digits is a whole number",
        "len(text) < 19",
        "len(text) < 20",
        "Longer ones are read as expressions, and the expression of digits alone is their number:"
        " the short way only saves time.",
    ),
    Equivalent(
        "an unread answer is judged",
        "if isinstance(claim.readings, Unreadable | Blank):\n        return None",
        "if False:\n        return None",
        "`tentative`, the only one who asks, has returned before for what is blank or unreadable;"
        " the test is there for the types.",
    ),
    Equivalent(
        "a fingerprint changes with nothing",
        "(homework.stamp, settings, homework.deadline, cells, rows)",
        "(homework.stamp, settings, cells, homework.deadline, rows)",
        "The same parts in another order: two homeworks have one text just where they had one"
        " before, and whether texts are equal is all that is asked.",
    ),
    Equivalent(
        "values of several students tell them apart",
        "{name for names in by_value.values() if len(names) == 1 for name in names}",
        "{name for names in by_value.values() if True for name in names}",
        "Those of values with several names are taken away below, all of them: what is left are"
        " names that are alone with each of their values, either way.",
    ),
    Equivalent(
        "a page dims the zeros of others",
        '("0", NOT_APPLICABLE_MARK)',
        '(NOT_APPLICABLE_MARK, "0")',
        "Whether a text is one of two does not depend on their order.",
    ),
    Equivalent(
        "products of one channel more are counted",
        "channel + 1",
        "channel + 2",
        "Of the channels that are taken only the first is read, and multiplied.",
    ),
    Equivalent(
        "text that is printable is replaced",
        "if text.isprintable():\n        return text",
        "if False:\n        return text",
        "Of a printable text every character is printable, and is kept as it is below: the text is"
        " put together again.",
    ),
]
