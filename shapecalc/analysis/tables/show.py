"""Judged tables in every format."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from shapecalc.analysis.tables.table import tabulate
from shapecalc.output.formats import draw, format_for

if TYPE_CHECKING:
    from shapecalc.analysis.tables.model import Judgement, Status


def show(
    judgements: tuple[Judgement, ...],
    format: str = "text",  # noqa: A002  (the word of the command line)
    *,
    only: Status | None = None,
    width: int | None = None,
    standalone: bool = True,
) -> str:
    """Write judged tables in a format, the last line ended; see `output.formats.render`.

    With `only` the cells of that status.
    """
    format_for(format)
    if format == "csv":
        from shapecalc.analysis.tables.as_csv import to_csv

        return to_csv(judgements, only)
    if format == "json":
        from shapecalc.analysis.tables.as_json import to_json

        return to_json(judgements, only)
    return draw(partial(tabulate, judgements, only), format, width, standalone=standalone)
