"""What names mean: block arguments, `let` constants, loop variables, and words for what flows in.

A name is bound to a number or to an argument: a piece of YAML together with the scope that it was
written in, read when the field that finally receives it says what it should be.  So a block may
hand on `same`, `1x7` or `false` as well as a number.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

from shapecalc.errors import RuleError
from shapecalc.layers.fields import Kind, Reading, UnreadError, boolean_hint, needs_number
from shapecalc.spec import ENTERING, RESERVED, SIDE_WORDS
from shapecalc.spec.expression import (
    ExpressionError,
    OpenConditionError,
    Parsed,
    evaluate,
    names,
    parse,
)
from shapecalc.text import List, NamedTuple, Scalar, Tree, describe
from shapecalc.text.safe import one_line
from shapecalc.text.words import counted, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from fractions import Fraction

    from shapecalc.algebra import Dim
    from shapecalc.spec.conditions import Known

#: Names may stand for expressions in other names so deep.
MAX_DEPTH = 64


#: A list that a name stands for is written out up to so many characters.
_LONGEST_LIST = 40


class NeedsShapesError(Exception):
    """The value depends on the shape of what flows in, which propagation will know."""


class Scoped(NamedTuple):
    """Where an expression stands: its scope, and the flow that `channels` and `height` speak of.

    `entry` is what flows into the block around, of which `entering` speaks.
    """

    scope: Scope
    flow: object
    entry: object = None


class Argument(NamedTuple):
    """A piece of YAML bound to a name, with the place that it was written in."""

    tree: Tree
    place: Scoped


class Scope:
    """Names and what they are bound to, the inner shadowing the outer.

    `values` keeps the numbers that pieces of YAML came to, so that each is computed once.  Scopes
    of which `alike` is one and the same object bind their names to the same, but for what flows
    where: a layer that needs no shapes is the same in all of them.  None says nothing.
    """

    __slots__ = ("alike", "bound", "outer", "values")

    def __init__(
        self,
        bound: dict[str, Dim | Argument],
        outer: Scope | None = None,
        alike: object | None = None,
    ) -> None:
        self.bound = bound
        self.outer = outer
        self.alike = alike
        self.values: dict[str, Dim] = {}

    def home(self, name: str) -> Scope | None:
        """Return the scope that binds `name`, from the innermost outward."""
        scope: Scope | None = self
        while scope is not None and name not in scope.bound:
            scope = scope.outer
        return scope

    def find(self, name: str) -> Dim | Argument | None:
        """Return what `name` is bound to, from the innermost scope outward."""
        home = self.home(name)
        return None if home is None else home.bound[name]

    def all_names(self) -> Iterator[str]:
        """Yield every name that can be used here."""
        scope: Scope | None = self
        while scope is not None:
            yield from scope.bound
            scope = scope.outer


def no_shapes(_flow: object, _word: str = "channels") -> Dim:
    """Answer for `channels`, or a side, before propagation."""
    raise NeedsShapesError


def no_sides() -> tuple[Dim, ...]:
    """Answer for the sides of another layer before propagation."""
    raise NeedsShapesError


def read_value(
    kind: Kind,
    tree: Tree,
    place: Scoped,
    channels_of: Callable[..., Dim] = no_shapes,
    sides_of: Callable[[], tuple[Dim, ...]] = no_sides,
) -> Any:  # noqa: ANN401
    """Read a field's value, following names that are bound to pieces of YAML.

    `channels_of` returns the channels of a flow, or its extent along a side by its name.  Raises
    `UnreadError` for a bad value, `NeedsShapesError` when it depends on shapes that are not yet
    known.
    """
    tree, place = _followed(tree, place, kind, channels_of)

    def defined(word: str) -> bool:
        return (
            word == "channels"
            or place.scope.find(word) is not None
            or _flow_meant(word, place) is not None
        )

    return kind.read(
        tree,
        Reading(
            lambda inner: whole(inner, place, channels_of),
            defined,
            sides_of,
            lambda inner: _Evaluation(channels_of).fraction(inner, place),
        ),
    )


def _followed(tree: Tree, place: Scoped, kind: Kind, channels_of: Callable[..., Dim]) -> Argument:
    """Follow names, and items of lists, to the piece of YAML that they stand for."""
    passed: set[tuple[int, int]] = set()
    while isinstance(tree, Scalar) and not kind.owns(tree.text):
        bound = place.scope.find(tree.text) if tree.plain else None
        if bound is None and tree.text.endswith("]"):
            bound = _Evaluation(channels_of).item_alone(tree, place)
        if not isinstance(bound, Argument):
            break
        step = (id(tree), id(place.scope))
        if step in passed:
            raise _circle(tree.text, tree)
        passed.add(step)
        if isinstance(bound.tree, Scalar) and bound.tree.text == "free":
            raise _free(tree.text, tree)
        tree, place = bound
    return Argument(tree, place)


def list_of(tree: Tree, place: Scoped) -> tuple[tuple[Tree, ...], Scoped] | None:
    """Return the items of a list, written out or by its name, and where they were written."""
    tree, place = _followed(tree, place, _ANYTHING, no_shapes)
    return (tree.items, place) if isinstance(tree, List) else None


def meant_by(tree: Tree, place: Scoped) -> Tree:
    """Return what a name stands for, through all names between; itself where it is none."""
    return _followed(tree, place, _ANYTHING, no_shapes)[0]


def whole(tree: Tree, place: Scoped, channels_of: Callable[..., Dim] = no_shapes) -> Dim:
    """Compute the whole number, or the expression over symbols, that `tree` stands for."""
    try:
        return _Evaluation(channels_of).whole(tree, place)
    except RecursionError:
        raise UnreadError("is nested too deeply to compute", at=tree, code="E115") from None


def truth(tree: Tree, place: Scoped, channels_of: Callable[..., Dim] = no_shapes) -> Dim:
    """Compute a condition: 1 where it holds, 0 where it does not; names may be true or false."""
    tree, place = _followed(tree, place, _ANYTHING, channels_of)
    if isinstance(tree, Scalar) and not tree.plain and tree.text in ("true", "false"):
        message = f"takes a condition, not the text '{tree.text}'"
        raise UnreadError(message, boolean_hint(tree), at=tree)
    try:
        return _Evaluation(channels_of).whole(tree, place, truth=True)
    except RecursionError:
        raise UnreadError("is nested too deeply to compute", at=tree, code="E115") from None


class _Anything(Kind):
    """What no word belongs to, so that every name is followed."""


_ANYTHING = _Anything()


class _Evaluation:
    """One number on its way: which names are being computed, and which already are."""

    __slots__ = ("channels_of", "known", "open")

    def __init__(self, channels_of: Callable[..., Dim]) -> None:
        self.channels_of = channels_of
        self.open: list[tuple[Scope, str]] = []
        self.known: dict[tuple[int, str], Dim] = {}

    def whole(self, tree: Tree, place: Scoped, *, truth: bool = False) -> Dim:
        """Compute an expression; for `truth` a name may also stand for `true` or `false`."""
        if not isinstance(tree, Scalar):
            raise UnreadError(f"takes a whole number, not {describe(tree)}", at=tree)
        text = tree.text
        if text.isdigit() and text.isascii() and (text[0] != "0" or text == "0") and len(text) < 19:
            return int(text)
        try:
            parsed = _parsed(tree, truth=truth)
            if truth and isinstance(parsed, str):
                return self.value(parsed, tree, place, truth=True)
            return evaluate(
                parsed,
                lambda name: self.value(name, tree, place),
                lambda word, of: self.part(word, of, tree, place),
            )
        except (ExpressionError, RuleError) as error:
            raise _not_computed(error, tree) from None

    def fraction(self, tree: Scalar, place: Scoped) -> Fraction:
        """Compute an expression that may hold decimals and quotients."""
        from shapecalc.spec.quotients import compute_quotient

        def number(parsed: Parsed) -> int | Fraction:
            decimal = _decimal(parsed, place) if isinstance(parsed, str) else None
            if decimal is not None:
                return decimal
            value = evaluate(
                parsed,
                lambda name: self.value(name, tree, place),
                lambda word, of: self.part(word, of, tree, place),
            )
            if not isinstance(value, int):
                raise needs_number(tree, value)
            return value

        try:
            return compute_quotient(tree.text, number)
        except (ExpressionError, RuleError) as error:
            raise _not_computed(error, tree) from None

    def known_at(self, tree: Scalar, place: Scoped) -> Known:
        """Give the names of an expression their meaning."""
        from shapecalc.spec.conditions import Known

        def item(name: str, indices: list[int], truth: bool) -> Dim:
            return self.whole(*self.item(name, indices, tree, place), truth=truth)

        return Known(
            lambda name: self.value(name, tree, place),
            lambda name: self.value(name, tree, place, truth=True),
            item,
            lambda name, indices: len(_items(self.item(name, indices, tree, place), name, tree)[0]),
        )

    def part(self, operator: str, operands: tuple[Parsed, ...], tree: Scalar, place: Scoped) -> Dim:
        """Compute a condition, an item of a list, or a function in an expression."""
        from shapecalc.spec.conditions import compute_part

        return compute_part(operator, operands, self.known_at(tree, place))

    def item_alone(self, tree: Scalar, place: Scoped) -> Argument | None:
        """Return what an expression stands for that is nothing but an item of a list."""
        from shapecalc.spec.conditions import compute

        try:
            parsed = _parsed(tree)
            if not (isinstance(parsed, tuple) and parsed[0] == "[]"):
                return None
            name, *indices = parsed[1]
            known = self.known_at(tree, place)
            values = [compute(index, known) for index in indices]
            numbers = [value for value in values if isinstance(value, int)]
            alone = len(numbers) == len(indices)
            return self.item(str(name), numbers, tree, place) if alone else None
        except ExpressionError:  # to be complained of where it is read
            return None
        except RecursionError:
            raise UnreadError("is nested too deeply to compute", at=tree, code="E115") from None

    def item(self, name: str, indices: list[int], tree: Scalar, place: Scoped) -> Argument:
        """Return an item of a list, or what the name stands for where there are no indices."""
        if place.scope.home(name) is None:
            raise _unknown(name, tree, place)
        argument = Argument(tree._replace(text=name, plain=True), place)
        opened: set[tuple[int, int]] = set()  # lists on the way in: none may hold itself
        for index in indices:
            items, at = _items(argument, name, tree)
            if (id(items), id(at.scope)) in opened:
                raise _circle(name, tree)
            opened.add((id(items), id(at.scope)))
            if not 0 <= index < len(items):
                message = f"takes item {index} of '{name}', which has {counted(len(items), 'item')}"
                raise UnreadError(message, "they are counted from 0", at=tree, code="E114")
            argument = Argument(items[index], at)
        return argument

    def value(self, name: str, tree: Scalar, place: Scoped, *, truth: bool = False) -> Dim:
        """Compute what a name in an expression stands for."""
        if name == "channels":
            if place.flow is None:
                message = "uses `channels`, but nothing flows in here"
                hint = "`channels` belongs into a field of a layer or of a block"
                raise UnreadError(message, hint, at=tree, code="E116")
            return self.channels_of(place.flow)
        if truth and name in ("true", "false"):
            return int(name == "true")
        home = place.scope.home(name)
        if home is None:
            flow = _flow_meant(name, place)
            if flow is None:
                raise _unknown(name, tree, place)
            return self.channels_of(flow, "channels" if name == ENTERING else name)
        bound = home.bound[name]
        if not isinstance(bound, Argument):
            return bound
        value = home.values.get(name)
        if value is None:
            value = self.known.get((id(home), name))
        if value is None:
            if (home, name) in self.open:
                raise _circle(name, tree)
            if len(self.open) >= MAX_DEPTH:
                message = f"cannot be computed: names stand for names more than {MAX_DEPTH} deep"
                raise UnreadError(message, at=tree, code="E115")
            if isinstance(bound.tree, Scalar) and bound.tree.text == "free":
                raise _free(name, tree)
            self.open.append((home, name))
            value = self.whole(bound.tree, bound.place, truth=truth)
            self.open.pop()
            if truth:  # what is no number but true is none elsewhere
                return value
            self.known[id(home), name] = value
            if self.channels_of is no_shapes:
                home.values[name] = value
        return value


def _items(argument: Argument, name: str, tree: Scalar) -> tuple[tuple[Tree, ...], Scoped]:
    """Return the items of a list, and where they were written."""
    listed = list_of(*argument)
    if listed is None:
        hint = f"a list is written {name}: [3, 5]"
        raise UnreadError(f"takes an item of '{name}', which is no list", hint, at=tree)
    return listed


def _flow_meant(word: str, place: Scoped) -> object:
    """Return the flow of which a word speaks that nothing defines; None where it speaks of none."""
    if word in SIDE_WORDS:
        return place.flow
    return place.entry if word == ENTERING else None


def _parsed(tree: Scalar, *, truth: bool = False) -> Parsed:
    text = tree.text
    if not text:
        raise UnreadError("takes a whole number, but nothing stands here", at=tree)
    if text in ("true", "false"):
        if truth and tree.plain:
            return int(text == "true")
        raise UnreadError(f"takes a whole number, not {text}", at=tree)
    return _read(text)


@lru_cache(maxsize=4096)
def _read(text: str) -> Parsed:
    """Read an expression; what parts it has that few have is asked of another file."""
    try:
        return parse(text)
    except ExpressionError:
        from shapecalc.spec.conditions import parse_condition

        return parse_condition(text)


def _decimal(name: str, place: Scoped) -> Fraction | None:
    """Return the decimal that a name stands for, be it through other names; None: no decimal."""
    from fractions import Fraction

    value = place.scope.find(name)
    for _ in range(MAX_DEPTH):
        if not (isinstance(value, Argument) and isinstance(value.tree, Scalar)):
            return None
        if "." in value.tree.text:
            try:
                return Fraction(value.tree.text)
            except ValueError:
                return None
        value = value.place.scope.find(value.tree.text)
    return None


def _not_computed(error: ExpressionError | RuleError, tree: Scalar) -> UnreadError:
    """Say of an expression that grows too large, or is none, where it stands."""
    if isinstance(error, OpenConditionError):
        return _left_open(error, tree)
    message = f"cannot be computed: {error.message}"
    return UnreadError(message, error.hint, at=tree, code=error.code)


def _left_open(error: OpenConditionError, tree: Tree) -> UnreadError:
    """Return the complaint about a condition that symbols leave open."""
    from shapecalc.algebra.expr import symbols_of

    free = sorted(symbols_of(error.value))
    names = " and ".join(f"'{name}'" for name in free)
    verb = "has" if len(free) == 1 else "have"
    hint = "give it one with " + " ".join(f"--set {name}=..." for name in free)
    return UnreadError(
        f"cannot be decided: {error.message}, and {names} {verb} no value",
        hint,
        at=tree,
        code=error.code,
    )


def _circle(name: str, tree: Scalar) -> UnreadError:
    message = f"cannot be computed: '{name}' is defined by itself"
    return UnreadError(
        message, "give one of the names in the circle a number", at=tree, code="E118"
    )


def _unknown(name: str, tree: Scalar, place: Scoped) -> UnreadError:
    if name in (*SIDE_WORDS, ENTERING):
        message = f"uses `{name}`, but nothing flows in here"
        hint = f"`{name}` belongs into a field of a layer or of a block"
        return UnreadError(message, hint, at=tree, code="E116")
    known = [*place.scope.all_names(), "channels", *SIDE_WORDS, ENTERING]
    hint = did_you_mean(name, known) or (
        "names come from block fields, `let`, the symbols of `input`, and `channels`"
    )
    if name.lower() in ("true", "false"):
        hint = f"write `{name.lower()}`"
    return UnreadError(f"uses '{name}', which nothing defines here", hint, at=tree, code="E116")


def _free(name: str, tree: Scalar) -> UnreadError:
    message = f"needs a number, but '{name}' is free: it has no value"
    return UnreadError(message, f"give it one with --set {name}=...", at=tree, code="E121")


def value_text(value: Dim | Argument) -> str:
    """Write what a name is bound to: as a number where it is one, else as it stands in the spec.

    A value that waits for `channels` stays the expression that it is.
    """
    passed = 0
    while isinstance(value, Argument) and isinstance(value.tree, Scalar) and passed < MAX_DEPTH:
        bound = value.place.scope.find(value.tree.text) if value.tree.plain else None
        if bound is None:
            break
        value = bound
        passed += 1
    if not isinstance(value, Argument):
        return str(value)
    try:
        return str(whole(*value))
    except (UnreadError, NeedsShapesError):
        return _written(value.tree)


def _written(tree: Tree) -> str:
    """Write a piece of YAML in one line."""
    if isinstance(tree, Scalar):
        return one_line(tree.text)
    if isinstance(tree, List):
        text = f"[{', '.join(map(_written, tree.items))}]"
        return text if len(text) <= _LONGEST_LIST else f"a list of {len(tree.items)}"
    return f"{{{', '.join(f'{key}: {_written(item)}' for key, item in tree.items.items())}}}"


def used(tree: Tree) -> set[str]:
    """Return the names in an expression."""
    if not isinstance(tree, Scalar):
        return set()
    try:
        return names(_read(tree.text))
    except ExpressionError:
        return set()


def symbols(tree: Tree, scope: Scope) -> set[str]:
    """Return the names in an expression that nothing defines."""
    return {name for name in used(tree) if scope.find(name) is None and name not in RESERVED}
