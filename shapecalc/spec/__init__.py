"""The spec as read: statements with their places, nothing expanded, nothing computed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Self, dataclass_transform

from shapecalc.text import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

    from shapecalc.errors import Problem
    from shapecalc.text import Scalar, Source, Tree, YamlMap


#: The version of the language that this package reads.
LANGUAGE_VERSION = 1
#: Words that no one may define.
RESERVED = frozenset(
    [
        "same",
        "valid",
        "causal",
        "floor",
        "ceil",
        "free",
        "input",
        "channels",
        "from",
        "name",
        "min",
        "max",
        "true",
        "false",
    ]
)

#: Words for what flows in, and for the channels that enter a block: unless something is called so.
SIDE_WORDS = ("height", "width", "length", "depth")
ENTERING = "entering"

#: The field that a bare value of a block sets which is not read yet: its first, whatever its name.
#: No key of a spec can be this, as none may hold the character NUL.
FIRST_FIELD = "\0first"


@dataclass_transform(frozen_default=True)
class Fields:
    """Data with named fields and defaults, declared and type-checked as a frozen dataclass.

    It is none, and no tuple: to define one costs every start a tenth of a millisecond or more.
    """

    _names: ClassVar[tuple[str, ...]]

    def __init_subclass__(cls) -> None:
        cls._names = tuple(cls.__annotations__)

    def __init__(self, *values: Any, **named: Any) -> None:  # noqa: ANN401
        vars(self).update(zip(self._names, values, strict=False), **named)

    def _replace(self, **changed: Any) -> Self:  # noqa: ANN401
        return type(self)(**{**vars(self), **changed})

    def __setattr__(self, name: str, value: object) -> None:
        message = f"{type(self).__name__}.{name} cannot be set: what was read stays as it is"
        raise AttributeError(message)

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and vars(self) == vars(other)

    def __hash__(self) -> int:
        return hash(tuple(vars(self).values()))


class Branch(Fields):
    """A list of statements that runs beside others; a named one is a level of the paths.

    One whose `condition` does not hold is not there.
    """

    name: Scalar | None
    uses: tuple[Use, ...]
    condition: Tree | None = None


class Use(NamedTuple):
    """One statement of a `layers` list: a layer, a block, a join, or structure.

    `word` is the type as written, `type` as understood.  `fields` holds what is not common to all
    statements, `keys` the places of the keys.  `literal` identifies fields that are all plain
    words and numbers, so that equal ones become one layer.  An unsound one was complained about:
    it keeps its place, and what comes out of it is unknown.  One whose `condition` does not hold is
    not there.  The language's `own` stand in no spec: a built-in block or a split is made of them,
    so their types are built-in ones, whatever blocks a spec has.
    """

    word: Scalar
    type: str
    fields: dict[str, Tree]
    keys: dict[str, Scalar]
    literal: tuple[object, ...] | None = None
    name: Scalar | None = None
    sources: tuple[Scalar, ...] | None = None
    share: Scalar | None = None
    trainable: Tree | None = None
    note: str = ""
    branches: tuple[Branch, ...] = ()
    sound: bool = True
    condition: Tree | None = None
    inherit: Tree | None = None
    implied: Mapping[str, Tree] = {}  # fields that a paper's word leaves unsaid, after `defaults`
    own: bool = False


class Block(Fields):
    """A layer type that a spec defines: its fields with their defaults, and its statements.

    `let` are constants of its own, which may be made of its fields.
    """

    name: Scalar
    fields: dict[str, Tree | None]
    uses: tuple[Use, ...]
    let: Mapping[str, Tree] = {}


class InputSpec(Fields):
    """An input of the network: its extents, channels last, as trees.

    A `plain` one says which extent is which.
    """

    name: str
    extents: tuple[Tree, ...]
    tree: Tree
    plain: bool = False


class Edit(Fields):
    """What an extending spec does to one layer of its base."""

    key: Scalar
    change: YamlMap | None = None
    common: Mapping[str, Any] = {}  # what `change` says of the keys that every layer has
    remove: bool = False
    before: tuple[Use, ...] = ()
    after: tuple[Use, ...] = ()


class Expectation(Fields):
    """A total that must come out: a number, or an expression in the constants."""

    column: str
    tree: Tree


class NetSpec(Fields):
    """A network as written, with what it extends merged in.

    With `problems` it is a torso: later steps go on with it only to find what else is wrong.
    Wherever a `deployed` one is wired, its batch normalisations are folded.
    """

    name: str
    citation: str
    note: str
    source: Source
    extends: tuple[Source, ...]
    inputs: tuple[InputSpec, ...]
    let: dict[str, Tree]
    blocks: dict[str, Block]
    uses: tuple[Use, ...]
    outputs: tuple[Scalar, ...] | None
    defaults: dict[str, YamlMap]
    trainable: Tree | None
    edits: tuple[dict[str, Edit], ...]
    expect: tuple[Expectation, ...]
    expect_source: str
    problems: tuple[Problem, ...] = ()
    deployed: bool = False

    def blocks_for(self, use: Use) -> Mapping[str, Block]:
        """Return the blocks that a statement's type may be."""
        return {} if use.own else self.blocks
