"""Statements to layers with loose ends, which is what expansion leaves before names are looked up.

Fields are read, defaults filled in, equal statements made into one layer.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from shapecalc.errors import Complaints, Problem, SpecErrors
from shapecalc.graph import Broken, Deferred, UnequalRoundsError
from shapecalc.graph.scope import (
    Argument,
    NeedsShapesError,
    Scope,
    Scoped,
    no_shapes,
    no_sides,
    read_value,
)
from shapecalc.layers import layer_class
from shapecalc.layers.fields import REQUIRED, Flag, UnreadError
from shapecalc.layers.shape import SIDE_NAMES, as_text
from shapecalc.text import Scalar, origin
from shapecalc.text.words import did_you_mean, listed

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import TypeAlias

    from shapecalc.algebra import Dim
    from shapecalc.layers.base import Layer
    from shapecalc.layers.shape import Shape
    from shapecalc.spec import NetSpec, Use
    from shapecalc.text import Tree

    #: Where something flows from.
    Wire: TypeAlias = "Draft | NamedSource"

#: The layer of everything that was complained about.
BROKEN = Broken()
_FLAG = Flag()


class NamedSource:
    """A name of what flows from somewhere, and the draft that it means, once it is looked up."""

    __slots__ = ("draft", "names", "word")

    def __init__(self, word: Scalar, names: Level) -> None:
        self.word = word
        self.names = names
        self.draft: Draft | None = None


class Draft:
    """A layer on its way to becoming a node."""

    __slots__ = (
        "index", "inputs", "layer", "like", "name", "names", "share", "stated", "trained", "use",
    )  # fmt: skip

    def __init__(self, names: Level, use: Use | None, layer: Layer | Deferred) -> None:
        self.names = names
        self.use = use
        self.layer = layer
        self.name = ""
        self.inputs: Sequence[Wire] = ()
        self.like: Wire | None = None  # the layer whose sides it names, which must come before it
        self.share: Draft | None = None
        self.stated: bool | None = None  # what it, or what it stands in, says of training
        self.trained: bool | None = None  # that, or else what the defaults say; None: nothing
        self.index = -1

    @property
    def draft(self) -> Draft:
        """Itself: what flows out of it comes from no other."""
        return self

    @property
    def path(self) -> str:
        return self.names.prefix + self.name


class Level:
    """A level of the paths: who is called what in it, and what comes into it and out of it."""

    __slots__ = (
        "absent",
        "counts",
        "fields",
        "first",
        "first_round",
        "input",
        "known_prefix",
        "last",
        "members",
        "name",
        "nameless",
        "numbers",
        "out",
        "outer",
        "removed",
        "settled",
        "taken",
        "type",
        "use",
    )

    def __init__(self, outer: Level | None, type_: str, use: Use | None = None) -> None:
        self.outer = outer
        self.type = type_
        self.use = use
        self.name = ""
        self.fields: dict[str, Dim | Argument] = {}
        self.known_prefix = ""
        self.members: dict[str, Draft | Level] = {}
        self.counts: dict[str, int] = {}
        self.nameless: list[tuple[Draft | Level, str]] = []
        self.removed: set[str] = set()
        self.absent: set[str] = set()  # names of what a condition leaves out
        self.taken: set[str] = set()  # names that stand in its text, or were given out
        self.numbers: dict[str, int] = {}  # the last number given out, by the kind's word
        self.input: Wire | None = outer.input if outer else None
        self.out: Wire | None = None
        self.first = self.last = 0
        #: What is called as it is after any number of recorded rounds; None: all of it.
        self.settled: frozenset[str] | None = None
        self.first_round: frozenset[str] | None = None  # that, and what the first round holds

    def calls(self, name: str) -> bool:
        """Tell whether a member has its name from its text, and not by counting."""
        member = self.members.get(name)
        if member is None or getattr(member, "type", "") == "round":
            return False
        return member.use is None or member.use.name is not None

    def settle(self, expansion: Expansion) -> None:
        """Note that names of what comes now depend on recorded rounds."""
        if self.settled is None:
            self.settled = frozenset(self.members)
            expansion.counting.append(self)

    def must_be_settled(self, name: str) -> None:
        """Require that a name means the same after any number of recorded rounds.

        Raises `UnequalRoundsError`.
        """
        if self.settled is not None and name not in self.settled and not self.calls(name):
            raise UnequalRoundsError

    @property
    def prefix(self) -> str:
        """The path of the level, ending in a slash; the network's own is empty."""
        if self.outer is None or self.known_prefix:
            return self.known_prefix
        prefix = f"{self.outer.prefix}{self.name}/"
        if self.name and (self.outer.outer is None or self.outer.known_prefix):
            self.known_prefix = prefix  # it and those around it have their names for good
        return prefix

    @property
    def root(self) -> Level:
        """The network's own level."""
        level = self
        while level.outer is not None:
            level = level.outer
        return level

    def free_name(self, stem: str, number: int) -> str:
        """Take the next free automatic name, from `number` on: conv1; relu6_1 for a relu6."""
        number = max(number, self.numbers.get(stem, 0) + 1)
        between = "_" if stem[-1:].isdigit() else ""
        while (name := f"{stem}{between}{number}") in self.taken:
            number += 1
        self.numbers[stem] = number
        self.taken.add(name)
        return name

    def close(self) -> None:
        """Name what was inserted without a name: its number counts on after the base's."""
        self.taken |= self.members.keys()
        for member, stem in self.nameless:
            number = self.counts[stem] = self.counts.get(stem, 0) + 1
            member.name = self.free_name(stem, number)
            self.members[member.name] = member
        self.nameless.clear()

    def let_go(self) -> None:
        """Forget what is in it, so that it takes no more memory.

        A level and its members hold each other, which only the collector would find.
        """
        self.members.clear()
        self.input = self.out = None


