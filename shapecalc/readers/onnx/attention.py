"""Attention that a graph writes out: dense layers, heads apart, two products, heads together.

It becomes `attention` where its parts are exactly that one's: every element of queries, keys and
values is traced through the moves to its dense layer.  What is left stays as it stands.
"""

from __future__ import annotations

import math
from collections import defaultdict
from typing import TYPE_CHECKING, Any, NamedTuple

from shapecalc.readers.onnx.layouts import AXES
from shapecalc.readers.onnx.strides import Strides
from shapecalc.readers.onnx.walk import Taken
from shapecalc.readers.onnx.window_cuts import WindowCut, cut_into
from shapecalc.readers.open_sizes import OpenSize

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from shapecalc.readers.layer_list import AddedLayer
    from shapecalc.readers.onnx.file import Tensor
    from shapecalc.readers.onnx.walk import GraphWalk

_MOVES = frozenset({"flatten", "permute", "reshape", "slice", "upsample"})
_SCALES = frozenset({"divide", "multiply"})
_NORMS = frozenset({"layernorm", "rmsnorm"})
#: Fields by which a layer is more than its parts say.
_MORE = frozenset({"like", "note", "share", "trainable"})
_OPERANDS = ("query", "key", "value")
#: So many layers are looked through.
_FARTHEST = 24
#: Which biases there are, of queries, keys and values, and of what comes out: our word for it.
_BIASES = {(True, True): None, (False, False): False, (True, False): "qkv", (False, True): "out"}


class _OtherError(Exception):
    """What is no attention of ours."""


class _TracedOperand(NamedTuple):
    """The way of queries, keys or values: from their dense layer to a product."""

    dense: str
    passed: tuple[str, ...]
    strides: Strides
    scale: float
    norm: str


class _Scores(NamedTuple):
    """The way back from a softmax to the product of queries and keys."""

    product: str
    passed: list[str]
    scale: float
    causal: bool
    position: str
    mask: str


class _Windows(NamedTuple):
    """Windows of a map: what they are cut of, where they are a map again, what moves them."""

    source: str
    passed: set[str]
    last: str
    fields: dict[str, Any]


class _Heads(NamedTuple):
    """How many heads of which depths: queries, keys and values, of how many positions.

    Keys and values may have fewer: so many `groups`.  There may be `windows` that attend by
    themselves.
    """

    windows: int
    number: int
    groups: int
    length: int
    key: int
    value: int


def find_attention(walk: GraphWalk, outputs: Collection[str]) -> None:
    """Let layers that are attention become it; `outputs` are layers whose values leave."""
    layers = walk.layers.added
    softmaxes = [name for name, layer in layers.items() if layer.kind == "softmax"]
    if not softmaxes:
        return
    search = _AttentionSearch(walk, outputs)
    for name in softmaxes:
        try:
            search.around(name)
        except (_OtherError, ValueError):
            continue


