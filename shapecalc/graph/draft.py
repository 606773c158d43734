"""What expansion leaves before names are looked up: layers with loose ends."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shapecalc.errors import Complaints
from shapecalc.graph.model import Broken
from shapecalc.text import origin

if TYPE_CHECKING:
    from collections.abc import Callable

    from shapecalc.errors import Problem
    from shapecalc.graph.model import Deferred
    from shapecalc.layers.base import Layer
    from shapecalc.spec.model import Use
    from shapecalc.text import Scalar, Tree

#: The layer of everything that was complained about.
BROKEN = Broken()


class Wire:
    """Where something flows from: a draft, or a reference still to be looked up."""

    __slots__ = ("draft", "names", "reference")

    def __init__(
        self, draft: Draft | None, reference: Scalar | None = None, names: Level | None = None
    ) -> None:
        self.draft = draft
        self.reference = reference
        self.names = names


class Draft:
    """A layer on its way to becoming a node."""

    __slots__ = ("index", "inputs", "layer", "name", "names", "out", "share", "use")

    def __init__(self, names: Level, use: Use | None, layer: Layer | Deferred) -> None:
        self.names = names
        self.use = use
        self.layer = layer
        self.name = ""
        self.inputs: list[Wire] = []
        self.share: Draft | None = None
        self.out = Wire(self)
        self.index = -1

    @property
    def path(self) -> str:
        return self.names.prefix + self.name


class Level:
    """A level of the paths: who is called what in it, and what comes into it and out of it."""

    __slots__ = (
        "counts",
        "first",
        "input",
        "known_prefix",
        "last",
        "members",
        "name",
        "nameless",
        "out",
        "outer",
        "places",
        "removed",
        "type",
        "use",
    )

    def __init__(self, outer: Level | None, type_: str, use: Use | None = None) -> None:
        self.outer = outer
        self.type = type_
        self.use = use
        self.name = ""
        self.known_prefix = ""
        self.members: dict[str, Draft | Level] = {}
        self.places: dict[str, Scalar | None] = {}
        self.counts: dict[str, int] = {}
        self.nameless: list[tuple[Draft | Level, str]] = []
        self.removed: set[str] = set()
        self.input: Wire | None = outer.input if outer else None
        self.out: Wire | None = None
        self.first = self.last = 0

    @property
    def prefix(self) -> str:
        """The path of the level, ending in a slash; the network's own is empty."""
        if self.outer is None or self.known_prefix:
            return self.known_prefix
        prefix = f"{self.outer.prefix}{self.name}/"
        if self.name and (self.outer.outer is None or self.outer.known_prefix):
            self.known_prefix = prefix  # it and those around it have their names for good
        return prefix

    def close(self) -> None:
        """Name what was inserted without a name: its number counts on after the base's."""
        for member, stem in self.nameless:
            number = self.counts.get(stem, 0) + 1
            while f"{stem}{number}" in self.members:
                number += 1
            self.counts[stem] = number
            member.name = f"{stem}{number}"
            self.members[member.name] = member
        self.nameless.clear()


class Expansion:
    """All that one expansion draws up, and what it complains about."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        self.problems = Complaints(problems)
        self.drafts: list[Draft] = []
        self.lost: list[Draft] = []
        self.levels: list[Level] = []
        self.shares: list[tuple[Draft | Level, Scalar, Level]] = []

    def complain(
        self, code: str, message: str, at: Tree | None, hint: str | Callable[[], str] = ""
    ) -> None:
        """Note a problem and go on."""
        self.problems.note(code, message, origin(at) if at is not None else None, hint)

    def nowhere(self) -> Draft:
        """Return a source whose output is unknown, for what could not be found."""
        draft = Draft(Level(None, ""), None, BROKEN)
        self.lost.append(draft)
        return draft
