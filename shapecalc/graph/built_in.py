"""The use of a built-in block: its fields read, and the statements that it stands for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from shapecalc.errors import Problem
from shapecalc.graph.conditions import UnknownFlowError
from shapecalc.graph.scope import (
    Argument,
    NeedsShapesError,
    Scope,
    Scoped,
    no_shapes,
    read_value,
)
from shapecalc.layers.fields import REQUIRED, UnreadError
from shapecalc.spec.built_in import (
    BLOCKS,
    DECIDING,
    ENTERING,
    SOURCES,
    WINDOWED,
    is_shifted,
    layers_of,
)
from shapecalc.text import origin
from shapecalc.text.words import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from shapecalc.algebra import Dim
    from shapecalc.graph.draft import Builder, Wire
    from shapecalc.spec import Use
    from shapecalc.text import Tree, YamlMap

    Expanded = tuple[tuple[Use, ...], Scope, dict[str, "Dim | Argument"], dict[str, Wire]]

#: What a number of a block is where nothing is said of it.
_UNSAID = {"key": f"{ENTERING} // heads", "value": "key", "groups": "heads", ENTERING: "channels"}


class _Values(NamedTuple):
    """What the fields hold; those that are `waiting` will be known when shapes are."""

    values: dict[str, Any]
    waiting: set[str]
    problems: list[Problem]


class BuiltIns:
    """Expands the uses of built-in blocks; those that are alike are written out once.

    `extent` returns the channels, or a side, of what flows through a wire.
    """

    def __init__(self, builder: Builder, constants: Scope, extent: Callable[..., Dim]) -> None:
        self.builder = builder
        self.constants = constants
        self.extent = extent
        self.written: dict[object, tuple[Use, ...]] = {}

    def expanded(self, use: Use, wires: list[Wire | None], place: Scoped) -> Expanded | None:
        """Return a use's statements, their scope, the fields given and what flows in besides.

        None: something is wrong with it, and was complained about.
        """
        given = given_to(use, place, self.builder.defaults, self.constants)
        values, waiting, problems = fields_of(use, given, self.extent)
        problems = [*_of_sources(use, wires), *_of_names(use), *problems]
        problems = problems or [*_of_fields(use, wires, values, given)]
        if problems:
            self.builder.expansion.problems.extend(problems)
            return None
        bound: dict[str, Dim | Argument] = {**given}
        scope = Scope(bound, self.constants)
        for name, text in _UNSAID.items():
            inside = Scoped(scope, wires[0])
            bound.setdefault(name, Argument(use.word._replace(text=text, plain=True), inside))
        others = zip(SOURCES, wires[1:], strict=False)
        passed = {name: wire for name, wire in others if wire is not None}
        uses = self.statements(use, values, given, len(wires), known=not waiting)
        return uses, scope, {**given}, passed

    def statements(
        self,
        use: Use,
        values: Mapping[str, Any],
        given: Mapping[str, Argument],
        sources: int,
        *,
        known: bool,
    ) -> tuple[Use, ...]:
        """Write the statements, or return those of a use that stands there and says the same."""
        literal = (use.type, sources, tuple(given), tuple(values.values()))
        trees = {name: argument.tree for name, argument in given.items()}
        at = [(id(tree.source), tree.start, tree.length) for tree in (use.word, *trees.values())]
        key = (literal, known, *at)
        if key not in self.written:
            self.written[key] = layers_of(
                use.word, values, trees, sources, literal if known else None
            )
        return self.written[key]


def fields_of(
    use: Use, given: Mapping[str, Argument], extent: Callable[..., Dim] = no_shapes
) -> _Values:
    """Read the fields; with `extent` those that decide which statements there are wait for none."""
    cls = BLOCKS[use.type]
    values: dict[str, Any] = {}
    problems = []
    waiting = set()
    for field in cls.fields():
        values[field.name] = field.default
        if field.name not in given:
            if field.default is REQUIRED:
                message = f"{use.type} needs {field.name}: {field.doc}"
                hint = f"for example `{cls.example}`"
                problems.append(Problem("E113", message, origin(use.word), hint=hint))
            continue
        tree, place = given[field.name]
        try:
            values[field.name] = read_value(
                field.kind, tree, place, extent if field.name in DECIDING else no_shapes
            )
        except (NeedsShapesError, UnknownFlowError):  # what is unknown is complained of elsewhere
            waiting.add(field.name)
        except UnreadError as error:
            message = f"{use.type}: {field.name} {error.message}"
            at: Tree = error.at or tree
            problems.append(Problem(error.code, message, origin(at), hint=error.hint))
    return _Values(values, waiting, problems)


def count_of(use: Use, given: Mapping[str, Argument]) -> tuple[int, bool]:
    """Count a use's layers before shapes are known, and tell whether there cannot be more."""
    values, waiting, problems = fields_of(use, given)
    if problems:
        return 0, False
    trees = {name: argument.tree for name, argument in given.items()}
    made = layers_of(use.word, values, trees, len(use.sources or "."))
    return len(made), waiting.isdisjoint(DECIDING)


def given_to(
    use: Use, place: Scoped, defaults: Mapping[str, YamlMap], constants: Scope
) -> dict[str, Argument]:
    """Return what is said of a use's fields, by itself or for all of its type."""
    given = {field: Argument(tree, place) for field, tree in use.fields.items()}
    of_type = defaults[use.type].items if use.type in defaults else {}
    for field, tree in of_type.items():
        if field != "trainable":
            given.setdefault(field, Argument(tree, place._replace(scope=constants)))
    return given


def _of_sources(use: Use, wires: list[Wire | None]) -> list[Problem]:
    if len(wires) <= len(SOURCES) + 1:
        return []
    message = f"{use.type} takes up to {len(SOURCES) + 1} inputs, but {len(wires)} flow in"
    assert use.sources is not None
    hint = "the queries come from the first, keys and values from the others"
    return [Problem("E207", message, origin(use.sources[len(SOURCES) + 1]), hint=hint)]


def _of_names(use: Use) -> list[Problem]:
    takes = [field.name for field in BLOCKS[use.type].fields()]
    return [
        Problem(
            "E111",
            f"{use.type} has no field '{name}'",
            origin(use.keys.get(name, use.word)),
            hint=did_you_mean(name, takes) or "it takes " + ", ".join(takes),
        )
        for name in use.fields
        if name not in takes
    ]


def _of_fields(
    use: Use, wires: list[Wire | None], values: Mapping[str, Any], given: Mapping[str, Argument]
) -> Iterator[Problem]:
    """Complain about fields that need another one, or contradict it."""
    if "window" in given and len(wires) > 1:
        assert use.sources is not None
        message = f"{use.type}: a window takes one input, but {len(wires)} flow in"
        hint = "the positions of a window attend to each other: take `window` or `from` away"
        yield Problem("E203", message, origin(use.sources[1]), hint=hint)
    for name in WINDOWED if "window" not in given else ():
        if is_shifted(values) if name == "shift" else values[name]:
            message = f"{use.type}: {name} needs window, the sides of the windows that attend"
            hint = "for example `window: 7`; `window: [height, width]` is the whole map"
            yield Problem("E113", message, origin(given[name].tree), hint=hint)
    if values["bias"] == "out" and not values["out"]:
        message = f"{use.type}: bias is of the dense layer `out`, but out is false"
        hint = "`bias: qkv`, or false, where no dense layer ends it"
        yield Problem("E203", message, origin(given["bias"].tree), hint=hint)