class DrawnRounds(NamedTuple):
    """What stands for `times` rounds, drawn up: drafts from `first` to before `end`.

    `level` is where the rounds stand.
    """

    first: int
    end: int
    times: Dim
    statement: tuple[str, object]
    entry: Wire
    out: Wire
    level: Level


class Expansion:
    """All that one expansion draws up, and what it complains about."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        self.problems = Complaints(problems)
        self.drafts: list[Draft] = []
        self.lost: list[Draft] = []
        self.levels: list[Level] = []
        self.shares: list[tuple[Draft | Level, Scalar, Level]] = []
        self.rounds: list[DrawnRounds] = []
        self.counting: list[Level] = []  # whose members' names depend on recorded rounds

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


class Builder:
    """Builds the layers of one expansion."""

    def __init__(
        self,
        expansion: Expansion,
        spec: NetSpec,
        scope: Scope,
        source_of: Callable[[Wire], Draft],
    ) -> None:
        self.expansion = expansion
        self.defaults = spec.defaults
        self.scope = scope
        self.source_of = source_of
        self.made: dict[tuple[object, ...], Layer] = {}
        self.inside: dict[tuple[int, object], tuple[Use, Layer]] = {}  # of a block or the network
        self.deferred = False  # whether there is a layer that is built when shapes are known
        self.trained: bool | None = None  # what the spec says of all
        if spec.trainable is not None:
            self.trained = self.flag(spec.trainable, "a spec", Scoped(scope, None))

    def known(self, use: Use, scope: Scope) -> Layer | None:
        """Return the layer of a statement that was built for another one, written alike.

        Or for the same one, where its names mean the same.
        """
        if use.literal is not None:
            return self.made.get(use.literal)
        if scope.alike is None:
            return None
        _, layer = self.inside.get((id(use), scope.alike), (use, None))
        return layer

    def make(self, use: Use, place: Scoped, like: Wire | None = None) -> Layer | Deferred:
        """Build the layer of a statement; `like` is the layer whose sides it names."""
        if not use.sound:
            return BROKEN
        cls = layer_class(use.type)
        try:
            layer = self.build(cls, use, place, no_shapes)
        except NeedsShapesError:

            def from_extents(
                channels_of: Callable[..., Dim],
                sides_of: Callable[[], tuple[Dim, ...]] = no_sides,
            ) -> Layer:
                return self.build(cls, use, place, channels_of, sides_of)

            def build(shape_of_node: Callable[[int], Shape]) -> Layer:
                def shape(wire: object) -> Shape:
                    assert isinstance(wire, Draft | NamedSource)
                    return shape_of_node(self.source_of(wire).index)

                def made() -> Layer:
                    return from_extents(
                        lambda wire, word="channels": extent_of(shape(wire), word),
                        lambda: sides_like(shape(like)),
                    )

                if not use.own or use.literal is None or place.entry is None:
                    return made()
                key = (use.literal, shape(place.entry).channels)  # it depends on nothing else
                if key not in self.made:
                    self.made[key] = made()
                return self.made[key]

            self.deferred = True
            return Deferred(cls, build, from_extents)
        except SpecErrors as error:
            self.expansion.problems.extend(error.problems)
            return BROKEN
        if use.literal is not None:
            self.made[use.literal] = layer
        elif place.scope.alike is not None:  # with the statement, known by its place in memory
            self.inside[id(use), place.scope.alike] = (use, layer)
        return layer

    def build(
        self,
        cls: type[Layer],
        use: Use,
        place: Scoped,
        channels_of: Callable[..., Dim],
        sides_of: Callable[[], tuple[Dim, ...]] = no_sides,
    ) -> Layer:
        """Read the fields of a layer.  Raises `SpecErrors`, or `NeedsShapesError`."""
        fields, keys = use.fields, use.keys
        defaults = None if use.own else self.defaults.get(use.type)
        values = {}
        problems = []
        waiting = False
        for field in cls.fields():
            name, at = field.name, place
            tree = fields.get(name)
            if tree is None and defaults is not None:
                tree, at = defaults.items.get(name), place._replace(scope=self.scope)
            if tree is None:
                tree, at = use.implied.get(name), place
            if tree is None:
                if field.default is REQUIRED:
                    hint = cls.example
                    problems.append(
                        Problem(
                            "E113",
                            f"{use.type} needs {name}: {field.doc}",
                            origin(use.word),
                            hint=f"for example `{hint}`",
                        )
                    )
                continue
            try:
                values[name] = read_value(field.kind, tree, at, channels_of, sides_of)
            except NeedsShapesError:
                waiting = True
            except UnreadError as error:
                problems.append(
                    Problem(
                        error.code,
                        f"{_field_of(use, name, tree)} {error.message}",
                        origin(error.at or tree),
                        hint=error.hint,
                    )
                )
        if fields.keys() - _names_of(cls):
            for name in fields.keys() - _names_of(cls):
                takes = sorted(_names_of(cls))
                problems.append(
                    Problem(
                        "E111",
                        f"{use.type} has no field '{name}'",
                        origin(keys.get(name, use.word)),
                        hint=did_you_mean(name, takes) or "it takes " + ", ".join(takes),
                    )
                )
        if problems:
            raise SpecErrors(problems)
        if waiting:
            raise NeedsShapesError
        return cls(**values)

    def trains(self, use: Use, stated: bool | None) -> bool | None:
        """Tell whether a layer is trained; None: nothing is said of it.

        As a layer or anything that it stands in states, else by its type's default, else as the
        spec says of all.
        """
        if stated is not None:
            return stated
        default = self.defaults.get(use.type)
        tree = default.items.get("trainable") if default is not None else None
        return self.trained if tree is None else self.flag(tree, use.type, Scoped(self.scope, None))

    def flag(self, tree: Tree, owner: str, place: Scoped) -> bool | None:
        """Read what `trainable` says of its owner; complain when that is not true or false."""
        try:
            return bool(read_value(_FLAG, tree, place))
        except UnreadError as error:
            message = f"{owner}: trainable {error.message}"
            self.expansion.complain(error.code, message, error.at or tree, error.hint)
            return None


def sides_like(shape: Shape) -> tuple[Dim, ...]:
    """Return the sides of a layer that another is like.  Raises `UnreadError` without any."""
    if not shape.sides:
        raise UnreadError("names a layer whose output has no sides")
    return shape.sides


def extent_of(shape: Shape, word: str) -> Dim:
    """Return the channels, or the extent of a side.  Raises `UnreadError` where there is none."""
    if word == "channels":
        return shape.channels
    names = SIDE_NAMES[len(shape.sides)] if shape.sides else ()
    if word not in names:
        message = f"uses `{word}`, but {as_text(shape)} has none"
        hint = f"what flows in has {listed([*names, 'channels'])}"
        raise UnreadError(message, hint, code="E116")
    return shape.sides[names.index(word)]


def _field_of(use: Use, name: str, tree: Tree) -> str:
    """Say whose field something is: of a built-in block's part, the block's that it hands on."""
    if use.own and isinstance(tree, Scalar) and tree.text.isidentifier():
        return f"{use.word.text}: {tree.text}"
    return f"{use.type}: {name}"


def _names_of(cls: type[Layer]) -> frozenset[str]:
    return frozenset(field.name for field in cls.fields())
