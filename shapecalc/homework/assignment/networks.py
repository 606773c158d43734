"""The networks of a homework: specs with other inputs, other constants, other fields of layers."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, NamedTuple

from shapecalc.errors import refuse
from shapecalc.graph import Deferred, Graph, Group
from shapecalc.graph.expand import expand
from shapecalc.report.compute import compute_report, total
from shapecalc.report.fold import level
from shapecalc.report.peak import give_live
from shapecalc.spec.find import beside
from shapecalc.spec.grammar import read_spec
from shapecalc.text import Origin, Source

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from shapecalc.graph import Node
    from shapecalc.report import Report, Row


class Variation(NamedTuple):
    """What a network is given in place of what its spec says.

    `fields` are by layer and field, their values as a spec would have them.
    """

    input: str = ""
    constants: Mapping[str, str] = {}
    fields: Mapping[tuple[str, str], str] = {}

    def with_(self, other: Variation) -> Variation:
        """Return this with what another one says in its place."""
        return Variation(
            other.input or self.input,
            {**self.constants, **other.constants},
            {**self.fields, **other.fields},
        )


def network(spec: Source, variation: Variation, unknown: Sequence[str] = ()) -> Report:
    """Compute a spec's network, varied, constants that are `unknown` as symbols.

    Raises `SpecErrors`, E705 for one with other symbols.
    """
    read = read_spec(spec, beside)
    if variation.fields:
        changed = Source(f"{spec.name}, varied", _extending(variation.fields))
        varied = read_spec(changed, lambda name, by: spec if by is changed else beside(name, by))
        read = varied._replace(
            name=read.name, citation=read.citation, note=read.note, source=read.source
        )
    inputs = {"": variation.input} if variation.input else {}
    constants = {**variation.constants, **dict.fromkeys(unknown, "free")}
    report = compute_report(expand(read, constants, inputs))
    if not unknown:
        numeric(report)
    return report


def _extending(fields: Mapping[tuple[str, str], str]) -> str:
    """Write the spec that changes fields of another one."""
    layers: dict[str, list[str]] = {}
    for (layer, field), value in fields.items():
        layers.setdefault(layer, []).append(f"{field}: {value}")
    lines = [f"  {json.dumps(layer)}: {{{', '.join(values)}}}" for layer, values in layers.items()]
    return "\n".join(["extends: base", "change:", *lines]) + "\n"


def numeric(report: Report) -> None:
    """Require a network without symbols.  Raises `SpecErrors` (E705)."""
    if report.graph.symbols:
        names = ", ".join(report.graph.symbols)
        message = f"a homework is about numbers, but {report.name} has symbols: {names}"
        hint = "give them values, with `let` in the spec or with --set and --input"
        origin = Origin(report.graph.spec.source)
        raise refuse("E705", message, origin, hint)


def together(reports: Mapping[str, Report]) -> tuple[Report, dict[str, Report]]:
    """Put networks side by side into one, each a level of the paths: `alexnet/conv1`.

    Returns that and, by name, the networks with their rows called so.
    """
    nodes: list[Node] = []
    rows: list[Row] = []
    groups: dict[str, Group] = {}
    parts: dict[str, Report] = {}
    outputs: list[int] = []
    for name, report in reports.items():
        at, graph = len(nodes), report.graph
        nodes += [_moved(node, name, at) for node in graph.nodes]
        ends = [output + at for output in graph.outputs]
        groups[name] = Group(name, "network", ends[-1])
        for path, group in graph.groups.items():
            moved = group._replace(path=f"{name}/{path}", output=group.output + at)
            groups[moved.path] = moved
        called = tuple(_called(row, name) for row in report.rows)
        parts[name] = report.with_rows(called, graph=graph)
        rows += called
        outputs += ends
    specs = [report.graph.spec for report in reports.values()]
    source = Source(
        ", ".join(spec.source.name for spec in specs),
        "\n".join(spec.source.text for spec in specs),
    )
    spec = specs[0]._replace(name=", ".join(spec.name for spec in specs), source=source)
    joined = Graph(spec, tuple(nodes), groups, tuple(outputs), {})
    peak = give_live(joined, rows)
    whole = tuple(rows)
    return report.with_rows(whole, total(whole, peak), joined), parts


def _moved(node: Node, name: str, at: int) -> Node:
    """Put a node behind `at` others."""
    layer = node.layer
    if isinstance(layer, Deferred):
        build = layer.build
        layer = layer._replace(build=lambda shape_of: build(lambda index: shape_of(index + at)))
    share = None if node.share is None else node.share + at
    inputs = tuple(source + at for source in node.inputs)
    return node._replace(path=f"{name}/{node.path}", layer=layer, inputs=inputs, share=share)


def _called(row: Row, name: str) -> Row:
    """Name a row, and those it speaks of, by its network."""
    return row._replace(
        name=f"{name}/{row.name}",
        sources=tuple(f"{name}/{source}" for source in row.sources),
        shared=None if row.shared is None else f"{name}/{row.shared}",
    )


def whole(report: Report, name: str) -> Row:
    """Return the row of one of several networks."""
    inside = [at for at, row in enumerate(report.rows) if row.name.startswith(f"{name}/")]
    return level(report, name, inside)
