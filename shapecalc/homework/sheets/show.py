"""Checked answers, and sheets, in every format."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from shapecalc.output.formats import draw, format_for

if TYPE_CHECKING:
    from shapecalc.homework.diagnosis.verdict import Checked

#: Hint levels: which cells; which idea; the rule with the student's numbers.
HINTS = (1, 2, 3)


def show(
    checked: Checked,
    format: str = "text",  # noqa: A002  (the word of the command line)
    *,
    hint: int = 2,
    solution: bool = False,
    width: int | None = None,
) -> str:
    """Write checked answers in a format, the last line ended; see `output.formats.render`.

    `hint` 1 tells which cells, 2 which idea, 3 the rule with numbers; `solution` the key.
    """
    format_for(format)
    if format == "json":
        from shapecalc.homework.sheets.as_json import to_json

        return to_json(checked, hint=hint, solution=solution)
    if format == "csv":
        from shapecalc.homework.sheets.as_csv import to_csv

        return to_csv(checked, hint=hint, solution=solution)
    from shapecalc.homework.sheets.table import tabulate

    table = partial(tabulate, checked, hint=hint, solution=solution)
    return draw(lambda _: table(), format, width, standalone=True)
