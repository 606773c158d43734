"""What a network costs: a row a layer, totals, and the peak of live activations."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from shapecalc.algebra import is_symbolic
from shapecalc.layers import OPAQUE
from shapecalc.layers.shape import Map, Vector, as_list, as_text
from shapecalc.report.receptive_field import AtMost, at_most
from shapecalc.spec import Fields
from shapecalc.text import NamedTuple
from shapecalc.text.shown import Shapes, Shown, shortened
from shapecalc.text.words import counted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from fractions import Fraction

    from shapecalc.algebra import Dim
    from shapecalc.graph import Graph
    from shapecalc.layers.base import Layer, Parameter, Work
    from shapecalc.layers.shape import Shape
    from shapecalc.report.domain import Domain, Fit
    from shapecalc.report.receptive_field import ReceptiveField


class Unknown:
    """The value that no rule could compute."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "UNKNOWN"

    def __bool__(self) -> bool:
        """It is nothing that could be shown as a number."""
        return False


UNKNOWN = Unknown()


class Row(NamedTuple):
    """A layer, or a level of the paths folded into one line.

    Counts are of one example's forward pass.  `activations` counts output elements, and 0 for
    layers that work in place; `overwritten` counts what those overwrite.  `connections` is None
    where a layer has no units of its own.  `live` counts the elements that are alive in inference
    while the layer runs: its inputs, its output and what is kept; of a level, the most at once.
    """

    name: str
    type: str
    inputs: tuple[Shape, ...]
    output: Shape
    sources: tuple[str, ...]
    parameters: tuple[Parameter, ...]
    weights: Dim
    biases: Dim
    buffers: Dim
    connections: Dim | None
    work: Work
    activations: Dim
    overwritten: Dim
    field: tuple[ReceptiveField, ...] | None
    """Per side of the input; None where with symbols no one formula gives it."""
    shared: str | None = None
    note: str = ""
    layer: Layer | None = None
    fields: str = ""
    """A level in words: the fields of the block that it is, or the layers of a short chain."""
    members: tuple[Row, ...] = ()
    """The layers that a level folds."""
    frozen: Dim = 0
    """Parameters that training leaves as they are (`trainable: false`)."""
    live: Dim = 0
    kv_cache: Dim = 0
    """Keys or values that causal attention keeps from token to token."""

    @property
    def layers(self) -> tuple[Row, ...]:
        """The rows of its layers: itself, or those that it folds."""
        return self.members or (self,)

    @property
    def does(self) -> str:
        """What the layer does, in a few words; a block's fields; how many layers a level holds."""
        if self.layer is None or self.fields:
            text = self.fields or self.brief
        else:
            text = self.layer.does(*self.inputs)
        return ", ".join(filter(None, (text, self._held)))

    @property
    def brief(self) -> str:
        """What it does as far as a narrow page has room; `aside` is what is missing then."""
        if self.layer is not None:
            return self.layer.configuration(*self.inputs)
        return counted(len(self.members), "layer") if self.members else ""

    @property
    def aside(self) -> str:
        """What `brief` leaves out: fields off their default, a block's, and what is frozen."""
        text = self.layer.exceptions() if self.layer is not None else self.fields
        return ", ".join(filter(None, (text, self._held)))

    @property
    def _held(self) -> str:
        if self.frozen == 0:
            return ""
        return "frozen" if self.trainable == 0 else "partly frozen"

    @property
    def params(self) -> Dim:
        """Weights and biases, trained or frozen."""
        return self.weights + self.biases

    @property
    def trainable(self) -> Dim:
        """The parameters that training changes: those that are not frozen."""
        return self.params - self.frozen

    @property
    def is_counted(self) -> bool:
        """Tell whether it is known what the layer computes, or something of what a level does."""
        return any(row.type != OPAQUE for row in self.layers)

    @property
    def macs(self) -> Dim:
        """Multiply-accumulates of convolutions and dense layers."""
        return self.work.macs

    @property
    def flops(self) -> Dim:
        """Floating-point operations of those: two per multiply-accumulate."""
        return 2 * self.work.macs

    @property
    def units(self) -> Dim:
        """The output's elements."""
        return self.output.size

    @property
    def memory(self) -> Dim:
        """The bytes of the activations of one example, in float32."""
        return 4 * self.activations

    @property
    def receptive_field(self) -> tuple[Dim, ...] | Unknown | None:
        """The pixels of the input that a unit sees, per side; None without sides."""
        sizes = self._per_side(lambda side: side.size)
        bound = isinstance(sizes, tuple) and at_most(self.field)
        return AtMost(sizes) if bound else sizes  # type: ignore[return-value, arg-type]

    @property
    def jump(self) -> tuple[Dim | Fraction, ...] | Unknown | None:
        """The pixels between the receptive fields of neighbouring units, per side."""
        return self._per_side(lambda side: side.jump)

    def _per_side(self, value: Callable[[ReceptiveField], Any]) -> tuple[Any, ...] | Unknown | None:
        if self.field is None:
            return UNKNOWN
        values = tuple(map(value, self.field))
        if None in values:
            return UNKNOWN
        return None if set(values) <= {0} else values

    def to_record(self) -> dict[str, Any]:
        """Return the row as a record, as `Report.to_records` has it: one example, in float32.

        That its receptive field is no more than a bound stands there where it is so.
        """
        record = {name: _plain(getattr(self, attribute)) for name, attribute in RECORD.items()}
        if at_most(self.field):
            record["receptive_field_at_most"] = True
        return record

    def __repr__(self) -> str:
        taken = " + ".join(dict.fromkeys(map(as_text, self.inputs)))
        flow = f"{taken} -> " if taken else ""
        volumes = f"{flow}{as_text(self.output)}"
        return shortened(f"<Row {self.name}: {self.type}, {volumes}, {_costs(self)}>")


