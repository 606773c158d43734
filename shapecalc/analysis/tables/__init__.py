"""Published tables as data, and the comparison of every printed cell with what comes out.

    >>> from shapecalc.analysis import tables
    >>> googlenet = tables.compare("googlenet")
    >>> googlenet.cell("conv1", "params").printed, googlenet.cell("conv1", "params").computed
    ('2.7K', '9.25K')

A table is one YAML file (docs/tables.md); those that come with the tool stand in `data/`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from os import PathLike

    from shapecalc.analysis.tables.judge import Reports
    from shapecalc.analysis.tables.model import Judgement, Judgements
    from shapecalc.text import Scalar, Source


def names() -> tuple[str, ...]:
    """List the tables that come with the tool."""
    from shapecalc.spec.find import shipped_tables

    return shipped_tables()


def compare(name: str, against: str | None = None) -> Judgement:
    """Compare a table that comes with the tool, or compare it with another network.

    `against` names a spec to put in the place of the table's own; the table's errata are then set
    aside, as they are about its own.  Raises `SpecErrors` for unknown names.
    """
    from shapecalc.spec.find import find_table

    return _compare(find_table(name), name.removesuffix(".yaml"), against)


def compare_file(path: str | PathLike[str], against: str | None = None) -> Judgement:
    """Compare the table in a file; its specs are looked up beside it and among the shipped ones.

    Raises `SpecErrors` with everything that is wrong with the file or with a spec.
    """
    from shapecalc.spec.find import find_file

    source = find_file(str(path), "`shapecalc tables` lists the tables that come with the tool")
    stem = source.name.replace("\\", "/").rsplit("/", 1)[-1].removesuffix(".yaml")
    return _compare(source, stem, against)


def published_tables(*chosen: str) -> Judgements:
    """Compare the tables of these names, or every table that comes with the tool.

    Raises `SpecErrors` (E601) for unknown names.
    """
    from shapecalc.analysis.tables.judge import judge
    from shapecalc.analysis.tables.model import Judgements
    from shapecalc.analysis.tables.read import read_table
    from shapecalc.spec.find import find_table

    known: Reports = {}
    sources = [(find_table(name), name.removesuffix(".yaml")) for name in chosen or names()]
    return Judgements(judge(read_table(source, name), known) for source, name in sources)


def _compare(source: Source, name: str, other: str | None = None) -> Judgement:
    from shapecalc.analysis.tables.judge import against, judge
    from shapecalc.analysis.tables.read import read_table

    table = read_table(source, name)
    return judge(table if other is None else against(table, _option(other)))


def _option(name: str) -> Scalar:
    """Return a spec's name as a word of the command line."""
    from shapecalc.text import Source, scalar

    return scalar(name, Source(f"--against {name}", name))
