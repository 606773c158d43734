"""The use of a built-in block: its fields read, and the statements that it stands for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from shapecalc.errors import Problem
from shapecalc.graph.scope import Argument, NeedsShapesError, Scope, Scoped, read_value
from shapecalc.layers.fields import REQUIRED, UnreadError
from shapecalc.spec.built_in import BLOCKS, ENTERING, SOURCES, layers_of
from shapecalc.text import origin
from shapecalc.text.words import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Mapping

    from shapecalc.algebra import Dim
    from shapecalc.graph.draft import Builder, Wire
    from shapecalc.layers.base import Layer
    from shapecalc.spec import Use
    from shapecalc.text import Tree

    Expanded = tuple[tuple[Use, ...], Scope, dict[str, "Dim | Argument"], dict[str, Wire]]

#: What a number of a block is where nothing is said of it.
_UNSAID = {"key": f"{ENTERING} // heads", "value": "key", "groups": "heads", ENTERING: "channels"}


def expanded(
    use: Use, wires: list[Wire | None], place: Scoped, constants: Scope, builder: Builder
) -> Expanded | None:
    """Return a use's statements, their scope, the fields given and what flows in besides.

    None: something is wrong with it, and was complained about.
    """
    cls = BLOCKS[use.type]
    problems = [*_of_sources(use, wires), *_of_names(use, cls)]
    given = {field: Argument(tree, place) for field, tree in use.fields.items()}
    for field, tree in (
        defaults.items if (defaults := builder.defaults.get(use.type)) else {}
    ).items():
        if field not in given and field != "trainable":
            given[field] = Argument(tree, place._replace(scope=constants))
    values, faults = _values(use, cls, given)
    problems += faults
    if problems:
        builder.expansion.problems.extend(problems)
        return None
    bound: dict[str, Dim | Argument] = {**given}
    scope = Scope(bound, constants)
    for name, text in _UNSAID.items():
        inside = Scoped(scope, wires[0])
        bound.setdefault(name, Argument(use.word._replace(text=text, plain=True), inside))
    others = zip(SOURCES, wires[1:], strict=False)
    passed = {name: wire for name, wire in others if wire is not None}
    return layers_of(use.word, values, given, len(wires)), scope, {**given}, passed


def _of_sources(use: Use, wires: list[Wire | None]) -> list[Problem]:
    if len(wires) <= len(SOURCES) + 1:
        return []
    message = f"{use.type} takes up to {len(SOURCES) + 1} inputs, but {len(wires)} flow in"
    assert use.sources is not None
    hint = "the queries come from the first, keys and values from the others"
    return [Problem("E207", message, origin(use.sources[len(SOURCES) + 1]), hint=hint)]


def _of_names(use: Use, cls: type[Layer]) -> list[Problem]:
    takes = [field.name for field in cls.fields()]
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


def _values(
    use: Use, cls: type[Layer], given: Mapping[str, Argument]
) -> tuple[dict[str, Any], list[Problem]]:
    """Read the fields, as far as they are known before shapes are."""
    values: dict[str, Any] = {}
    problems = []
    for field in cls.fields():
        if field.name not in given:
            if field.default is REQUIRED:
                message = f"{use.type} needs {field.name}: {field.doc}"
                hint = f"for example `{cls.example}`"
                problems.append(Problem("E113", message, origin(use.word), hint=hint))
            values[field.name] = field.default
            continue
        tree, place = given[field.name]
        try:
            values[field.name] = read_value(field.kind, tree, place)
        except NeedsShapesError:
            values[field.name] = None  # the layers that it goes to will look at it
        except UnreadError as error:
            message = f"{use.type}: {field.name} {error.message}"
            at: Tree = error.at or tree
            problems.append(Problem(error.code, message, origin(at), hint=error.hint))
    return values, problems
