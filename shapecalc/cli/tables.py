"""`shapecalc tables`: the published tables, cell by cell."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from shapecalc.cli import options
from shapecalc.cli.common import CHECK_FAILED, complete_spec, reported
from shapecalc.cli.usage import misuse

if TYPE_CHECKING:
    from shapecalc.analysis.tables.model import Judgements, Status

#: The words of --only, with the status that each stands for.
_ONLY: dict[str, Status] = {
    "match": "match",
    "errata": "erratum",
    "erratum": "erratum",
    "mismatch": "MISMATCH",
}


def _complete_table(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:
    """Complete a table's name."""
    from shapecalc.spec.find import shipped_tables

    return [name for name in shipped_tables() if name.startswith(incomplete)]


@click.command(
    short_help="Compare the published tables with what comes out.",
    epilog="""\b
Examples:
  shapecalc tables
  shapecalc tables googlenet
  shapecalc tables googlenet --against googlenet-as-trained
  shapecalc tables --only errata -o errata.md
  shapecalc tables --file mytable.yaml
""",
)
@click.argument("name", required=False, shell_complete=_complete_table)
@options.written("analysis.tables.model.Judgements")
@click.option(
    "--only",
    type=click.Choice(list(_ONLY), case_sensitive=False),
    metavar="STATUS",
    help="List only the cells of a status: match, errata or mismatch.",
)
@click.option(
    "--file", "file", metavar="FILE", type=click.Path(), help="Compare a table of your own."
)
@click.option(
    "--against",
    metavar="SPEC",
    shell_complete=complete_spec,
    help="Compare the table with another network; its errata are set aside.",
)
def tables(
    name: str | None,
    output: options.Output,
    only: str | None,
    file: str | None,
    against: str | None,
) -> None:
    """Compare printed tables with what comes out, cell by cell.

    NAME is a table that comes with the tool; without it all of them are listed.  A cell is a match
    under the table's declared convention, an erratum with its account, or a MISMATCH.  Exit code 1
    says that there is a MISMATCH, or an erratum that is no longer needed.
    """
    with reported(as_json=output.as_json):
        output.chosen()
        judgements = _compare(name, file, against)
        status = _ONLY[only.lower()] if only else None
        output.write(judgements, only=status)
    if not all(judgement.holds for judgement in judgements):
        sys.exit(CHECK_FAILED)


def _compare(name: str | None, file: str | None, against: str | None) -> Judgements:
    """Compare what was asked for."""
    from shapecalc.analysis import tables as published
    from shapecalc.analysis.tables.model import Judgements

    if name is not None and file is not None:
        hint = "NAME is a table that comes with the tool, --file one of your own"
        raise misuse("there are two tables", hint)
    if file is not None:
        return Judgements([published.compare_file(file, against)])
    if name is not None:
        return Judgements([published.compare(name, against)])
    if against is not None:
        raise misuse("--against is about one table", "add its NAME")
    return published.published_tables()
