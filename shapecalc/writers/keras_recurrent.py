"""How Keras 3 spells recurrent layers: one of its own for each layer of a stack."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from shapecalc.algebra import known
from shapecalc.writers.keras_spelling import KerasSpelling
from shapecalc.writers.python_code import CallCode, SlotCode, call, literal

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from shapecalc.writers.keras_spelling import LaidArrays
    from shapecalc.writers.site import Site

#: The classes of Keras, and how many biases for every unit they have; a GRU has none or two.
_CLASSES = {"rnn": ("SimpleRNN", (0, 1)), "lstm": ("LSTM", (0, 1)), "gru": ("GRU", (0, 2))}


def _recurrent(kind: str) -> Callable[[Site], KerasSpelling]:
    def spell(site: Site) -> KerasSpelling:
        layer = site.layer
        numbers = range(1, layer.layers)
        inner = [(str(n), _one(kind, layer, every=True)) for n in numbers]
        last = _one(kind, layer, every=layer.returns == "all")
        endings = [*(ending for ending, _ in inner), ""]
        laid = tuple((end, _laid(kind, layer, n)) for n, end in enumerate(endings))
        return KerasSpelling(last, before=tuple(inner), laid=laid)

    return spell


def _is_native(kind: str, layer: Any) -> bool:  # noqa: ANN401
    """Tell whether Keras has a layer with as many biases."""
    return layer.biases in _CLASSES[kind][1]


def _one(kind: str, layer: Any, *, every: bool) -> CallCode:  # noqa: ANN401
    """Construct one layer of the stack, which returns every state or the last one."""
    units = SlotCode(known(layer.units), "units")
    if _is_native(kind, layer):
        bias = None if layer.biases else "False"
        made = call(f"layers.{_CLASSES[kind][0]}", units, use_bias=bias)
    else:
        biases = SlotCode(layer.biases, "biases")
        made = call("layers.RNN", call("GatedCell", units, kind=literal(kind), biases=biases))
    if every:
        made = made._replace(arguments=(*made.arguments, ("return_sequences", "True")))
    return call("layers.Bidirectional", made) if layer.bidirectional else made


def _laid(kind: str, layer: Any, number: int) -> LaidArrays:  # noqa: ANN401
    """Lay the arrays of one layer of the stack, both directions one behind the other."""
    ways = ("", "_reverse") if layer.bidirectional else ("",)

    def gates(array: Any) -> Any:  # noqa: ANN401
        """Order a GRU's gates as Keras has them: the update's before the reset's."""
        if kind != "gru" or not _is_native(kind, layer):
            return array
        units = len(array) // 3
        return array[[*range(units, 2 * units), *range(units), *range(2 * units, 3 * units)]]

    def laid(arrays: Mapping[str, Any]) -> list[Any]:
        made = []
        for way in ways:
            own = [gates(arrays[f"weight_{which}_l{number}{way}"]).T for which in ("ih", "hh")]
            biases = [
                gates(arrays[f"bias_{which}_l{number}{way}"])
                for which in ("ih", "hh")[: layer.biases]
            ]
            together = kind == "gru" and len(biases) == 2
            made += [*own, *([biases] if together else biases)]
        return made

    return laid


#: How every type is spelled that reads step by step.
RECURRENT: dict[str, Callable[[Site], KerasSpelling]] = {
    kind: _recurrent(kind) for kind in _CLASSES
}
