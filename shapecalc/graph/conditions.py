"""Conditions: which statements and branches of a spec are there.

One may be about `channels` and sides, which is why shapes are computed here while the network is
still being wired: those of the layers that are drawn up so far, as far as a condition asks.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from shapecalc.errors import RuleError, SpecErrors
from shapecalc.graph import Deferred
from shapecalc.graph.draft import Draft, Level, NamedSource, extent_of, sides_like
from shapecalc.graph.scope import NeedsShapesError, Scoped, no_shapes, truth
from shapecalc.layers.base import arity_error
from shapecalc.layers.fields import UnreadError, needs_number
from shapecalc.layers.window import UndecidedError
from shapecalc.spec.expression import ExpressionError

if TYPE_CHECKING:
    from collections.abc import Callable

    from shapecalc.algebra import Dim
    from shapecalc.graph.draft import Expansion, Wire
    from shapecalc.layers.base import Layer
    from shapecalc.layers.shape import Shape
    from shapecalc.text import Scalar, Tree


def read_condition(tree: Tree, place: Scoped, channels_of: Callable[..., Dim] = no_shapes) -> bool:
    """Decide a condition.  Raises `UnreadError`, or `NeedsShapesError` where it needs shapes."""
    from shapecalc.spec.conditions import truth_of  # few specs have conditions

    value = truth(tree, place, channels_of)
    if not isinstance(value, int):
        raise needs_number(tree, value)
    try:
        return truth_of(value)
    except ExpressionError as error:
        raise UnreadError(f"is no condition: {error.message}", error.hint, at=tree) from None


class UnknownFlowError(Exception):
    """What flows is not known, for a reason that is complained of elsewhere."""


class Conditions:
    """Decides the conditions of one expansion."""

    def __init__(
        self,
        expansion: Expansion,
        met: Callable[[Scalar, Level], tuple[Level | Wire | None, str]],
        source_of: Callable[[Wire], Draft],
    ) -> None:
        self.expansion = expansion
        self.met = met  # what a name means by now
        self.source_of = source_of  # where a wire comes from when all have their names
        self.shapes: dict[Draft, Shape | None] = {}
        self.followed: dict[NamedSource, Wire] = {}

    def holds(self, tree: Tree | None, owner: str, place: Scoped) -> bool:
        """Decide the condition of a statement or a branch; what has none is there.

        What cannot be decided is complained about, and is there, too.
        """
        if tree is None:
            return True
        try:
            return self.decide(tree, place)
        except UnreadError as error:
            message = f"{owner}: if {error.message}"
            self.expansion.complain(error.code, message, error.at or tree, error.hint)
        except UnknownFlowError:
            pass
        return True

    def decide(self, tree: Tree, place: Scoped) -> bool:
        try:
            return read_condition(tree, place)
        except NeedsShapesError:
            return read_condition(tree, place, self.extent)

    def extent(self, wire: object, word: str = "channels") -> Dim:
        """Return how many channels flow through a wire, or how long a side is."""
        return extent_of(self.shape(wire), word)

    def shape(self, wire: object) -> Shape:
        """Return what flows through a wire.  Raises `UnknownFlowError`."""
        assert isinstance(wire, Draft | NamedSource)
        draft = self.source(wire)
        if draft is None:
            raise UnknownFlowError
        waiting = [draft]
        while waiting:
            draft = waiting[-1]
            if draft in self.shapes:
                waiting.pop()
                continue
            sources = [self.source(source) for source in draft.inputs]
            like = [] if draft.like is None else [self.source(draft.like)]
            needed = [one for one in (*sources, *like) if one and one not in self.shapes]
            if needed:
                waiting += needed
                continue
            inputs = [self.shapes[source] if source else None for source in sources]
            self.shapes[draft] = self.output(draft, [shape for shape in inputs if shape])
            waiting.pop()
        shape = self.shapes[draft]
        if shape is None:
            raise UnknownFlowError
        return shape

    def output(self, draft: Draft, inputs: list[Shape]) -> Shape | None:
        """Compute what flows out of a layer; None where its rules refuse what flows in."""
        if len(inputs) < len(draft.inputs):
            return None
        try:
            layer = draft.layer
            if isinstance(layer, Deferred):
                layer = layer.from_extents(self.extent, lambda: sides_like(self.shape(draft.like)))
            return _output(layer, tuple(inputs))
        except (RuleError, SpecErrors, UndecidedError, UnknownFlowError, UnreadError):
            return None

    def source(self, wire: Wire) -> Draft | None:
        """Return the layer that a wire comes from, as far as names are known by now."""
        if isinstance(wire, Draft) or wire.draft is not None:
            return wire.draft
        passed: set[NamedSource] = set()
        target: Wire = wire
        while isinstance(target, NamedSource) and target.draft is None and target not in passed:
            passed.add(target)
            member, _ = self.met(target.word, target.names)
            out = member.out if isinstance(member, Level) else member
            if out is None:
                self.followed[wire] = wire
                return None
            target = out
        self.followed[wire] = target.draft or wire
        return target.draft

    def must_be_final(self) -> None:
        """Complain about names that meant something else, or nothing, when they were needed."""
        for wire, earlier in self.followed.items():
            meant = self.source_of(wire)
            if meant is not earlier and meant not in self.expansion.lost:
                message = (
                    f"whether a layer is there depends on the channels of '{wire.word.text}',"
                    " which stands further below"
                )
                hint = "it may only depend on layers above it"
                self.expansion.complain("E115", message, wire.word, hint)


def _output(layer: Layer, inputs: tuple[Shape, ...]) -> Shape | None:
    if arity_error(layer, inputs) is not None:
        return None
    if any(need.holds() is False for need in layer.requires(*inputs)):
        return None
    return layer.output(*inputs)
