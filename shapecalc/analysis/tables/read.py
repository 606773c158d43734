"""Table files to printed tables: the grammar of docs/tables.md, all complaints in one run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shapecalc.analysis.tables.conventions import ErratumReader
from shapecalc.analysis.tables.model import (
    COLUMN_KEYS,
    MAX_ALSO,
    NOTHING,
    ROW_KEYS,
    TABLE_KEYS,
    Convention,
    PrintedColumn,
    PrintedLine,
    PrintedTable,
)
from shapecalc.analysis.tables.quantities import QUANTITIES
from shapecalc.errors import SpecErrors
from shapecalc.spec.yaml_compose import compose
from shapecalc.text import List, Scalar, Tree, YamlMap, describe
from shapecalc.text.words import counted

if TYPE_CHECKING:
    from shapecalc.text import Source


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
    reader = _TableReader(source)
    if not isinstance(root, YamlMap):
        reader.stop("E110", f"a table is a map of keys, not {describe(root)}", root, _BEGIN)
    table = reader.table(root, name)
    if len(reader.problems):
        raise SpecErrors(reader.problems.in_order())
    return table


_BEGIN = "begin with `table:`, `spec:`, `columns:` and `rows:`; docs/tables.md has an example"


class _TableReader(ErratumReader):
    """Reads one table file."""

    def table(self, root: YamlMap, name: str) -> PrintedTable:
        self.check_keys(root, TABLE_KEYS, "a table")
        if "also" in root.items and len(self.names(root.items["also"], "also")) > MAX_ALSO:
            message = f"a table is compared with at most {MAX_ALSO} other networks"
            self.complain("E114", message, root.items["also"], "--against takes any other")
        for key in ("table", "columns", "rows"):
            if key not in root.items and f"did you mean '{key}'?" not in self.meant:
                hint = f"`{key}:` {TABLE_KEYS[key]}"
                self.complain("E113", f"a table needs `{key}:`", None, hint)
        conventions = self.conventions(root)
        columns = self.columns(root)
        if not columns and "columns" in root.items and not len(self.problems):
            hint = "columns: {output size: output}"
            self.complain("E113", "the table has no column", root.keys["columns"], hint)
        lines: dict[str, PrintedLine] = {}
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

    def columns(self, root: YamlMap) -> dict[str, PrintedColumn]:
        tree = self.mapping(root, "columns", "from titles to quantities", "{output: output}")
        columns = {}
        for title, value in (tree.items if tree else {}).items():
            assert tree is not None
            name = tree.keys[title]
            if isinstance(value, YamlMap):
                self.check_keys(value, COLUMN_KEYS, f"column {title}")
                inner = self.words(value, "inner")
                quantity = self.quantity(value.items.get("quantity"))
                columns[title] = PrintedColumn(name, quantity, inner, self.specs(value))
            elif isinstance(value, Scalar) and value.text not in NOTHING:
                columns[title] = PrintedColumn(name, self.quantity(value), "", ())
            else:
                message = f"column {title} takes a quantity or a map, not {describe(value)}"
                hint = f"{title}: {{quantity: output}}; {_quantities()}"
                self.complain("E110", message, value, hint)
        return columns

    def quantity(self, tree: Tree | None) -> str:
        """Read a quantity; nothing where none is given, `_BAD` where it was complained about."""
        return "" if tree is None else self.one_of(tree, QUANTITIES, _QUANTITY) or _BAD

    def row(
        self, name: Scalar, tree: Tree, columns: dict[str, PrintedColumn]
    ) -> tuple[PrintedLine, dict[str, Scalar]]:
        """Read a row: its cells, or keys with the cells."""
        if not isinstance(tree, YamlMap):
            return PrintedLine(name, (name,), "", (), None, {}), self.cells(name, tree, columns)
        self.check_keys(tree, ROW_KEYS, f"row {name.text}")
        layers = self.names(tree.items["layer"], "layer") if "layer" in tree.items else (name,)
        at = self.mapping(tree, "at", "from columns to layers", "{output: conv2}")
        line = PrintedLine(
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
                and self.text(layer, "at")
                and isinstance(layer, Scalar)
            },
        )
        if "cells" not in tree.items:
            self.complain("E113", f"row {name.text} has no cells", name, "cells: [112x112x64]")
            return line, {}
        return line, self.cells(name, tree.items["cells"], columns)

    def cells(
        self, name: Scalar, tree: Tree, columns: dict[str, PrintedColumn]
    ) -> dict[str, Scalar]:
        """Read a row's cells, in the order of the columns."""
        items = tree.items if isinstance(tree, List) else (tree,)
        if isinstance(tree, YamlMap):
            message = f"the cells of {name.text} are a list, not {describe(tree)}"
            self.complain("E110", message, tree, "conv1: [112x112x64, 2.7K]")
            return {}
        if len(items) > len(columns) > 0:
            cells = counted(len(items), "cell")
            message = f"row {name.text} has {cells}, the table {counted(len(columns), 'column')}"
            self.complain("E110", message, items[len(columns)], "~ leaves a cell out")
        printed = {}
        for title, cell in zip(columns, items, strict=False):
            if not isinstance(cell, Scalar):
                message = f"a cell is a text as printed, not {describe(cell)}"
                self.complain("E110", message, cell, "put it in quotes")
            elif cell.text not in NOTHING or not cell.plain:
                printed[title] = cell
        return printed

    def cell(
        self,
        cell: Scalar,
        line: PrintedLine,
        column: PrintedColumn,
        conventions: dict[str, Convention],
    ) -> None:
        """Complain when it is not clear what a cell holds and how it was printed."""
        where = f"row {line.name.text}, column {column.name.text}"
        quantities = [quantity for quantity in (line.quantity, column.quantity) if quantity]
        if _BAD in quantities:
            return
        if len(quantities) != 1:
            both = f"its row says {line.quantity} and its column {column.quantity}"
            message = (
                f"{where}: {both if quantities else 'neither row nor column says what it holds'}"
            )
            self.complain("E605", message, cell, f"one of the two says it; {_quantities()}")
            return
        quantity = quantities[0]
        if line.specs and column.specs:
            message = f"{where}: row and column both name a spec"
            self.complain("E605", message, cell, "keep one of the two")
        if QUANTITIES[quantity].counts and quantity not in conventions:
            hint = f"conventions: {{{quantity}: {{count: ...}}}}"
            message = f"{quantity} are printed, but no convention says how"
            self.complain("E605", message, line.name if line.quantity else column.name, hint)
        if line.over is not None and not QUANTITIES[quantity].counts:
            message = f"{where}: {quantity} cannot be divided by another network's"
            self.complain("E605", message, line.over, "over goes with what is counted")


_BAD = "?"
_QUANTITY = "something that a cell may hold"


def _quantities() -> str:
    return f"quantities are {', '.join(QUANTITIES)}"
