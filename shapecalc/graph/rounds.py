"""The rounds of a repeat: how many there are, and what their names stand for in each."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from shapecalc.graph.scope import Argument, list_of, meant_by
from shapecalc.layers.fields import Count, UnreadError
from shapecalc.spec import RESERVED
from shapecalc.text import NamedTuple, Scalar, YamlMap, describe
from shapecalc.text.words import counted, listed

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from shapecalc.algebra import Dim
    from shapecalc.graph.constants import Constants
    from shapecalc.graph.draft import Expansion
    from shapecalc.graph.scope import Scoped
    from shapecalc.spec import Use
    from shapecalc.text import Tree

_TIMES = Count(0)
_RECORDED = Count(0, symbolic=True)
#: What stands between the names that walk through the rows of a table.
_BETWEEN = re.compile(r"\s*,\s*|\s+")


class LoopColumn(NamedTuple):
    """What a name of `for` stands for in each round, and where the name was written."""

    items: tuple[Argument, ...]
    key: Scalar


def rounds_of(
    use: Use, place: Scoped, expansion: Expansion, constants: Constants
) -> tuple[Dim, Iterable[Mapping[str, Dim | Argument]]]:
    """Return how many rounds there are, and for each what its names are bound to.

    Where that is recorded for many points these are the rounds that stand for all.
    """
    times, walks, index = (use.fields.get(key) for key in ("times", "for", "index"))
    if (times is None) == (walks is None):
        needs = "needs times or for" if times is None else "takes either times or for, not both"
        expansion.complain("E113", f"repeat {needs}", use.word, "times: 3")
        return 0, iter(())
    variable = ""
    if index is not None:
        variable = index.text if isinstance(index, Scalar) else ""
        _must_be_free(expansion, variable, index)
    if times is not None:
        kind = _TIMES if constants.apart is None else _RECORDED
        number = constants.dim(times, place, "repeat: times", kind)
        if constants.apart is not None and not isinstance(number, int | None):
            from shapecalc.graph.alike import recorded_rounds, statement_of

            apart = bool(variable) or statement_of(use) in constants.apart
            return number, recorded_rounds(number, variable, apart=apart)  # type: ignore[arg-type]
        count = number if isinstance(number, int) else 1  # then once, for what else is wrong in it
        return count, _bindings(count, {}, variable)
    assert walks is not None
    try:
        columns = columns_of(walks, place)
    except UnreadError as error:
        expansion.complain(error.code, error.message, error.at or walks, error.hint)
        return 0, iter(())
    for name, column in columns.items():
        if name == variable:
            message = f"'{name}' is the index and a list of for"
            expansion.complain("E117", message, column.key, "give them two names")
            return 0, iter(())
        _must_be_free(expansion, name, column.key)
    lengths = {name: len(column.items) for name, column in columns.items()}
    if len(set(lengths.values())) > 1:
        shown = ", ".join(f"{name} has {length}" for name, length in lengths.items())
        expansion.complain(
            "E203",
            f"the lists of for differ in length: {shown}",
            walks,
            "they are walked together; give them one length",
        )
        return 0, iter(())
    count = next(iter(lengths.values()))
    return count, _bindings(count, columns, variable)


def columns_of(walks: Tree, place: Scoped) -> dict[str, LoopColumn]:
    """Return what every name of `for` walks through.  Raises `UnreadError`.

    A key of several names walks through the rows of a table: `t, c: [[1, 16], [6, 24]]`.
    """
    keys = walks.keys if isinstance(walks, YamlMap) else {}
    words = [word for word in keys if not word.startswith("x-")]
    if not isinstance(walks, YamlMap) or not words:
        hint = "for: {c: [24, 32], s: [2, 1]}"
        raise UnreadError(f"for takes a map of lists, not {describe(walks)}", hint, at=walks)
    columns = {}
    for word in words:
        names = names_in_key(word)
        if "" in names:
            hint = f'write "{", ".join(filter(None, names)) or "t, c"}"'
            message = f"for: '{word}' has a comma with no name at one side of it"
            raise UnreadError(message, hint, at=keys[word], code="E117")
        items, at = _list(walks.items[word], place, word)
        rows = [_row(item, at, names) for item in items] if len(names) > 1 else []
        for number, name in enumerate(names):
            if name in columns:
                message = f"for: the name '{name}' stands twice"
                raise UnreadError(message, "keep one of the two", at=keys[word], code="E102")
            cells = [row[number] for row in rows] or [Argument(item, at) for item in items]
            columns[name] = LoopColumn(tuple(cells), keys[word])
    return columns


def names_in_key(word: str) -> list[str]:
    """Split a key of `for` into its names.

    Between two commas, and before or behind one, stands an empty name.

    >>> names_in_key("t, c, n, s"), names_in_key("t c"), names_in_key("a,,b")
    (['t', 'c', 'n', 's'], ['t', 'c'], ['a', '', 'b'])
    """
    return _BETWEEN.split(word.strip())


def _list(tree: Tree, place: Scoped, word: str) -> tuple[tuple[Tree, ...], Scoped]:
    """Return the items that `word` walks through: a list, or the name of one."""
    known = list_of(tree, place)
    if known is not None:
        return known
    hint = ""
    if isinstance(tree, Scalar) and tree.plain and not tree.text:
        hint = f'several names are quoted, or stand without commas: "{word}, c": [[1, 16]]'
    elif isinstance(tree, Scalar) and tree.text.isidentifier():
        hint = "lists have their names from `let` and from a block's fields"
    message = f"for: {word} takes a list, not {describe(tree)}"
    meant = meant_by(tree, place)
    if meant is not tree:
        message, hint = f"{message}, which is {describe(meant)}", "a list of one is written [8]"
    raise UnreadError(message, hint, at=tree)


def _row(tree: Tree, place: Scoped, names: list[str]) -> list[Argument]:
    """Return the cells of a row of a table, one for every name."""
    known = list_of(tree, place)
    if known is None:
        hint = f"a row is a list of {len(names)}, for {listed(names)}"
        raise UnreadError(f"for: a row of a table is a list, not {describe(tree)}", hint, at=tree)
    cells, at = known
    if len(cells) != len(names):
        message = f"for: a row has {counted(len(cells), 'value')} for {counted(len(names), 'name')}"
        raise UnreadError(message, f"the names are {listed(names)}", at=tree, code="E203")
    return [Argument(cell, at) for cell in cells]


def _bindings(
    count: int, columns: dict[str, LoopColumn], variable: str
) -> Iterator[dict[str, Dim | Argument]]:
    for number in range(count):
        bound: dict[str, Dim | Argument] = {
            name: column.items[number] for name, column in columns.items()
        }
        if variable:
            bound[variable] = number
        yield bound


def _must_be_free(expansion: Expansion, name: str, at: Tree) -> None:
    """Complain about a name that a loop variable cannot have."""
    if name in RESERVED or not (name.isidentifier() and name.isascii()):
        expansion.complain(
            "E117",
            f"'{name}' cannot name a variable",
            at,
            "use letters, digits and _, and none of the reserved words",
        )
