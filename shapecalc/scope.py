"""What names mean: block arguments, `let` constants, loop variables, and `channels`.

A name is bound to a number or to an argument: a piece of YAML together with the scope that it was
written in, read when the field that finally receives it says what it should be.  So a block may
hand on `same`, `1x7` or `false` as well as a number.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from shapecalc.errors import did_you_mean
from shapecalc.expression import ExpressionError, Parsed, evaluate, names, parse
from shapecalc.layers.fields import Kind, Reading, Unread
from shapecalc.yamltree import Scalar, Tree, describe

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

#: Words that no one may define.
RESERVED = frozenset(
    "same valid floor ceil free input channels from name min max true false".split()
)

_MAX_DETOURS = 64


class NeedsShapes(Exception):  # noqa: N818  (no error: "ask again when shapes are known")
    """The value depends on `channels`, which propagation will know."""


class Place(NamedTuple):
    """Where an expression stands: its scope, and the flow whose channels `channels` means."""

    scope: Scope
    flow: object


class Argument(NamedTuple):
    """A piece of YAML bound to a name, with the place that it was written in."""

    tree: Tree
    place: Place


class Scope:
    """Names and what they are bound to, the inner shadowing the outer."""

    __slots__ = ("bound", "outer")

    def __init__(self, bound: dict[str, int | Argument], outer: Scope | None = None) -> None:
        self.bound = bound
        self.outer = outer

    def find(self, name: str) -> int | Argument | None:
        """Return what `name` is bound to, from the innermost scope outward."""
        scope: Scope | None = self
        while scope is not None:
            if name in scope.bound:
                return scope.bound[name]
            scope = scope.outer
        return None

    def all_names(self) -> Iterator[str]:
        """Yield every name that can be used here."""
        scope: Scope | None = self
        while scope is not None:
            yield from scope.bound
            scope = scope.outer


def no_shapes(_flow: object) -> int:
    """Answer for `channels` before propagation."""
    raise NeedsShapes


def read_value(
    kind: Kind, tree: Tree, place: Place, channels_of: Callable[[object], int] = no_shapes
) -> Any:  # noqa: ANN401
    """Read a field's value, following names that are bound to pieces of YAML.

    Raises `Unread` for a bad value, `NeedsShapes` when it depends on channels not yet known.
    """
    detours = 0
    while isinstance(tree, Scalar) and tree.plain and not kind.owns(tree.text):
        bound = place.scope.find(tree.text)
        if not isinstance(bound, Argument):
            break
        detours += 1
        if detours > _MAX_DETOURS:
            raise Unread(f"'{tree.text}' is defined by itself", at=tree, code="E118")
        tree, place = bound

    def defined(word: str) -> bool:
        return word == "channels" or place.scope.find(word) is not None

    return kind.read(tree, Reading(lambda each: whole(each, place, channels_of), defined))


def whole(
    tree: Tree, place: Place, channels_of: Callable[[object], int] = no_shapes, depth: int = 0
) -> int:
    """Compute the whole number that `tree` stands for."""
    if not isinstance(tree, Scalar):
        raise Unread(f"takes a whole number, not {describe(tree)}", at=tree)
    text = tree.text
    if text.isdigit() and text.isascii() and (text[0] != "0" or text == "0") and len(text) < 19:
        return int(text)
    if depth > _MAX_DETOURS:
        raise Unread(f"'{text}' is defined by itself", at=tree, code="E118")
    try:
        return evaluate(_parsed(tree), lambda name: _value(name, tree, place, channels_of, depth))
    except ExpressionError as error:
        raise Unread(f"cannot be computed: {error.message}", error.hint, at=tree, code="E115") from None
    except RecursionError:
        raise Unread("is nested too deeply to compute", at=tree, code="E115") from None


def _parsed(tree: Scalar) -> Parsed:
    text = tree.text
    if not text:
        raise Unread("takes a whole number, but nothing stands here", at=tree)
    if text in ("true", "false"):
        raise Unread(f"takes a whole number, not {text}", at=tree)
    return parse(text)


def _value(
    name: str,
    tree: Scalar,
    place: Place,
    channels_of: Callable[[object], int],
    depth: int,
) -> int:
    if name == "channels":
        return channels_of(place.flow)
    bound = place.scope.find(name)
    if isinstance(bound, int):
        return bound
    if bound is None:
        known = [*place.scope.all_names(), "channels"]
        hint = did_you_mean(name, known) or (
            "names come from block fields, `let`, the symbols of `input`, and `channels`"
        )
        raise Unread(f"takes a number, and '{name}' is not one here", hint, at=tree, code="E116")
    if isinstance(bound.tree, Scalar) and bound.tree.text == "free":
        raise Unread(
            f"'{name}' is free: it has no value",
            f"give it one with --set {name}=...",
            at=tree,
            code="E121",
        )
    return whole(bound.tree, bound.place, channels_of, depth + 1)


def symbols(tree: Tree, scope: Scope) -> set[str]:
    """Return the names in an expression that nothing defines."""
    if not isinstance(tree, Scalar):
        return set()
    try:
        used = names(parse(tree.text))
    except ExpressionError:
        return set()
    return {name for name in used if scope.find(name) is None and name not in RESERVED}
