"""Statements to layers: fields read, defaults filled in, equal statements made into one layer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shapecalc.errors import Problem, SpecErrors
from shapecalc.graph.draft import BROKEN, Draft, Expansion, Wire
from shapecalc.graph.model import Deferred
from shapecalc.graph.scope import NeedsShapesError, Scope, Scoped, no_shapes, read_value
from shapecalc.layers import layer_class
from shapecalc.layers.fields import REQUIRED, UnreadError
from shapecalc.text import origin
from shapecalc.text.words import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Callable

    from shapecalc.algebra import Dim
    from shapecalc.layers.base import Layer
    from shapecalc.layers.shape import Shape
    from shapecalc.spec.model import Use
    from shapecalc.text import YamlMap


class Builder:
    """Builds the layers of one expansion."""

    def __init__(
        self,
        expansion: Expansion,
        defaults: dict[str, YamlMap],
        scope: Scope,
        source_of: Callable[[Wire], Draft],
    ) -> None:
        self.expansion = expansion
        self.defaults = defaults
        self.scope = scope
        self.source_of = source_of
        self.made: dict[tuple[object, ...], Layer] = {}

    def make(self, use: Use, scope: Scope, flow: Wire | None) -> Layer | Deferred:
        """Build the layer of a statement, once for all that are written alike."""
        if not use.sound:
            return BROKEN
        if use.literal is not None:
            made = self.made.get(use.literal)
            if made is not None:
                return made
        cls = layer_class(use.type)
        try:
            layer = self.build(cls, use, Scoped(scope, flow), no_shapes)
        except NeedsShapesError:

            def build(shape_of_node: Callable[[int], Shape]) -> Layer:
                def channels(wire: object) -> Dim:
                    assert isinstance(wire, Wire)
                    return shape_of_node(self.source_of(wire).index).channels

                return self.build(cls, use, Scoped(scope, flow), channels)

            return Deferred(cls, build)
        except SpecErrors as error:
            self.expansion.problems.extend(error.problems)
            return BROKEN
        if use.literal is not None:
            self.made[use.literal] = layer
        return layer

    def build(
        self, cls: type[Layer], use: Use, place: Scoped, channels_of: Callable[[object], Dim]
    ) -> Layer:
        """Read the fields of a layer.  Raises `SpecErrors`, or `NeedsShapesError`."""
        fields, keys = use.fields, use.keys
        defaults = self.defaults.get(use.type)
        values = {}
        problems = []
        waiting = False
        for field in cls.fields():
            name, at = field.name, place
            tree = fields.get(name)
            if tree is None and defaults is not None:
                tree, at = defaults.items.get(name), Scoped(self.scope, place.flow)
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
                values[name] = read_value(field.kind, tree, at, channels_of)
            except NeedsShapesError:
                waiting = True
            except UnreadError as error:
                problems.append(
                    Problem(
                        error.code,
                        f"{use.type}: {name} {error.message}",
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


def _names_of(cls: type[Layer]) -> frozenset[str]:
    return frozenset(field.name for field in cls.fields())