#: The names of a record, those of CSV and JSON, with the attributes that hold the values.
RECORD: dict[str, str] = {
    "name": "name",
    "type": "type",
    "does": "does",
    "from": "sources",  # a word of Python
    "inputs": "inputs",
    "output": "output",
    "units": "units",
    "weights": "weights",
    "biases": "biases",
    "params": "params",
    "buffers": "buffers",
    "connections": "connections",
    "macs": "macs",
    "flops": "flops",
    "activations": "activations",
    "memory": "memory",
    "receptive_field": "receptive_field",
    "jump": "jump",
    "shared": "shared",
    "note": "note",
}


def _plain(value: object) -> Any:  # noqa: ANN401
    """Return a value as JSON has it."""
    if value is UNKNOWN:
        return "unknown"
    if value is None or isinstance(value, int | str):
        return value
    if isinstance(value, Map | Vector):
        value = as_list(value)
    if isinstance(value, tuple | list):
        return list(map(_plain, value))
    if is_symbolic(value):
        from shapecalc.algebra.notation import code_of

        return code_of(value)  # type: ignore[arg-type]
    number = float(value)  # type: ignore[arg-type]
    return int(number) if number.is_integer() else number


def _costs(counted: Row | Totals) -> str:
    return f"{_short(counted.params)} params, {_short(counted.macs)} MACs"


def _short(number: Dim) -> str:
    return f"{number:,}" if isinstance(number, int) else str(number)


class Alive(NamedTuple):
    """A volume that takes memory while a layer runs: whose result it is, and what for.

    `role` is input or output of that layer, or kept; then `reader` names the layer that it is kept
    for, "" for an output of the network.
    """

    layer: str
    role: Literal["input", "output", "kept"]
    elements: Dim
    reader: str = ""


class Peak(NamedTuple):
    """How many elements are alive while a layer runs, and whose they are; mostly where most are."""

    layer: str
    elements: Dim
    alive: tuple[Alive, ...]


class Totals(Fields):
    """Sums over the rows, and what only the whole network has."""

    weights: Dim
    biases: Dim
    buffers: Dim
    connections: Dim
    work: Work
    activations: Dim
    overwritten: Dim
    peak: Dim
    """Most elements alive at once in inference: layer by layer in order, freed when last read."""
    layers: tuple[Row, ...] = ()
    """The rows that were added up."""
    frozen: Dim = 0
    """Parameters that training leaves as they are (`trainable: false`)."""
    kv_cache: Dim = 0
    """Keys and values that causal attention keeps from token to token."""

    @property
    def params(self) -> Dim:
        """Weights and biases, trained or frozen; shared ones once."""
        return self.weights + self.biases

    @property
    def trainable(self) -> Dim:
        """The parameters that training changes: those that are not frozen."""
        return self.params - self.frozen

    @property
    def macs(self) -> Dim:
        """Multiply-accumulates of convolutions and dense layers."""
        return self.work.macs

    @property
    def flops(self) -> Dim:
        """Two per multiply-accumulate."""
        return 2 * self.work.macs

    def __repr__(self) -> str:
        return shortened(f"<Totals of {len(self.layers)} rows: {_costs(self)}>")


class Computing:
    """What computes reports, which a report is given to answer for other values and for levels.

    `level` takes a path to the row of its level, or to None where no level has the path; `peak`
    finds where most elements are alive.
    """

    __slots__ = ("anew", "fits", "level", "peak")

    def __init__(
        self,
        anew: Callable[[Graph], Report],
        fits: Callable[[Report], tuple[Fit, ...]],
        level: Callable[[Report, str], Row | None],
        peak: Callable[[Graph, tuple[Row, ...]], Peak | None],
    ) -> None:
        self.anew = anew
        self.fits = fits
        self.level = level
        self.peak = peak


