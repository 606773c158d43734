"""The grammar of table files: their keys with the sentences of docs/tables.md, and their words."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

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
    "cells": "the cells in the order of the columns, as printed; ~ or null where nothing is",
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
    "layers": "types of layers to count, where a cell is about several; by default all",
    "bytes": "of memory and storage: bytes of a number, by default 4",
}
ERRATUM_KEYS: Mapping[str, str] = {
    "row": "the row, or several",
    "column": "the column, or several",
    "account": "what happened, or that nobody knows",
    "spec": "the network under which the cell does match",
    "convention": "keys of the convention under which it does match",
    "working": "the arithmetic of the slip, where that is known: `55*48*96` must give what is"
    " printed",
    "printed": "what the cell says; needed, with `computed`, where neither network nor convention"
    " is named, so that no other cell and no other value is excused. Of several cells a list, row"
    " by row",
    "computed": "what comes out, as the tool writes it",
}
#: The quantities whose convention has `bytes`.
IN_BYTES = ("memory", "storage")
ROUNDINGS = ("nearest", "down", "up")
UNITS = ("K", "M", "G", "thousand", "million", "billion")
#: The layer that stands for the whole network.
TOTAL = "total"
#: A table is compared with at most so many other networks.
MAX_ALSO = 10
#: Where a row prints nothing in a column.
NOTHING = ("", "~", "null", "Null", "NULL")
