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
        'return _decode("<stdin>", sys.stdin.buffer.read(MAX_BYTES + 1))',
        'return _decode("<stdin>", sys.stdin.buffer.read(MAX_BYTES + 2))',
        "Of what was read only whether it has more than MAX_BYTES bytes is asked, and it is refused"
        " then: more than the limit and one byte more are both more.",
    ),
]
