"""How many layers and rounds of repeats a spec expands to, known before they are built.

A round counts as one step, and so does every statement each time it is met; blocks and repeats
inside each other multiply.  What the counts of a list of statements depend on are a few names, and
for the same numbers of these it is counted once: a thousand repeats in a thousand take two counts.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from shapecalc.graph.conditions import read_condition
from shapecalc.graph.rounds import columns_of, names_in_key
from shapecalc.graph.scope import (
    Argument,
    NeedsShapesError,
    Scope,
    Scoped,
    list_of,
    read_value,
    truth,
    used,
)
from shapecalc.layers import BUILT_IN_BLOCKS, is_layer
from shapecalc.layers.fields import Count, UnreadError
from shapecalc.spec import FIRST_FIELD
from shapecalc.text import List, Scalar, Source, YamlMap, scalar

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shapecalc.algebra import Dim
    from shapecalc.spec import Block, NetSpec, Use
    from shapecalc.text import Tree

_TIMES = Count(0)
_WORD = Source("", "")
_NOTHING = scalar("", _WORD)


class StepCount:
    """Counts for one spec; what is wrong with it counts nothing, as expansion complains of it.

    `culprit` is the statement with which a count first passes `most`; `exact` counts are no lower
    bounds, which edits and rounds that differ make of them.
    """

    def __init__(self, spec: NetSpec, constants: Scope, most: int) -> None:
        self.spec = spec
        self.constants = constants
        self.most = most
        self.edited = {path.split("/")[-1] for edits in spec.edits for path in edits}
        self.culprit: Use | None = None
        self.exact = not self.edited
        self.known: dict[tuple[object, ...], int] = {}
        self.depends: dict[int, frozenset[str]] = {}
        self.kept: list[object] = []

    def sequence(self, uses: tuple[Use, ...], scope: Scope, blocks: tuple[str, ...] = ()) -> int:
        """Count what a list of statements expands to, at least: an edit may change it."""
        names = sorted(self.names(uses, blocks))
        key = (id(uses), *(self.identity(name, scope) for name in names))
        if key not in self.known:
            total = 0
            for use in uses:
                total += 1 if self.is_plain(use) else self.statement(use, scope, blocks)
                self.note(use, total)
            self.known[key] = total
        return self.known[key]

    def identity(self, name: str, scope: Scope) -> object:
        """Return what a name stands for, as far as a count can depend on it."""
        tree, place = scalar(name, _WORD), Scoped(scope, _NOTHING)
        try:
            items = list_of(tree, place)
            if items is None:
                return truth(tree, place)
        except (UnreadError, NeedsShapesError):
            return None
        self.kept.append(items)  # alive, so that an id means one list
        return id(items[0]), id(items[1].scope)

    def note(self, use: Use, count: int) -> None:
        if count > self.most and self.culprit is None:
            self.culprit = use

    def statement(self, use: Use, scope: Scope, blocks: tuple[str, ...]) -> int:
        """Count one statement and what stands in it."""
        if self.may_be_edited(use) or not self.holds(use.condition, scope):
            return 1
        if use.type == "repeat":
            return 1 + self.rounds(use, scope, blocks)
        block = self.block(use)
        if block is not None and use.type not in blocks:
            return 1 + self.sequence(
                block.uses, self.inside(use, scope, blocks), (*blocks, use.type)
            )
        if self.is_built_in(use):
            return 1 + self.parts(use, scope, blocks)
        there = (branch for branch in use.branches if self.holds(branch.condition, scope))
        return 1 + sum(self.sequence(branch.uses, scope, blocks) for branch in there)

    def is_plain(self, use: Use) -> bool:
        """Tell whether a statement is a layer, whatever edits make of it: most are."""
        if use.branches or use.condition is not None:
            return False
        return is_layer(use.type, self.spec.blocks_for(use))

    def block(self, use: Use) -> Block | None:
        """Return the spec's block that a statement uses."""
        blocks = self.spec.blocks_for(use)
        return None if is_layer(use.type, blocks) else blocks.get(use.type)

    def is_built_in(self, use: Use) -> bool:
        """Tell whether a statement uses a block that the language has by itself."""
        return use.type in BUILT_IN_BLOCKS and use.type not in self.spec.blocks

    def parts(self, use: Use, scope: Scope, blocks: tuple[str, ...]) -> int:
        """Count the layers of a built-in block."""
        from shapecalc.graph.built_in import count_of, given_to  # few specs have one

        place = Scoped(scope, _NOTHING)
        handed = {name: scalar(name, _WORD) for name in self.handed(use, blocks)}
        use = use._replace(fields={**handed, **use.fields})
        count, exact = count_of(use, given_to(use, place, self.spec.defaults, self.constants))
        self.exact &= exact
        return count

    def handed(self, use: Use, blocks: tuple[str, ...]) -> set[str]:
        """Return the fields that a built-in block inherits from the block around it."""
        from shapecalc.spec.built_in import BLOCKS

        around = self.spec.blocks.get(blocks[-1]) if blocks and use.inherit is not None else None
        if around is None:
            return set()
        return {field.name for field in BLOCKS[use.type].fields()} & {*around.fields, *around.let}

    def holds(self, condition: Tree | None, scope: Scope) -> bool:
        """Decide a condition; one that is open until shapes are known counts nothing."""
        if condition is None:
            return True
        try:
            return read_condition(condition, Scoped(scope, _NOTHING))
        except (UnreadError, NeedsShapesError):
            self.exact = False
            return False

    def rounds(self, use: Use, scope: Scope, blocks: tuple[str, ...]) -> int:
        """Count the rounds of a repeat, each with what stands in it."""
        uses = use.branches[0].uses if use.branches else ()
        lists = _lists(use, scope)
        if "times" in use.fields:
            number = _number(use.fields["times"], scope)
            count = 1 if number is None else number  # as the walk takes what is complained of
        else:
            count = min(map(len, lists.values()), default=0)
        loops = self.names(uses, blocks) & {*lists, *_index(use)}
        if count > self.most or not loops:
            self.exact &= not loops
            inside = 1 + (self.sequence(uses, scope, blocks) if count else 0)
            self.note(use, count * inside)
            return count * inside
        total = 0
        for number in range(count):
            bound: dict[str, Dim | Argument] = {
                name: items[number] for name, items in lists.items()
            }
            bound.update(dict.fromkeys(_index(use), number))
            total += 1 + self.sequence(uses, Scope(bound, scope), blocks)
            if total > self.most:
                self.note(use, total)
                self.exact = False
                break
        return total

    def inside(self, use: Use, scope: Scope, blocks: tuple[str, ...]) -> Scope:
        """Bind a block's fields to what its use gives them."""
        block = self.spec.blocks[use.type]
        bound: dict[str, Dim | Argument] = {}
        inside = Scope(bound, self.constants)
        of_default = Scoped(Scope(self.constants.bound, inside), None)
        around = self.spec.blocks.get(blocks[-1]) if blocks and use.inherit is not None else None
        handed = {*around.fields, *around.let} if around is not None else set()
        for name, default in block.fields.items():
            if default is not None:
                bound[name] = Argument(default, of_default)
            if name in handed:
                bound[name] = Argument(scalar(name, _WORD), Scoped(scope, None))
        for field, tree in use.fields.items():
            name = next(iter(block.fields), "") if field == FIRST_FIELD else field
            bound[name] = Argument(tree, Scoped(scope, None))
        for name, tree in block.let.items():
            bound[name] = Argument(tree, Scoped(inside, None))
        return inside

    def may_be_edited(self, use: Use) -> bool:
        """Tell whether an edit's path may end in the name of a statement."""
        if use.name is not None:
            return use.name.text in self.edited
        return use.type != "repeat" and any(name.startswith(use.type) for name in self.edited)

    def names(self, uses: tuple[Use, ...], blocks: tuple[str, ...] = ()) -> frozenset[str]:
        """Find the names that the counts of a list of statements depend on."""
        names = self.depends.get(id(uses))
        if names is None:
            depending = (use for use in uses if not self.is_plain(use))
            names = frozenset(name for use in depending for name in self.names_of(use, blocks))
            self.depends[id(uses)] = names
        return names

    def needed(self, block: Block, blocks: tuple[str, ...]) -> set[str]:
        """Find the names that a block's count depends on, through its constants and defaults."""
        needed = set(self.names(block.uses, blocks))
        made = {**block.let, **{key: tree for key, tree in block.fields.items() if tree}}
        waiting = [*needed]
        while waiting:
            tree = made.get(waiting.pop())
            more = set(_used_in(tree)) - needed if tree is not None else set()
            needed |= more
            waiting += more
        return needed

    def names_of(self, use: Use, blocks: tuple[str, ...]) -> Iterator[str]:
        for condition in (use.condition, *(branch.condition for branch in use.branches)):
            if condition is not None:
                yield from used(condition)
        if self.is_built_in(use):
            yield from self.handed(use, blocks)
            for tree in use.fields.values():
                yield from _used_in(tree)
            return
        block = self.block(use)
        if block is not None:
            if use.type in blocks:
                return
            needed = self.needed(block, (*blocks, use.type))
            if use.inherit is not None:
                yield from needed & block.fields.keys()
            for field, tree in use.fields.items():
                name = next(iter(block.fields), "") if field == FIRST_FIELD else field
                if name in needed:
                    yield from used(tree)
            return
        inside = {name for branch in use.branches for name in self.names(branch.uses, blocks)}
        if use.type == "repeat":
            yield from used(use.fields.get("times", _NOTHING))
            for names, values in _walks(use):
                yield from _used_in(values) if inside & names else used(values)
                inside -= names
            inside.difference_update(_index(use))
        yield from inside


