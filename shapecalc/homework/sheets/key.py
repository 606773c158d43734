"""The key to a sheet's notation: what its words mean, and what holds where nothing is written.

It is made from what stands on the sheet, so that every cell can be worked out from that alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from shapecalc.graph import Input
from shapecalc.homework.languages import ENGLISH, say, spoken, to_say
from shapecalc.layers.base import square
from shapecalc.layers.conv import Conv, Windowed, pad_text
from shapecalc.layers.dense import Dense, FullyConnected
from shapecalc.layers.depthwise import Depthwise, Separable
from shapecalc.layers.merge import Elementwise
from shapecalc.layers.norm import LayerNorm
from shapecalc.layers.pool import BlurPool
from shapecalc.layers.reshape import Crop, PadLayer, Upsample
from shapecalc.layers.shape import SIDE_NAMES, times_text
from shapecalc.layers.transposed import Transposed

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from shapecalc.algebra import Dim
    from shapecalc.layers.base import Layer
    from shapecalc.report import Row

#: What becomes of a last, partial window, by the word for it.
_ROUNDINGS = {
    "ceil": to_say("sides rounded up, but no window starts in the padding behind"),
    "ceil_caffe": to_say(
        "sides rounded up, but where a side is padded no window starts behind the input"
    ),
    "ceil_full": to_say("sides rounded up, wherever the last window starts"),
}
#: Layers whose kernels, units and biases the term of the parameters speaks of.
_PLAIN = Conv | Transposed | FullyConnected


def notation_key(rows: Iterable[Row], *, operations: bool) -> dict[str, str]:
    """Explain the notation of rows; with `operations` what else than MACs and biases they count.

    Marks that mean the same stand together.
    """
    rows = [row for row in rows if not isinstance(row.layer, Input)]
    layers = [(row, row.layer) for row in rows if row.layer is not None]
    heads: dict[str, tuple[str, str]] = {}
    flattens = {layer.over == "all" for _, layer in layers if isinstance(layer, Dense)}
    for row, layer in layers:
        if layer.type not in heads:
            term, meaning = _head(row, layer, flattens)
            heads[layer.type] = term, meaning + (_costs(layer) if operations else "")
    marks: dict[str, dict[str, None]] = {}
    for row, layer in layers:
        for mark, meaning in _marks(row, layer):
            marks.setdefault(meaning, {})[mark] = None
    key = dict(heads.values()) | {", ".join(words): meaning for meaning, words in marks.items()}
    fields = (field for _, layer in layers for field in layer.fields())
    if unsaid := dict.fromkeys(field.unsaid for field in fields if field.unsaid):
        key[say("not written")] = ", ".join(map(say, unsaid))
    return key


def _head(row: Row, layer: Layer, flattens: set[bool]) -> tuple[str, str]:
    """Return what a layer's text begins with, and what that means.

    `flattens` says what dense layers do on this sheet: flatten a volume, or leave its places.
    """
    words = layer.configuration(*row.inputs)
    meaning = say(layer.summary)
    if isinstance(layer, Windowed):
        words = times_text(_extents(row, layer))
        meaning = say(
            "{layer}; kernel {extents} ({axes})", layer=meaning, extents=words, axes=_axes(row)
        )
        if (filters := getattr(layer, "filters", None)) is not None:
            words = f"{filters} {words}"
            meaning = say("{layer}, {count} filters", layer=meaning, count=filters)
    elif isinstance(layer, FullyConnected):
        if isinstance(layer, Dense) and False in flattens:
            own, _, flat = meaning.partition("; ")
            meaning = (
                say("{layer}; {flattens}, unless at every position", layer=own, flattens=flat)
                if True in flattens
                else own
            )
        meaning = say("{layer}; {count} units", layer=meaning, count=words)
    elif isinstance(layer, Elementwise):
        if layer.constants():
            meaning = say("{layer}; x is what flows in", layer=meaning)
        if "stretched" in words:
            meaning = say("{layer}; stretched: repeated along every extent of 1", layer=meaning)
    elif words:
        meaning = f"{meaning}; {_principal(layer, words)}"
    if not isinstance(layer, _PLAIN) and not layer.learns.startswith("nothing"):
        meaning = say("{layer}; trained: {parameters}", layer=meaning, parameters=say(layer.learns))
    return f"{layer.type} {words}".rstrip(), meaning


def _extents(row: Row, layer: Windowed) -> tuple[Dim, ...]:
    return layer.kernel * len(row.inputs[0].sides) if len(layer.kernel) == 1 else layer.kernel


def _principal(layer: Layer, words: str) -> str:
    """Say what the field is that a layer's text begins with; of several, what each is."""
    if not layer.principal:
        pairs = ((field, getattr(layer, field.name)) for field in layer.fields())
        written = [f for f, value in pairs if value != f.default and not f.in_words(value)]
        return "; ".join(f"{field.name}: {say(field.doc)}" for field in written)
    to = isinstance(layer, Crop | Upsample) and layer.size is not None
    name = "to" if to else layer.principal
    meaning = next(field.doc for field in layer.fields() if field.name == name)
    return _ends(words) if isinstance(layer, PadLayer | Crop) and not to else say(meaning)


