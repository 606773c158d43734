"""What a homework can tell, for programs: cell by cell, with the mistakes' ids."""

from __future__ import annotations

import csv
import json
from io import StringIO
from typing import TYPE_CHECKING

from shapecalc.homework.diagnosis.misconceptions.catalogue import CATALOGUE
from shapecalc.output.csv import harmless

if TYPE_CHECKING:
    from shapecalc.homework.assignment.assignment import Homework
    from shapecalc.homework.variants.lint import Lint, Suggestion

SCHEMA = "shapecalc.homework.lint/1"
_FIELDS = ("layer", "column", "applicable", "score", "named", "alike", "silent")


def to_csv(found: Lint) -> str:
    """Write a row a cell; mistakes that look alike are joined by `=`."""
    target = StringIO()
    writer = csv.writer(target, lineterminator="\n")
    writer.writerow(_FIELDS)
    for each in found.cells:
        writer.writerow(
            [
                harmless(each.cell.layer),
                each.cell.quantity.key,
                each.applicable,
                "" if each.score is None else f"{each.score:.3f}",
                " ".join(each.telling),
                " ".join(harmless("=".join(group)) for group in each.alike),
                " ".join(each.silent),
            ]
        )
    return target.getvalue()


def to_json(homework: Homework, found: Lint, suggestion: Suggestion | None) -> str:
    """Write the cells, what is silent or confused everywhere, the suggestion, and what ids mean."""
    plain = {
        "schema": SCHEMA,
        "title": homework.title,
        "cells": [
            {
                "layer": each.cell.layer,
                "column": each.cell.quantity.key,
                "applicable": each.applicable,
                "score": each.score,
                "named": each.telling,
                "alike": each.alike,
                "silent": each.silent,
            }
            for each in found.cells
        ],
        "applicable": found.applicable,
        "named": found.named,
        "silent": found.silent,
        "confused": found.confused,
        "suggestion": suggestion
        and {
            "input": suggestion.input,
            "applicable": suggestion.lint.applicable,
            "named": suggestion.lint.named,
            "silent": suggestion.lint.silent,
        },
        "mistakes": {name: each.name for name, each in CATALOGUE.items()},
    }
    return json.dumps(plain, ensure_ascii=False, indent=2) + "\n"