def _number(tree: Tree, scope: Scope) -> int | None:
    """Compute a number; None for what is none, or not known before shapes are."""
    try:
        value = read_value(_TIMES, tree, Scoped(scope, None))
    except (UnreadError, NeedsShapesError):
        return None
    return value if isinstance(value, int) else None


def _lists(use: Use, scope: Scope) -> dict[str, tuple[Argument, ...]]:
    """Return the lists that a repeat walks through, by their names."""
    walks = use.fields.get("for")
    try:
        columns = columns_of(walks, Scoped(scope, _NOTHING)) if walks is not None else {}
    except (UnreadError, NeedsShapesError):
        return {}
    return {name: column.items for name, column in columns.items()}


def _walks(use: Use) -> Iterator[tuple[set[str], Tree]]:
    """Yield the names of every key of `for`, and what they walk through as it is written."""
    walks = use.fields.get("for")
    if isinstance(walks, YamlMap):
        for word, values in walks.items.items():
            yield set(names_in_key(word)), values


def _used_in(tree: Tree) -> Iterator[str]:
    """Yield the names in a list and in the lists in it."""
    if isinstance(tree, List):
        for item in tree.items:
            yield from _used_in(item)
    else:
        yield from used(tree)


def _index(use: Use) -> tuple[str, ...]:
    """Return the name of a repeat's rounds, if it has one."""
    index = use.fields.get("index")
    return (index.text,) if isinstance(index, Scalar) else ()