def _axes(row: Row) -> str:
    return " x ".join(map(say, SIDE_NAMES[len(row.inputs[0].sides)]))


def _ends(words: str) -> str:
    return say("(before, after)") if "(" in words else say("at both ends")


def _costs(layer: Layer) -> str:
    """Say what a layer counts beside multiply-accumulates and biases, which the terms state."""
    _, _, costs = layer.counts.partition("; ")
    return f"; {say(costs)}" if costs else ""


def _marks(row: Row, layer: Layer) -> Iterator[tuple[str, str]]:
    """Yield what else a layer's text holds, with what it means."""
    if isinstance(layer, Windowed):
        yield from _moves(row, layer)
    if isinstance(layer, Conv | Transposed) and layer.groups > 1:
        yield f"groups {layer.groups}", say("channels and filters in groups that do not mix")
    if isinstance(layer, Depthwise | Separable) and layer.multiplier != 1:
        yield f"x{layer.multiplier}", say("kernels per channel")
    if isinstance(layer, Conv) and layer.connections is not None:
        pairs = sum(map(len, layer.connections))
        meaning = say("pairs of an input channel and a filter with a kernel")
        yield f"{pairs} connected pairs", meaning
    if isinstance(layer, LayerNorm) and layer.over == "all":
        yield "over all", say("one mean for all elements; a scale and a shift for each of them")
    for field in layer.fields():
        words = field.in_words(getattr(layer, field.name))
        # In English those that say no speak for themselves.
        if words and (spoken() != ENGLISH or not {"no", "not"} & set(words.split())):
            yield words, say(field.doc)
    if row.frozen != 0:
        yield "frozen", say("weights and biases that are not trained; they count all the same")


def _moves(row: Row, layer: Windowed) -> Iterator[tuple[str, str]]:
    """Yield what is written of how a window moves."""
    if set(steps := layer.steps()) != {1}:
        yield f"/{square(steps)}", say("stride, {sides}", sides=_sides(row, steps))
    if words := pad_text(layer.pad):
        yield _padding(row, layer, words)
    if isinstance(layer, Transposed):
        yield from _of_transposed(layer)
    if set(layer.dilation) != {1}:
        yield f"dilation {square(layer.dilation)}", say("distance of the kernel's taps")
    if layer.rounds() != "floor":
        yield layer.rounds(), say(_ROUNDINGS[layer.rounds()])


def _sides(row: Row, values: tuple[object, ...]) -> str:
    return _axes(row) if len(set(values)) > 1 else say("every side")


def _padding(row: Row, layer: Windowed, words: str) -> tuple[str, str]:
    """Say what a padding is: a transposed convolution takes away where others add."""
    sign = f"pad {words}"
    where = f"{_ends(words)}, {_sides(row, layer.pad.pairs)}"
    if isinstance(layer, Transposed):
        same = layer.pad.mode == "same"
        meaning = (
            say("a side becomes n*stride")
            if same
            else say("rows cut off the output, {where}", where=where)
        )
        return f"{layer.type}: {sign}", meaning
    if layer.pad.mode == "same":
        return sign, say("zeros so that a side becomes n/stride, rounded up; an odd one at the end")
    if layer.pad.mode != "given":  # a word that the field explains
        return sign, say(next(field.doc for field in layer.fields() if field.name == "pad"))
    if isinstance(layer, BlurPool):
        return f"{layer.type}: {sign}", say("mirrored rows, {where}", where=where)
    return sign, say("rows of padding, {where}", where=where)


def _of_transposed(layer: Transposed) -> Iterator[tuple[str, str]]:
    if layer.pad.mode == "valid":
        yield f"{layer.type}: pad valid", say("a side becomes n*stride + max(kernel - stride, 0)")
    extra = layer.output_padding
    if extra is not None and (any(extra) or layer.pad.mode != "given"):
        meaning = say("rows added at the end of a side")
        if layer.pad.mode != "given":
            size = "(n - 1)*stride + kernel" + (" mod 2" if layer.pad.mode == "same" else "")
            meaning = say("{rows}, which is {size} before", rows=meaning, size=size)
        yield f"output padding {square(extra)}", meaning