class _AttentionSearch:
    """Looks for attention around a softmax."""

    def __init__(self, walk: GraphWalk, outputs: Collection[str]) -> None:
        self.walk = walk
        self.layers = walk.layers.added
        self.outputs = outputs
        self.readers: dict[str, list[str]] = defaultdict(list)
        self.named: set[str] = set()  # by layers that share their weights
        for name, layer in self.layers.items():
            for source in dict.fromkeys(layer.sources):
                self.readers[source].append(name)
            self.named |= {layer.fields[key] for key in ("share", "like") if key in layer.fields}

    def around(self, softmax: str) -> None:
        """Put attention in the place of its layers.  Raises `_OtherError`."""
        if self.layers[softmax].fields:
            raise _OtherError
        scores = self._scores(self.layers[softmax].sources[0])
        weighted = self._reader(softmax)
        products = self._layer(scores.product, "matmul"), self._layer(weighted, "matmul")
        if products[1].sources[0] != softmax:
            raise _OtherError
        query, key = (self._back(source) for source in products[0].sources)
        value = self._back(products[1].sources[1])
        operands = (query, key, value)
        heads = self._heads(products, operands)
        if scores.position and not heads.windows:
            heads = heads._replace(windows=1)
        if not math.isclose(scores.scale * query.scale * key.scale, heads.key**-0.5, rel_tol=1e-4):
            raise _OtherError
        if value.scale != 1 or value.norm:
            raise _OtherError
        moved = self._ahead(weighted, heads, len(query.strides.axes))
        end = moved[-1] if moved else weighted
        out = self._out(end, self.walk.entered[query.dense][-1])
        last = out or end
        members = {softmax, scores.product, weighted, last, *scores.passed, *moved}
        for operand in operands:
            members |= {operand.dense, *operand.passed}
        fields = self._fields(operands, heads, out)
        if scores.causal:
            fields["causal"] = True
        source = self.layers[query.dense].sources[0]
        if heads.windows:
            windows = self._windows(query.dense, last, heads, scores)
            fields |= windows.fields
            members |= windows.passed
            source, last = windows.source, windows.last
        elif scores.mask:
            raise _OtherError
        elif len(self.walk.entered[query.dense]) > 2:
            source = query.dense  # what comes out is a sequence, so what goes in becomes one
        self._must_be_alone(members, last, scores.mask)
        self._note_arrays(operands, heads, out, scores.position, last, members)
        if source == query.dense:
            shape = [heads.length, self.walk.entered[source][-1]]
            self.walk.layers.replace(source, "reshape", {"shape": shape})
        self.walk.layers.merge(members - {source}, last, "attention", fields, source)

    def _is(self, name: str, kind: str) -> bool:
        """Tell whether a layer is of a kind."""
        return name in self.layers and self.layers[name].kind == kind

    def _layer(self, name: str, *kinds: str) -> AddedLayer:
        """Return a layer of one of these kinds.  Raises `_OtherError`."""
        layer = self.layers.get(name)
        if layer is None or layer.kind not in kinds:
            raise _OtherError
        return layer

    def _reader(self, name: str) -> str:
        """Return the one layer that reads another.  Raises `_OtherError`."""
        if len(self.readers[name]) != 1 or name in self.outputs:
            raise _OtherError
        return self.readers[name][0]

    def _scores(self, name: str) -> _Scores:
        """Go back from a softmax through what hides scores, shifts and scales them."""
        passed, position, mask = [], "", ""
        causal = self._is(name, "causal_mask")
        if causal:
            passed.append(name)
            name = self.layers[name].sources[0]
        elif self._is(name, "add") and self.layers[name].fields.keys() == {"right", "note"}:
            mask = name
            passed.append(name)
            name = self.layers[name].sources[0]
        if self._is(name, "relative_position"):
            position = name
            passed.append(name)
            name = self.layers[name].sources[0]
        product, between, scale = self._scaled(name)
        return _Scores(product, [*passed, *between], scale, causal, position, mask)

    def _scaled(self, name: str) -> tuple[str, list[str], float]:
        """Go back through factors; return what they multiply, themselves and their product."""
        passed, scale = [], 1.0
        while (layer := self.layers.get(name)) is not None and layer.kind in _SCALES:
            scale *= _factor(layer)
            passed.append(name)
            name = layer.sources[0]
        return name, passed, scale

    def _back(self, name: str) -> _TracedOperand:
        """Go back from an operand to its dense layer, and ahead again to where its elements are."""
        passed: list[str] = []
        while len(passed) < _FARTHEST:
            layer = self.layers.get(name)
            if layer is None or len(layer.sources) != 1:
                raise _OtherError
            if layer.kind == "dense":
                break
            passed.append(name)
            name = layer.sources[0]
        dense = self._layer(name, "dense")
        entering = self.walk.entered[name]
        if len(entering) < 2 or dense.fields.get("over") != "channels":
            raise _OtherError
        strides = Strides.of((*entering[:-1], dense.fields["units"]))
        scale, norm = 1.0, ""
        for at in reversed(passed):
            layer = self.layers[at]
            if layer.kind in _MOVES:
                strides = _moved(strides, layer)
            elif layer.kind in _SCALES:
                scale *= _factor(layer)
            elif layer.kind in _NORMS and not norm and not layer.fields:
                norm = at
                if scale != 1 or len(strides.axes[-1]) > 1:
                    raise _OtherError
            else:
                raise _OtherError
        return _TracedOperand(name, tuple(passed), strides, scale, norm)

    def _heads(
        self, products: tuple[AddedLayer, AddedLayer], operands: tuple[_TracedOperand, ...]
    ) -> _Heads:
        """Return how heads lie in the dense layers' outputs.  Raises `_OtherError`."""
        for product in products:
            if product.fields.keys() - {"transpose"} or "share" in product.fields:
                raise _OtherError
        query, key, value = (operand.strides for operand in operands)
        key = key if products[0].fields.get("transpose") == "second" else _turned(key)
        value = _turned(value) if products[1].fields.get("transpose") == "second" else value
        rank = len(query.axes)
        if not 2 <= rank <= 4 or {len(key.axes), len(value.axes)} != {rank}:
            raise _OtherError
        sizes = [[1] * (4 - rank) + _extents(strides) for strides in (query, key, value)]
        stack, count, length, depth = sizes[0]
        shared = key.axes[-3] if rank > 2 else ()
        groups = count // shared[-1][0] if shared and shared[-1][1] == 0 else count
        heads = _Heads(stack if rank > 3 else 0, count, groups, length, depth, sizes[2][-1])
        spans = [count * heads.key, groups * heads.key, groups * heads.value]
        fused = len({operand.dense for operand in operands}) == 1
        start = 0
        for operand, strides, number, span in zip(
            operands, (query, key, value), (count, groups, groups), spans, strict=True
        ):
            width = sum(spans) if fused else span
            if self.layers[operand.dense].fields["units"] != width:
                raise _OtherError
            apart = Strides.of((stack, length, width)).slice(2, start, start + span)
            apart = apart.reshape((stack, length, number, span // number)).permute((0, 2, 1, 3))
            apart = apart if number == count else apart.repeat(1, count // number)
            if strides.axes != apart.axes[4 - rank :] or strides.offset != apart.offset:
                raise _OtherError
            start += span if fused else 0
        if len({operand.dense for operand in operands}) == 2:
            raise _OtherError
        return heads

    def _ahead(self, weighted: str, heads: _Heads, rank: int) -> list[str]:
        """Go on until heads are together; return what moves them.  Raises `_OtherError`."""
        extents = (heads.windows or 1, heads.number, heads.length, heads.value)
        strides = Strides.of(extents[4 - rank :])
        whole = (heads.windows or 1, heads.length, heads.number * heads.value)
        together = Strides.of(extents).permute((0, 2, 1, 3)).reshape(whole)
        together = together if rank > 3 else together._replace(axes=together.axes[1:])
        passed: list[str] = []
        while strides != together:
            following = self._reader(passed[-1] if passed else weighted)
            strides = _moved(strides, self._layer(following, *_MOVES))
            passed.append(following)
        return passed

    def _windows(self, dense: str, last: str, heads: _Heads, scores: _Scores) -> _Windows:
        """Find the map that windows are cut of, and where they are a map again.

        Raises `_OtherError`.
        """
        strides, ahead = Strides.of(self.walk.entered[dense]), list[str]()
        while (cut := cut_into(strides, heads.length)) is None:
            last = self._reader(last)
            strides = _moved(strides, self._layer(last, *_MOVES))
            ahead.append(last)
        source, behind = self.layers[dense].sources[0], list[str]()
        while not self._is_cut(cut, behind):
            behind.insert(0, source)
            source = self._layer(source, *_MOVES).sources[0]
        fields: dict[str, Any] = {"window": cut.side, **({"grid": True} if cut.grid else {})}
        if scores.position:
            if self.layers[scores.position].fields != {"size": cut.side}:
                raise _OtherError
            fields["relative_position"] = True
        if scores.mask:
            last, after = self._reader(last), last
            fields["shift"] = self._shift(source, last, cut)
            fields["note"] = f"{self.layers[scores.mask].fields['note']}, taken for its mask"
            ahead += [after, last]
            behind.append(source)
            source = self.layers[source].sources[0]
        return _Windows(source, {*behind, *ahead}, last, fields)

    def _is_cut(self, cut: WindowCut, passed: Sequence[str]) -> bool:
        """Tell whether moves cut a map."""
        strides = Strides.of(cut.extents)
        try:
            for name in passed:
                strides = _moved(strides, self.layers[name])
        except ValueError:
            return False
        axes = cut.apart().axes  # the first is missing where there is one window
        return strides.axes == axes or (cut.counts == (1, 1) and strides.axes == axes[1:])

    def _shift(self, before: str, after: str, cut: WindowCut) -> Any:  # noqa: ANN401
        """Return how far a map is moved back and then forth.  Raises `_OtherError`."""
        back, forth = (self._layer(name, "roll").fields["shift"] for name in (before, after))
        far, again = (shift if isinstance(shift, list) else [shift] * 2 for shift in (back, forth))
        if far != [-n for n in again] or cut.grid or 1 in cut.counts:
            raise _OtherError
        if not all(0 < n < cut.side for n in again):
            raise _OtherError
        return forth

    def _out(self, last: str, channels: int) -> str:
        """Return the dense layer that follows, if it gives as many channels as came in; else ""."""
        readers = self.readers[last]
        if len(readers) != 1 or last in self.outputs:
            return ""
        layer = self.layers[readers[0]]
        fits = layer.kind == "dense" and layer.fields["units"] == channels
        return readers[0] if fits and layer.fields.get("over") == "channels" else ""

    def _fields(
        self, operands: Sequence[_TracedOperand], heads: _Heads, out: str
    ) -> dict[str, Any]:
        """Return the fields of our attention.  Raises `_OtherError`."""
        channels = self.walk.entered[operands[0].dense][-1]
        biases = {self.layers[o.dense].fields.get("bias", True) for o in operands}
        norms = [self.layers[o.norm].kind if o.norm else "" for o in operands[:2]]
        if len({self.layers[o.dense].sources for o in operands}) > 1 or len(biases) > 1:
            raise _OtherError
        if norms[0] != norms[1] or any(isinstance(n, OpenSize) for n in (*heads[:3], *heads[4:])):
            raise _OtherError
        (bias,) = biases
        bias = _BIASES[bias, self.layers[out].fields.get("bias", True) if out else bias]
        return {
            "heads": heads.number,
            **({"key": heads.key} if heads.number * heads.key != channels else {}),
            **({"value": heads.value} if heads.value != heads.key else {}),
            **({"groups": heads.groups} if heads.groups != heads.number else {}),
            **({} if bias is None else {"bias": bias}),
            **({"qk_norm": norms[0]} if norms[0] else {}),
            **({} if out else {"out": False}),
        }

    def _must_be_alone(self, members: set[str], last: str, noted: str) -> None:
        """Raise `_OtherError` where a layer within is read from without, or more than it is.

        One may have been `noted` something of.
        """
        for name in members:
            inner = name == last or (
                name not in self.outputs and members.issuperset(self.readers[name])
            )
            more = _MORE & self.layers[name].fields.keys() if name != noted else ()
            if not inner or name in self.named or more:
                raise _OtherError

    def _note_arrays(
        self,
        operands: Sequence[_TracedOperand],
        heads: _Heads,
        out: str,
        position: str,
        last: str,
        members: set[str],
    ) -> None:
        """Note what the layers of attention take of the file, and which gives the outputs."""
        taken = self.walk.taken
        parts = [taken[name] for name in dict.fromkeys(o.dense for o in operands)]
        if operands[0].norm:
            own = (heads.number, heads.groups, heads.groups)
            depths = (heads.key, heads.key, heads.value)
            widths = [number * depth for number, depth in zip(own, depths, strict=True)]
            for word, operand, part in zip(_OPERANDS, operands, _apart(parts, widths), strict=True):
                taken[f"{last}/{word}"] = part
                if operand.norm:
                    taken[f"{last}/{word}_norm"] = taken[operand.norm]
        else:
            taken[f"{last}/qkv"] = _together(parts)
        for word, name in (("out", out), ("position", position)):
            if name:
                taken[f"{last}/{word}"] = taken[name]
        for name in members:
            taken.pop(name, None)
        end = "merge" if heads.windows else "out" if out else "weighted"
        for name in self.walk.file.outputs:
            value = self.walk.values.get(name)
            if value is not None and value.source == last:
                self.walk.values[name] = value._replace(source=f"{last}/{end}")


def _factor(layer: AddedLayer) -> float:
    """Return what a layer multiplies by.  Raises `_OtherError` where that is no number."""
    number = layer.fields.get("right")
    if len(layer.sources) != 1 or not isinstance(number, int | float) or not number:
        raise _OtherError
    return number if layer.kind == "multiply" else 1 / number


def _moved(strides: Strides, layer: AddedLayer) -> Strides:
    """Return where elements are behind a layer of moves.  Raises `_OtherError`, `ValueError`."""
    if layer.kind == "permute":
        return strides.permute(layer.fields["order"])
    if layer.kind == "upsample":
        return _repeated(strides, layer)
    if layer.kind != "slice":
        return strides.reshape(layer.fields.get("shape") or [math.prod(_extents(strides))])
    for axis, name in enumerate(AXES[len(strides.axes)]):
        if name in layer.fields:
            start, stop, *step = layer.fields[name]
            if step:
                raise _OtherError
            strides = strides.slice(axis, start, stop)
    return strides


def _repeated(strides: Strides, layer: AddedLayer) -> Strides:
    """Return where elements are that heads of keys share.  Raises `_OtherError`."""
    times = layer.fields.get("factor")
    if not isinstance(times, list) or layer.fields.keys() != {"factor"}:
        raise _OtherError
    for axis, n in enumerate(times):
        strides = strides.repeat(axis, n) if n > 1 else strides
    return strides


def _extents(strides: Strides) -> list[int]:
    return [math.prod(count for count, _ in axis) for axis in strides.axes]


def _turned(strides: Strides) -> Strides:
    """Return it with its last two axes in each other's place.  Raises `_OtherError`."""
    if len(strides.axes) < 2:
        raise _OtherError
    last = len(strides.axes) - 1
    return strides.permute([*range(last - 1), last, last - 1])


def _together(parts: Sequence[Taken]) -> Taken:
    """Return what one dense layer takes that is several, one behind the other."""
    if len(parts) == 1:
        return parts[0]
    arrays = []
    for several in zip(*(part.arrays for part in parts), strict=True):
        own = [array for array in several if array is not None]
        if len(own) < len(several):
            raise _OtherError
        rows = sum(array.dims[0] for array in own)
        arrays.append(_made("Concat", own, (rows, *own[0].dims[1:]), axis=0))
    return Taken("dense", parts[0].node, tuple(arrays))


def _apart(parts: Sequence[Taken], widths: Sequence[int]) -> list[Taken]:
    """Return what dense layers take that are one: so many rows each, of all of its arrays."""
    if len(parts) > 1:
        return list(parts)
    taken, start = [], 0
    for width in widths:
        arrays = [
            array and _made("Slice", [array], (width, *array.dims[1:]), starts=[start],
                            ends=[start + width], axes=[0])
            for array in parts[0].arrays
        ]  # fmt: skip
        taken.append(Taken("dense", parts[0].node, tuple(arrays)))
        start += width
    return taken


def _made(op: str, arrays: Sequence[Tensor], dims: tuple[int, ...], **attributes: Any) -> Tensor:  # noqa: ANN401
    """Return what an operation makes of arrays."""
    made = arrays[0].moved(op, dims, **attributes)
    assert made.made is not None
    made.made = made.made[0], tuple(arrays)
    return made
