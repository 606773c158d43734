"""The measures of a layer and of a network: what they are called, and how a row has them.

`MEASURES` is the one table that `summarize`'s columns, the totals, sweeps, printed tables and
homework share.  It says what kind of value a measure is; how that is written, `output` knows.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable

    from shapecalc.algebra import Dim
    from shapecalc.report import Row, Totals, Unknown


class Basis(Protocol):
    """On what basis is counted: a view's batch, type of numbers, profile, and what is in place."""

    def memory(self, elements: Dim) -> Dim:
        """Return the bytes that so many activations of every example take."""

    def trained(self, counted: Row | Totals) -> Dim:
        """Return the bytes of the weights and the biases."""

    def stored(self, counted: Row | Totals) -> Dim:
        """Return the bytes of all that is stored: weights, biases and buffers."""

    def activations(self, row: Row | Totals) -> Dim:
        """Return output elements, with or without those written in place."""

    def count(self, totals: Totals) -> Dim:
        """Count a network by the profile."""

    def count_cell(self, row: Row) -> Dim | Unknown:
        """Count a row by the profile; unknown when that has no rule for it."""


class Measure:
    """A measure.

    `key` names it in options, `field` in CSV and JSON where that differs, `title` in a header;
    `headings` are other words that mean it.  `value` is a row's: None where it is not applicable,
    `UNKNOWN` where no rule gives it.  `total` is None where a sum means nothing, and `value` where
    only a whole network has the measure.
    """

    __slots__ = ("field", "headings", "key", "kind", "meaning", "title", "total", "value")

    def __init__(
        self,
        key: str,
        title: str,
        meaning: str,
        kind: Literal["number", "bytes", "shape", "shapes", "sides"],
        value: Callable[[Row, Basis], Any] | None,
        total: Callable[[Totals, Basis], Dim] | None = None,
        headings: tuple[str, ...] = (),
        field: str = "",
    ) -> None:
        self.key = key
        self.title = title
        self.meaning = meaning
        self.kind = kind
        self.value = value
        self.total = total
        self.headings = headings
        self.field = field

    @property
    def name(self) -> str:
        """The machine name."""
        return self.field or self.key

    def of_row(self, row: Row, basis: Basis) -> Any:  # noqa: ANN401  (as its kind has it)
        """Return the value of a row; of a measure that rows have."""
        assert self.value is not None, f"only a network has {self.key}"
        return self.value(row, basis)

    def of_all(self, totals: Totals, basis: Basis) -> Dim:
        """Return the value of a network; of a measure that it has."""
        assert self.total is not None, f"no network has {self.key}"
        return self.total(totals, basis)