class Report(Shown):
    """The finished computation for one network: a row a layer, and the totals.

    It is a sequence of rows, each by its name too: ``report["conv1"]``; the name of a block or a
    group gives the row of that level.

    `domain` tells for which values of its symbols a symbolic report holds; None without symbols.
    The options of `render` are those of `shapecalc summarize`: columns, depth, units, batch, dtype,
    layout, profile, count_inplace, sort, rows, only, hide, chart.
    """

    __slots__ = ("_computing", "_weights_fit", "domain", "graph", "rows", "totals")
    shapes = Shapes(
        "a report",
        table="output.report_table.tabulate",
        records="output.report_records.records",
    )

    def __init__(
        self,
        graph: Graph,
        rows: tuple[Row, ...],
        totals: Totals,
        domain: Domain | None = None,
        *,
        computing: Computing,
    ) -> None:
        self._computing = computing
        self._weights_fit: tuple[Fit, ...] | None = None  # computed when they are first asked for
        self.graph = graph
        self.rows = rows
        self.totals = totals
        self.domain = domain

    @property
    def name(self) -> str:
        """The network's name."""
        return self.graph.spec.name

    @property
    def remarks(self) -> tuple[str, ...]:
        """Doubts about how the spec was read: of inputs whose shapes may be meant otherwise."""
        return self.graph.remarks

    @property
    def doubts(self) -> tuple[str, ...]:
        return self.remarks

    @property
    def deployed(self) -> tuple[str, ...]:
        return self.graph.deployed

    @property
    def ranks(self) -> tuple[int, ...]:
        """How many sides its volumes have."""
        return tuple(sorted({len(row.output.sides) for row in self.rows} - {0}))

    @property
    def layers(self) -> tuple[Row, ...]:
        """The rows of the layers, without those of the inputs."""
        return tuple(row for row in self.rows if row.sources or row.type != "input")

    def __len__(self) -> int:
        return len(self.rows)

    def __iter__(self) -> Iterator[Row]:
        return iter(self.rows)

    def __contains__(self, name: object) -> bool:
        """Tell whether a layer or a level has the name."""
        return isinstance(name, str) and self._row(name) is not None

    def _row(self, name: str) -> Row | None:
        rows = (row for row in self.rows if row.name == name)
        return next(rows, None) or self._computing.level(self, name)

    def __getitem__(self, name: str) -> Row:
        """Return the row of a layer, or of a level.  Raises `KeyError` for an unknown name."""
        row = self._row(name)
        if row is not None:
            return row
        from shapecalc.text.words import did_you_mean

        hint = did_you_mean(name, [*(row.name for row in self.rows), *self.graph.groups])
        raise KeyError(f"there is no layer '{name}'" + (f"; {hint}" if hint else ""))

    def at(self, **values: int) -> Report:
        """Return the report for values of its symbols and constants, all or some of them.

        Raises `SpecErrors` for values outside of the domain.
        """
        from shapecalc.graph.expand import rebuilt

        return self._computing.anew(rebuilt(self.graph, values))

    @property
    def peak(self) -> Peak | None:
        """Where most elements are alive at once in inference; None with symbols."""
        return self._computing.peak(self.graph, self.rows)

    @property
    def weights_fit(self) -> tuple[Fit, ...]:
        """For which sizes of the input the weights fit that the spec's own input gives."""
        if self._weights_fit is None:
            self._weights_fit = () if self.domain is None else self._computing.fits(self)
        return self._weights_fit

    def with_rows(
        self, rows: tuple[Row, ...], totals: Totals | None = None, graph: Graph | None = None
    ) -> Report:
        """Return a report of other rows: of the same network and totals, or of another's."""
        return Report(graph or self.graph, rows, totals or self.totals, computing=self._computing)

    def to_records(self, **options: Any) -> list[dict[str, Any]]:  # noqa: ANN401
        """Return the rows as records with the names of CSV and the values of JSON.

        `options` are those of `render`: columns, depth, batch, dtype and so on.
        """
        import json

        records: list[dict[str, Any]] = json.loads(self.render("json", **options))["rows"]
        return records

    def __repr__(self) -> str:
        return shortened(f"<Report {self.name}: {_costs(self.totals)}>")


def named_doubts(reports: Sequence[Report]) -> tuple[str, ...]:
    """Return the doubts about several networks, with their names where there are two."""
    return _named([(report.name, report.doubts) for report in reports], ", ")


def named_deployed(reports: Sequence[Report]) -> tuple[str, ...]:
    """Return what was done to several networks, with their names where there are two."""
    return _named([(report.name, report.deployed) for report in reports], ": ")


def _named(texts: Sequence[tuple[str, tuple[str, ...]]], sign: str) -> tuple[str, ...]:
    """Write what is said of networks, with their names where these differ."""
    alike = len({name for name, _ in texts}) == 1
    written = (f"{'' if alike else name + sign}{text}" for name, own in texts for text in own)
    return tuple(dict.fromkeys(written))
