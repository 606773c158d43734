"""Table files to printed tables: the grammar of docs/tables.md, all complaints in one run."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING, Any

from shapecalc.compose import compose
from shapecalc.errors import SpecErrors, did_you_mean
from shapecalc.layers import BUILTIN
from shapecalc.published.nouns import Column, Convention, Erratum, Line, PrintedTable
from shapecalc.published.quantities import QUANTITIES
from shapecalc.treereader import TreeReader
from shapecalc.yamltree import List, Map, Scalar, Tree, describe

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from shapecalc.source import Source

#: The keys of a table file, with the sentences of its documentation.
TABLE_KEYS: Mapping[str, str] = {
    "table": "the table's title: the paper and the number of the table",
    "source": "where it was printed",
    "note": "a line about it",
    "spec": "the network, a spec beside this file or a shipped one; a list where several are meant",
    "also": "other networks to compare the whole table with",
    "conventions": "how each counted quantity was printed: one convention each, for all cells",
    "columns": "the columns, from the title to the quantity or to keys",
    "rows": "the rows, from the name to the cells or to keys",
    "errata": "the cells that are known to be wrong, each with its account",
}
COLUMN_KEYS: Mapping[str, str] = {
    "quantity": "what the cells hold",
    "inner": "where in a row's layer: `3x3/reduce` in `inception_3a`",
    "spec": "the column's own network, or several that print the same",
}
ROW_KEYS: Mapping[str, str] = {
    "cells": "the cells in the order of the columns, as printed; ~ where nothing is",
    "layer": "the layer, or several that print the same; `total` is the whole network."
    " By default the row's name",
    "quantity": "what the cells hold, where the column does not say it",
    "spec": "the row's own network, or several that print the same",
    "over": "another network to divide by: how many times more",
    "at": "other layers in some columns, from the column's title to the layer",
}
CONVENTION_KEYS: Mapping[str, str] = {
    "count": "what is counted, in the words of the quantity; of operations, a profile",
    "K": "what K stands for, 1000 or 1024; M and G are its powers",
    "unit": "what numbers without a unit of their own are in: K, M, G, million, billion",
    "rounding": "nearest (a half upward), down or up",
    "significant": "digits to which is rounded, so that zeros fill up: 802,816 to 2 is 800K."
    " A number without a unit that has more digits is exact",
    "layers": "types of layers to count; by default all",
    "bytes": "of memory: bytes of an element, by default 4",
}
ERRATUM_KEYS: Mapping[str, str] = {
    "row": "the row, or several",
    "column": "the column, or several",
    "account": "what happened, or that nobody knows",
    "spec": "the network under which the cell does match",
    "convention": "keys of the convention under which it does match",
    "printed": "what the cell says; needed, with `computed`, where neither network nor convention"
    " is named, so that no other cell and no other value is excused. Of several cells a list, row"
    " by row",
    "computed": "what comes out, as the tool writes it",
}
ROUNDINGS = ("nearest", "down", "up")
UNITS = ("K", "M", "G", "thousand", "million", "billion")
#: Keys of a convention whose field has another name.
_FIELDS = {"count": "counted", "K": "k"}
#: The layer that stands for the whole network.
TOTAL = "total"
#: A table is compared with at most so many other networks.
MAX_ALSO = 10
_NOTHING = ("", "~")


def read_table(source: Source, name: str) -> PrintedTable:
    """Read a table.  Raises `SpecErrors` with everything that is wrong with the file."""
    try:
        root = compose(source)
    except SpecErrors as error:
        raise SpecErrors(
            problem._replace(message="the file holds no table: it is empty", hint=_BEGIN)
            if problem.code == "E006"
            else problem
            for problem in error.problems
        ) from None
    reader = _Reader(source)
    if not isinstance(root, Map):
        reader.stop("E110", f"a table is a map of keys, not {describe(root)}", root, _BEGIN)
    table = reader.table(root, name)
    if len(reader.problems):
        raise SpecErrors(reader.problems.told())
    return table


_BEGIN = "begin with `table:`, `spec:`, `columns:` and `rows:`; docs/tables.md has an example"


class _Reader(TreeReader):
    """Reads one table file."""

    def table(self, root: Map, name: str) -> PrintedTable:
        self.check_keys(root, TABLE_KEYS, "a table")
        if "also" in root.items and len(self.names(root.items["also"], "also")) > MAX_ALSO:
            message = f"a table is compared with at most {MAX_ALSO} other networks"
            self.complain("E114", message, root.items["also"], "--against takes any other")
        for key in ("table", "columns", "rows"):
            if key not in root.items and f"did you mean '{key}'?" not in self.meant:
                self.complain("E113", f"a table needs {key}", None, f"`{key}:` {TABLE_KEYS[key]}")
        conventions = self.conventions(root)
        columns = self.columns(root)
        lines: dict[str, Line] = {}
        cells: dict[tuple[str, str], Scalar] = {}
        rows = self.mapping(root, "rows", "from names to cells", "{conv1: [112x112x64, 2.7K]}")
        for title, tree in (rows.items if rows else {}).items():
            assert rows is not None
            line, printed = self.row(rows.keys[title], tree, columns)
            lines[title] = line
            for column, cell in printed.items():
                cells[title, column] = cell
                self.cell(cell, line, columns[column], conventions)
        if rows is not None and columns and not cells and not len(self.problems):
            self.complain("E113", "the table prints no cell", rows, "conv1: [112x112x64, 2.7K]")
        return PrintedTable(
            name=name,
            title=self.words(root, "table"),
            citation=self.words(root, "source"),
            note=self.words(root, "note"),
            source=self.source,
            specs=self.specs(root),
            also=self.names(root.items["also"], "also") if "also" in root.items else (),
            conventions=conventions,
            columns=columns,
            lines=lines,
            cells=cells,
            errata=self.errata(root, lines, columns, cells, conventions),
        )

    def words(self, root: Map, key: str) -> str:
        return self.text(root.items[key], key) if key in root.items else ""

    def specs(self, root: Map) -> tuple[Scalar, ...]:
        return self.names(root.items["spec"], "spec") if "spec" in root.items else ()

    # -- conventions ------------------------------------------------------------------------------

    def conventions(self, root: Map) -> dict[str, Convention]:
        tree = self.mapping(
            root, "conventions", "from quantities to conventions", "{parameters: {count: params}}"
        )
        found = {}
        counted = [name for name, each in QUANTITIES.items() if each.counts]
        for name, value in (tree.items if tree else {}).items():
            assert tree is not None
            if name not in counted:
                hint = did_you_mean(name, counted) or f"counted are {', '.join(counted)}"
                message = f"there is no convention for '{name}'"
                self.complain("E602", message, tree.keys[name], hint)
            elif not isinstance(value, Map):
                message = f"a convention is a map of keys, not {describe(value)}"
                self.complain("E110", message, value, f"{name}: {{count: ..., rounding: nearest}}")
            else:
                if "count" not in value.items and len(QUANTITIES[name].counts) > 1:
                    known = ", ".join(QUANTITIES[name].counts)
                    message = f"the convention of {name} does not say what is counted"
                    self.complain("E113", message, tree.keys[name], f"count: one of {known}")
                only = next(iter(QUANTITIES[name].counts))
                found[name] = Convention(only)._replace(**self.convention(value, name))
        return found

    def convention(self, tree: Map, quantity: str) -> dict[str, Any]:
        """Read the keys of a convention, of a table or of an erratum."""
        known = [key for key in CONVENTION_KEYS if key != "bytes" or quantity == "memory"]
        self.check_keys(tree, known, f"the convention of {quantity}")
        words: dict[str, Iterable[str]] = {
            "count": QUANTITIES[quantity].counts,
            "K": ("1000", "1024"),
            "unit": UNITS,
            "rounding": ROUNDINGS,
            "significant": tuple(map(str, range(1, 16))),
            "bytes": ("1", "2", "4", "8"),
        }
        found: dict[str, Any] = {}
        for key, value in tree.items.items():
            if key == "layers":
                types = self.names(value, "layers")
                for each in types:
                    self.one_of(each, BUILTIN, "a layer type")
                found["layers"] = tuple(each.text for each in types)
            elif key in words and key in known:
                word = self.one_of(value, words[key], f"a value of {key}")
                if word is not None:
                    found[_FIELDS.get(key, key)] = int(word) if word.isdigit() else word
        return found

    def one_of(self, tree: Tree, known: Iterable[str], what: str) -> str | None:
        """Return one of the known words; complain about another."""
        if isinstance(tree, Scalar) and tree.text in known:
            return tree.text
        known = tuple(known)
        word = tree.text if isinstance(tree, Scalar) and not tree.text.isdigit() else ""
        near = did_you_mean(word, known) if word else ""
        listed = ", ".join(known[:20]) + (", ..." if len(known) > 20 else "")
        hint = near or f"one of {listed}"
        self.complain("E602", f"{describe(tree)} is not {what}", tree, hint)
        return None

    # -- columns and rows -------------------------------------------------------------------------

    def columns(self, root: Map) -> dict[str, Column]:
        tree = self.mapping(root, "columns", "from titles to quantities", "{output: output}")
        found = {}
        for title, value in (tree.items if tree else {}).items():
            assert tree is not None
            name = tree.keys[title]
            if isinstance(value, Map):
                self.check_keys(value, COLUMN_KEYS, f"column {title}")
                inner = self.words(value, "inner")
                quantity = self.quantity(value.items.get("quantity"))
                found[title] = Column(name, quantity, inner, self.specs(value))
            elif isinstance(value, Scalar) and value.text not in _NOTHING:
                found[title] = Column(name, self.quantity(value), "", ())
            else:
                message = f"column {title} takes a quantity or a map, not {describe(value)}"
                hint = f"{title}: {{quantity: output}}; {_quantities()}"
                self.complain("E110", message, value, hint)
        return found

    def quantity(self, tree: Tree | None) -> str:
        """Read a quantity; nothing where none is given, `_BAD` where it was complained about."""
        return "" if tree is None else self.one_of(tree, QUANTITIES, _QUANTITY) or _BAD

    def row(
        self, name: Scalar, tree: Tree, columns: dict[str, Column]
    ) -> tuple[Line, dict[str, Scalar]]:
        """Read a row: its cells, or keys with the cells."""
        if not isinstance(tree, Map):
            return Line(name, (name,), "", (), None, {}), self.cells(name, tree, columns)
        self.check_keys(tree, ROW_KEYS, f"row {name.text}")
        layers = self.names(tree.items["layer"], "layer") if "layer" in tree.items else (name,)
        at = self.mapping(tree, "at", "from columns to layers", "{output: conv2}")
        line = Line(
            name,
            layers,
            self.quantity(tree.items.get("quantity")),
            self.specs(tree),
            self.single(tree, "over"),
            {
                title: layer
                for title, layer in (at.items if at else {}).items()
                if at is not None
                and self.known(at.keys[title], columns, "column")
                and isinstance(layer, Scalar)
                and self.text(layer, "at")
            },
        )
        if "cells" not in tree.items:
            self.complain("E113", f"row {name.text} has no cells", name, "cells: [112x112x64]")
            return line, {}
        return line, self.cells(name, tree.items["cells"], columns)

    def single(self, tree: Map, key: str) -> Scalar | None:
        value = tree.items.get(key)
        return value if isinstance(value, Scalar) and self.text(value, key) else None

    def known(self, word: Scalar, known: Mapping[str, object], what: str) -> bool:
        """Complain when a row or a column is named that the table does not have."""
        if word.text in known:
            return True
        hint = did_you_mean(word.text, known) or f"the {what}s are {', '.join(list(known)[:12])}"
        self.complain("E604", f"the table has no {what} '{word.text}'", word, hint)
        return False

    def cells(self, name: Scalar, tree: Tree, columns: dict[str, Column]) -> dict[str, Scalar]:
        """Read a row's cells, in the order of the columns."""
        items = tree.items if isinstance(tree, List) else (tree,)
        if isinstance(tree, Map):
            message = f"the cells of {name.text} are a list, not {describe(tree)}"
            self.complain("E110", message, tree, "conv1: [112x112x64, 2.7K]")
            return {}
        if len(items) > len(columns):
            message = f"row {name.text} has {len(items)} cells, the table {len(columns)} columns"
            self.complain("E110", message, items[len(columns)], "~ leaves a cell out")
        found = {}
        for title, cell in zip(columns, items, strict=False):
            if not isinstance(cell, Scalar):
                message = f"a cell is a text as printed, not {describe(cell)}"
                self.complain("E110", message, cell, "put it in quotes")
            elif cell.text not in _NOTHING or not cell.plain:
                found[title] = cell
        return found

    def cell(
        self, cell: Scalar, line: Line, column: Column, conventions: dict[str, Convention]
    ) -> None:
        """Complain when it is not clear what a cell holds and how it was printed."""
        where = f"row {line.name.text}, column {column.name.text}"
        given = [each for each in (line.quantity, column.quantity) if each]
        if _BAD in given:
            return
        if len(given) != 1:
            both = f"its row says {line.quantity} and its column {column.quantity}"
            message = f"{where}: {both if given else 'neither row nor column says what it holds'}"
            self.complain("E605", message, cell, f"one of the two says it; {_quantities()}")
            return
        if line.specs and column.specs:
            message = f"{where}: row and column both name a spec"
            self.complain("E605", message, cell, "keep one of the two")
        if QUANTITIES[given[0]].counts and given[0] not in conventions:
            hint = f"conventions: {{{given[0]}: {{count: ...}}}}"
            message = f"{given[0]} are printed, but no convention says how"
            self.complain("E605", message, line.name if line.quantity else column.name, hint)
        if line.over is not None and not QUANTITIES[given[0]].counts:
            message = f"{where}: {given[0]} cannot be divided by another network's"
            self.complain("E605", message, line.over, "over goes with what is counted")

    # -- errata -----------------------------------------------------------------------------------

    def errata(
        self,
        root: Map,
        lines: dict[str, Line],
        columns: dict[str, Column],
        cells: dict[tuple[str, str], Scalar],
        conventions: dict[str, Convention],
    ) -> dict[tuple[str, str], Erratum]:
        tree = root.items.get("errata")
        if tree is None:
            return {}
        if not isinstance(tree, List):
            message = f"errata takes a list, not {describe(tree)}"
            self.complain("E110", message, tree, "- {row: conv1, column: params, account: ...}")
            return {}
        found: dict[tuple[str, str], Erratum] = {}
        for item in tree.items:
            if not isinstance(item, Map):
                message = f"an erratum is a map of keys, not {describe(item)}"
                self.complain("E110", message, item, "- {row: conv1, column: ..., account: ...}")
                continue
            self.check_keys(item, ERRATUM_KEYS, "an erratum")
            for key in ("row", "column", "account"):
                if key not in item.items:
                    self.complain("E113", f"an erratum needs {key}", item, f"add `{key}:`")
            if _number(item) > max(1, len(lines) * len(columns)):
                message = f"an erratum names {_number(item):,} cells, more than the table has"
                self.complain("E114", message, item, "name each row and each column once")
                continue
            pins = self.pins(item)
            for (row, column), pin in zip(self.named(item, lines, columns), pins, strict=False):
                place = (row.text, column.text)
                if place not in cells:
                    message = f"nothing is printed in row {row.text}, column {column.text}"
                    self.complain("E604", message, row, "an erratum is about a printed cell")
                elif place in found:
                    message = f"row {row.text}, column {column.text} has an erratum already"
                    self.complain("E102", message, row, "keep one of the two")
                else:
                    quantity = lines[row.text].quantity or columns[column.text].quantity
                    found[place] = self.erratum(item, row, quantity, conventions, pin)
        return found

    def named(
        self, item: Map, lines: dict[str, Line], columns: dict[str, Column]
    ) -> list[tuple[Scalar, Scalar]]:
        """List the rows and columns that an erratum names."""
        rows = self.names(item.items["row"], "row") if "row" in item.items else ()
        titles = self.names(item.items["column"], "column") if "column" in item.items else ()
        titles = tuple([title for title in titles if self.known(title, columns, "column")])
        return [(row, title) for row in rows if self.known(row, lines, "row") for title in titles]

    def pins(self, item: Map) -> list[tuple[str, str]]:
        """Read the texts, printed and computed, that an erratum is about, for each of its cells."""
        cells = _number(item)
        given = [key for key in _PINS if key in item.items]
        if not given:
            if "spec" not in item.items and "convention" not in item.items:
                message = "an erratum that names neither network nor convention needs its texts"
                hint = "add what is `printed:` there, and what is `computed:`"
                self.complain("E113", message, item, hint)
            return [("", "")] * cells
        for key in set(_PINS) - set(given):
            self.complain("E113", f"an erratum with {given[0]} needs {key}", item, f"add `{key}:`")
        texts = [self.names(item.items[key], key) for key in given]
        for key, found in zip(given, texts, strict=True):
            if len(found) != cells:
                message = f"{key} has {len(found)} of the erratum's {cells} texts"
                self.complain("E110", message, item.items[key], "one for each cell, row by row")
        return [
            (printed.text, computed.text)
            for printed, computed in zip(texts[0], texts[-1], strict=False)
        ]

    def erratum(
        self,
        item: Map,
        row: Scalar,
        quantity: str,
        conventions: dict[str, Convention],
        pin: tuple[str, str],
    ) -> Erratum:
        changes = self.mapping(item, "convention", "of keys", "{rounding: nearest}")
        if changes is not None and quantity not in conventions:
            message = f"{quantity or 'the cell'} has no convention to change"
            self.complain("E605", message, changes, "name a spec, or nothing but the account")
            changes = None
        values = self.convention(changes, quantity) if changes is not None else {}
        account = self.words(item, "account")
        return Erratum(row, account, self.single(item, "spec"), tuple(values.items()), *pin)


def _number(item: Map) -> int:
    """Count the cells that an erratum names."""
    trees = [item.items.get(key) for key in ("row", "column")]
    return prod(len(tree.items) if isinstance(tree, List) else 1 for tree in trees)


_PINS = ("printed", "computed")
_BAD = "?"
_QUANTITY = "something that a cell may hold"


def _quantities() -> str:
    return f"quantities are {', '.join(QUANTITIES)}"
