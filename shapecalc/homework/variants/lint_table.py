"""What a homework can tell: as a table, and cell by cell for programs."""

from __future__ import annotations

import csv
import json
from io import StringIO
from typing import TYPE_CHECKING

from shapecalc.homework.diagnosis.misconceptions import CATALOGUE
from shapecalc.output.csv import harmless
from shapecalc.output.formats import draw
from shapecalc.output.report_table import Fact, Head, Line, Table
from shapecalc.text.safe import printable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shapecalc.homework.assignment.model import Homework
    from shapecalc.homework.variants.lint import CellLint, Lint, Suggestion


def show_lint(
    homework: Homework,
    lint: Lint,
    suggestion: Suggestion | None,
    format: str,  # noqa: A002
) -> str:
    """Write what a homework can tell, the last line ended."""
    if format == "json":
        return to_json(homework, lint, suggestion)
    if format == "csv":
        return to_csv(lint)
    table = _table(homework, lint, suggestion)
    return draw(lambda _: table, format, None, standalone=True)


def _table(homework: Homework, lint: Lint, suggestion: Suggestion | None) -> Table:
    by_cell = {result.cell.at: result for result in lint.cells}
    columns = homework.columns
    lines = tuple(
        Line(
            (
                printable(layer),
                *(_cell_text(by_cell.get((layer, column.key))) for column in columns),
            )
        )
        for layer in homework.layers
    )
    about = (
        f"{lint.named} of the {lint.applicable} mistakes that can be made are named for certain."
    )
    return Table(
        title=printable(homework.title),
        about=(about,),
        columns=(Head("the layer"), *(Head(column.title) for column in columns)),
        header=("layer", *(column.title for column in columns)),
        lines=lines,
        footer=("all", *(_sum(lint, column.key) for column in columns)),
        facts=(
            Fact("mistakes that can be made", str(lint.applicable)),
            Fact("named for certain by some cell", str(lint.named)),
            Fact("seen, but never with a number of their own", str(lint.shared)),
            Fact("seen nowhere", str(len(lint.silent))),
            Fact("pairs that are never told apart", str(len(lint.confused))),
        ),
        notes=tuple(_notes(lint, suggestion)),
        legend=(
            ("a of b", "of b mistakes that can be made in a cell, a give a number of their own"),
            ("--format csv", "names them, cell by cell"),
        ),
        remarks=("docs/misconceptions.md lists the mistakes.",),
    )


def _cell_text(result: CellLint | None) -> str:
    if result is None or not result.applicable:
        return ""
    return f"{len(result.telling)} of {result.applicable}"


def _sum(lint: Lint, column: str) -> str:
    """Count the mistakes of a column, each in all its cells."""
    results = [result for result in lint.cells if result.cell.quantity.key == column]
    telling = sum(len(result.telling) for result in results)
    return f"{telling} of {sum(result.applicable for result in results)}" if results else ""


def _notes(lint: Lint, suggestion: Suggestion | None) -> Iterator[str]:
    for name in lint.silent:
        yield f"• Silent: {name}, {CATALOGUE[name].name}: it gives the right answer everywhere."
    for a, b in lint.confused:
        yield f"• Alike: {a}, {CATALOGUE[a].name}, and {b}, {CATALOGUE[b].name}."
    if suggestion is not None:
        yield (
            f"• With `input: {suggestion.input}` {suggestion.lint.named} of"
            f" {suggestion.lint.applicable} would be named for certain, and"
            f" {len(suggestion.lint.silent)} be silent."
        )


SCHEMA = "shapecalc.homework.lint/1"
_FIELDS = ("layer", "column", "applicable", "score", "named", "alike", "silent")


def to_csv(lint: Lint) -> str:
    """Write a row a cell; mistakes that look alike are joined by `=`."""
    target = StringIO()
    writer = csv.writer(target, lineterminator="\n")
    writer.writerow(_FIELDS)
    for result in lint.cells:
        writer.writerow(
            [
                harmless(result.cell.layer),
                result.cell.quantity.key,
                result.applicable,
                "" if result.score is None else f"{result.score:.3f}",
                " ".join(result.telling),
                " ".join(harmless("=".join(group)) for group in result.alike),
                " ".join(result.silent),
            ]
        )
    return target.getvalue()


def to_json(homework: Homework, lint: Lint, suggestion: Suggestion | None) -> str:
    """Write the cells, what is silent or confused everywhere, the suggestion, and what ids mean."""
    plain = {
        "schema": SCHEMA,
        "title": homework.title,
        "cells": [
            {
                "layer": result.cell.layer,
                "column": result.cell.quantity.key,
                "applicable": result.applicable,
                "score": result.score,
                "named": result.telling,
                "alike": result.alike,
                "silent": result.silent,
            }
            for result in lint.cells
        ],
        "applicable": lint.applicable,
        "named": lint.named,
        "silent": lint.silent,
        "confused": lint.confused,
        "suggestion": suggestion
        and {
            "input": suggestion.input,
            "applicable": suggestion.lint.applicable,
            "named": suggestion.lint.named,
            "silent": suggestion.lint.silent,
        },
        "mistakes": {name: misconception.name for name, misconception in CATALOGUE.items()},
    }
    return json.dumps(plain, ensure_ascii=False, indent=2) + "\n"
