"""A comparison in every format."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from shapecalc.analysis.compare.table import tabulate
from shapecalc.output.formats import draw, format_for
from shapecalc.output.options import (
    make_view,
)
from shapecalc.output.view import (
    View,
)

if TYPE_CHECKING:
    from shapecalc.analysis.compare import Comparison


def show(
    comparison: Comparison,
    format: str = "text",  # noqa: A002  (the word of the command line)
    view: View | None = None,
    *,
    full: bool = False,
    width: int | None = None,
    standalone: bool = True,
    **options: Any,  # noqa: ANN401  (the arguments of `make_view`)
) -> str:
    """Write a comparison in a format, the last line ended; see `output.formats.render`.

    JSON and CSV hold every row; the other formats only with `full`.
    """
    format_for(format)
    view = view or (make_view(**options) if options else View())
    if format == "csv":
        from shapecalc.analysis.compare.as_csv import to_csv

        return to_csv(comparison, view)
    if format == "json":
        from shapecalc.analysis.compare.as_json import to_json

        return to_json(comparison, view)
    table = partial(tabulate, comparison, view, full=full)
    return draw(table, format, width, standalone=standalone)