# fmt: off
#: Every measure by its key, in the order of the tables.
MEASURES: dict[str, Measure] = {measure.key: measure for measure in (
    Measure("input", "input", "the volume that flows in; several for a join",
            "shapes", lambda row, _: row.inputs, field="inputs"),
    Measure("output", "output", "the output volume, or the number of units",
            "shape", lambda row, _: row.output,
            headings=("output volume", "output shape", "output size", "output dimensions",
                      "volume", "shape", "out", "dims", "dimensions", "activation shape",
                      "activation dimensions")),
    Measure("units", "units", "output elements, whether they are stored or work in place",
            "number", lambda row, _: row.units,
            headings=("neurons", "activations", "elements", "output units", "activation size")),
    Measure("weights", "weights", "trained weights",
            "number", lambda row, _: row.weights, lambda all_, _: all_.weights,
            ("weight", "number of weights")),
    Measure("biases", "biases", "trained biases",
            "number", lambda row, _: row.biases, lambda all_, _: all_.biases,
            ("bias", "number of biases")),
    Measure("params", "params", "trained weights + biases",
            "number", lambda row, _: row.params, lambda all_, _: all_.params,
            ("param", "parameters", "parameter", "parameter count", "number of parameters",
             "number of params", "trainable parameters", "learnable parameters")),
    Measure("trainable", "trainable", "parameters that training changes: those not frozen",
            "number", lambda row, _: row.trainable, lambda all_, _: all_.trainable),
    Measure("frozen", "frozen", "parameters that training leaves as they are (trainable: false)",
            "number", lambda row, _: row.frozen, lambda all_, _: all_.frozen),
    Measure("buffers", "buffers", "stored but not trained: running statistics, fixed codes",
            "number", lambda row, _: row.buffers, lambda all_, _: all_.buffers),
    Measure("connections", "connections", "(inputs of a unit + its bias) x units",
            "number", lambda row, _: row.connections, lambda all_, _: all_.connections,
            ("number of connections",)),
    Measure("macs", "MACs",
            "multiply-accumulates of convolutions, dense and recurrent layers, and products of"
            " activations",
            "number", lambda row, _: row.macs, lambda all_, _: all_.macs,
            ("mac", "multiply-accumulates", "multiply-adds", "mult-adds", "multadds", "madds",
             "multiplications")),
    Measure("flops", "FLOPs", "floating-point operations of those: 2 x MACs",
            "number", lambda row, _: row.flops, lambda all_, _: all_.flops,
            ("flop", "operations", "ops", "floating point operations")),
    Measure("count", "count", "operations as the profile counts them (--profile)",
            "number", lambda row, basis: basis.count_cell(row),
            lambda all_, basis: basis.count(all_)),
    Measure("activations", "activations", "output elements; 0 for layers that work in place",
            "number", lambda row, basis: basis.activations(row),
            lambda all_, basis: basis.activations(all_)),
    Measure("memory", "memory", "bytes of the activations (--dtype) of a batch (--batch)",
            "bytes", lambda row, basis: basis.memory(basis.activations(row)),
            lambda all_, basis: basis.memory(basis.activations(all_)),
            ("memory footprint", "mem", "bytes", "activation memory")),
    Measure("live", "live", "elements alive while it runs: inputs, output, what is kept for later",
            "number", lambda row, _: row.live),
    Measure("live_memory", "live memory",
            "bytes alive while it runs (--dtype) of a batch (--batch)",
            "bytes", lambda row, basis: basis.memory(row.live)),
    Measure("rf", "rf", "receptive field: pixels of the input that a unit sees, along a side",
            "sides", lambda row, _: row.receptive_field,
            headings=("receptive field", "receptive field size"), field="receptive_field"),
    Measure("jump", "jump", "pixels between the receptive fields of neighbouring units",
            "sides", lambda row, _: row.jump),
    Measure("peak_activations", "peak", "most elements alive at once in inference",
            "number", None, lambda all_, _: all_.peak),
    Measure("peak_memory", "peak memory", "most bytes alive at once in inference, of a batch",
            "bytes", None, lambda all_, basis: basis.memory(all_.peak)),
    Measure("kv_cache", "KV cache", "elements of keys and values that causal attention keeps"
            " for generation, of an example",
            "number", lambda row, _: row.kv_cache, lambda all_, _: all_.kv_cache),
    Measure("kv_cache_memory", "KV cache memory", "bytes of those, of a batch",
            "bytes", lambda row, basis: basis.memory(row.kv_cache),
            lambda all_, basis: basis.memory(all_.kv_cache)),
    Measure("parameter_memory", "parameter memory", "bytes of the parameters",
            "bytes", None, lambda all_, basis: basis.trained(all_)),
    Measure("flash", "flash", "bytes of all that is stored, the file: parameters and buffers",
            "bytes", None, lambda all_, basis: basis.stored(all_)),
)}
# fmt: on

#: Short names of totals.
SHORT = {"peak": "peak_activations", "ram": "peak_memory"}

#: Totals that no column adds up to, or one only that few networks have, by their machine names.
OF_NETWORK: dict[str, Measure] = {
    measure.name: measure
    for measure in MEASURES.values()
    if measure.value is None or measure.key.startswith("kv_cache")
}
