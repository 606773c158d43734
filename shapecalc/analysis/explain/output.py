"""Where a layer's output volume comes from: formulas, and words of what it does to a shape."""

from __future__ import annotations

from functools import partial, singledispatch
from typing import TYPE_CHECKING, Any

from shapecalc.algebra import ceil_div, is_number, known
from shapecalc.algebra.traced import Formula, formula, is_zero, value_text
from shapecalc.analysis.explain import windows
from shapecalc.analysis.explain.model import (
    OF_COUNTS,
    OF_SIZES,
    Block,
    Derivation,
    Section,
    Subject,
    counted,
    derivations,
)
from shapecalc.analysis.explain.picture import Frame, Scene, chosen, draw
from shapecalc.analysis.explain.trace import in_letters, output_of
from shapecalc.graph import Input
from shapecalc.layers.activation import Pointwise
from shapecalc.layers.attention import CausalMask, RelativePosition, WindowMask
from shapecalc.layers.axes import in_words
from shapecalc.layers.base import Layer, count_text
from shapecalc.layers.conv import Windowed
from shapecalc.layers.dense import FullyConnected
from shapecalc.layers.depthwise import Depthwise
from shapecalc.layers.embedding import Embedding
from shapecalc.layers.gated import Gated, Maxout
from shapecalc.layers.globalpool import AdaptivePool, GlobalPool
from shapecalc.layers.lrn import Lrn
from shapecalc.layers.merge import Add, Concat, Stretching
from shapecalc.layers.norm import Norm
from shapecalc.layers.partition import Roll, WindowMerge, WindowPartition
from shapecalc.layers.pool import Pool
from shapecalc.layers.product import Matmul
from shapecalc.layers.recurrent import Recurrent
from shapecalc.layers.reduce import L2Norm, Reduction
from shapecalc.layers.reshape import (
    ChannelShuffle,
    Crop,
    Flatten,
    PadLayer,
    Permute,
    Reshape,
    Upsample,
)
from shapecalc.layers.rmsnorm import RmsNorm
from shapecalc.layers.shape import SIDE_NAMES, Vector, as_list, as_text
from shapecalc.layers.slicing import PadChannels, PixelShuffle, PixelUnshuffle, Slice
from shapecalc.layers.trained import PositionEmbedding, SharedNumbers, Token, TrainedArray
from shapecalc.layers.transposed import Transposed
from shapecalc.output.document import Grid, Prose
from shapecalc.output.table import Picture
from shapecalc.text.words import article, capital, listed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shapecalc.output.markup import Element


def formulas(subject: Subject, *, brief: bool = False) -> tuple[Formula, ...]:
    """Return the output's extents as formulas, sides first and channels last."""
    layer, inputs = subject.layer, subject.inputs
    if isinstance(layer, Input):
        return tuple(map(formula, as_list(subject.output)))
    return output_of(layer, inputs, brief=brief)


def explain(subject: Subject) -> Section:
    """Explain the output."""
    extents = formulas(subject)
    kept, derived = _split(subject, extents)
    blocks: list[Block] = [*question(subject.layer, subject), *derived]
    if kept and derived and not isinstance(subject.layer, Pool):
        many = len(kept) > 1 or kept[0].endswith("s")
        stay = "stay as they are" if many else "stays as it is"
        blocks.append(Prose(f"{capital(listed(kept))} {stay}."))
    blocks += says(subject.layer, subject)
    return Section(
        "output",
        "output",
        as_text(subject.output, subject.view.layout),
        tuple(blocks),
        tuple(extent.value for extent in extents),
        _facts(subject),
    )


def _split(subject: Subject, extents: tuple[Formula, ...]) -> tuple[list[str], list[Derivation]]:
    """Tell the extents that stay as they are from those that a rule makes; equal sides are one."""
    names = axes(subject.output)
    times = OF_SIZES if in_letters(subject.layer) else OF_COUNTS
    kept: list[str] = []
    alike: dict[Formula, list[str]] = {}
    for name, extent in zip(names, extents, strict=True):
        if extent.kind == "number" and extent.name in (name, "inputs"):
            kept.append(name)
        elif not isinstance(subject.layer, (Input, Reshape)):
            alike.setdefault(extent, []).append(name)
    return kept, derivations(alike, times)


def _facts(subject: Subject) -> dict[str, Any]:
    layer = subject.layer
    if not isinstance(layer, Windowed) or isinstance(layer, Transposed) or not numbers(subject):
        return {}
    shape = subject.inputs[0]
    names = SIDE_NAMES[len(shape.sides)]
    fits = map(windows.fit, shape.sides, layer.moves(shape))
    return {name: windows.facts_of(fitted) for name, fitted in zip(names, fits, strict=True)}


def axes(shape: object) -> tuple[str, ...]:
    """Name the extents of a shape."""
    if isinstance(shape, Vector):
        return ("units",)
    return (*SIDE_NAMES[len(shape.sides)], "channels")  # type: ignore[attr-defined]


def numbers(subject: Subject) -> bool:
    """Tell whether all sides, and windows over them, are numbers, so that pixels can be counted."""
    layer, shapes = subject.layer, (*subject.inputs, subject.output)
    if isinstance(layer, Windowed):
        return all(map(windows.countable, shapes[0].sides, layer.moves(shapes[0])))
    return all(is_number(n) for shape in shapes for n in shape.sides)


def question(layer: Layer, subject: Subject) -> Iterator[Prose]:
    """Ask the question that the rule of a window answers."""
    if not isinstance(layer, Windowed) or isinstance(layer, Transposed):
        return
    _, n, window = next(sides_of(layer, subject))
    k, s = window.extent, window.stride
    if window.mode == "same":
        every = f"one output every {s} {subject.pixel}s" if s != 1 else "as many outputs as inputs"
        yield Prose(f"`same` asks for {every}, whatever the kernel: n/s, rounded up.")
        return
    if layer.pad.mode == "causal":
        yield Prose(
            f"`causal` puts {window.before} zeros before and none after: no output sees what comes"
            f" after its own {subject.pixel}."
        )
    steps = f"{s} {subject.pixel}s at a time" if s != 1 else f"one {subject.pixel} at a time"
    padded = "" if is_zero(window.before + window.after) else " and their padding"
    fit = "the steps that fit" if window.rounding == "floor" else "the steps, one that is begun too"
    wide = f"{capital(article(str(k)))}-wide window" if str(k).isalnum() else f"A window of {k}"
    yield Prose(
        f"{wide} moves over {n} {subject.pixel}s{padded}, {steps}: count"
        f" {fit}, and 1 for where it starts."
    )


@singledispatch
def says(layer: Layer, subject: Subject) -> Iterator[Block]:
    """Say in words what a layer does to a shape."""
    yield Prose(f"The rule: {layer.rule}.")


@says.register(Input)
def _(layer: Input, subject: Subject) -> Iterator[Block]:
    yield Prose("The input is given: by the spec, or by --input.")


@says.register(Windowed)
def _(layer: Windowed, subject: Subject) -> Iterator[Block]:
    if isinstance(layer, Depthwise):
        yield Prose("Every channel draws its own maps, as many as the multiplier says.")
    elif isinstance(layer, Pool):
        yield Prose("A pool works on every channel by itself, so the channels stay as they are.")
    else:
        yield Prose("Every filter draws one map, so the filters are the output's channels.")
    if not numbers(subject):
        return
    sides_by_text: dict[str, list[str]] = {}
    pictures: dict[str, tuple[str, ...]] = {}
    for names, n, window in sides_of(layer, subject):
        fitted = windows.fit(n, window)
        text = "  ".join(windows.sentences(fitted, subject.pixel))
        sides_by_text.setdefault(text, []).extend(names)
        pictures.setdefault(text, windows.drawn(fitted, subject.pixel))
    for text, names in sides_by_text.items():
        yield Prose(text if len(sides_by_text) == 1 else f"{capital(listed(names))}: {text}")
        if pictures[text]:
            yield Picture(pictures[text], partial(_windows, subject, names[0]))


def _windows(subject: Subject, side: str) -> Element:
    """Draw the windows along a side, for a page."""
    from shapecalc.analysis.explain.windows_drawn import windows_drawn  # few formats draw
    from shapecalc.draw.svg import svg_element

    return svg_element(windows_drawn(subject, side), prefix=f"windows-{side}-")


def sides_of(layer: Windowed, subject: Subject) -> Iterator[tuple[list[str], Any, Any]]:
    """Yield every side with its window; sides that are alike together, under their names."""
    shape = subject.inputs[0]
    alike: dict[tuple[Any, Any], list[str]] = {}
    moves = layer.moves(shape)
    for name, n, window in zip(SIDE_NAMES[len(shape.sides)], shape.sides, moves, strict=True):
        alike.setdefault((n, window), []).append(name)
    for (n, window), names in alike.items():
        yield names, n, window


@says.register(Transposed)
def _(layer: Transposed, subject: Subject) -> Iterator[Block]:
    yield Prose(
        f"The other way round: every input {subject.pixel} spreads a kernel over the output, the"
        " next one a stride further.  Where kernels overlap they add up."
    )
    uneven = dict.fromkeys(
        (move.kernel, move.stride)
        for move in layer.moves(subject.inputs[0])
        if move.dilation == 1 and is_number(move.stride)
        if is_number(move.kernel) and move.kernel % move.stride
    )
    for k, s in uneven:
        yield Prose(
            f"The kernel {k} is no multiple of the stride {s}: some outputs get more kernels than"
            " others, which shows as a checkerboard."
        )
    if not numbers(subject):
        return
    sizes = dict(zip(SIDE_NAMES[len(subject.output.sides)], subject.output.sides, strict=True))
    for names, n, window in sides_of(layer, subject):
        yield Picture(_spread(n, window, known(sizes[names[0]]), subject.pixel))


def _spread(n: int, window: Any, size: int, pixel: str) -> tuple[str, ...]:  # noqa: ANN401
    """Draw an output row with the kernels that the input spreads over it."""
    cut = window.before
    if window.mode == "same":
        cut = max(window.extent - window.stride, 0) // 2
    frames = tuple(
        Frame(f"from {pixel} {i + 1}", i * window.stride - cut, window.kernel, window.dilation)
        for i in chosen(n, size)
    )
    rest = max(0, (n - 1) * window.stride + window.extent - cut - size)
    return draw(Scene("output", size, cut, rest, frames, sign="cut away"))


@says.register(FullyConnected)
def _(layer: FullyConnected, subject: Subject) -> Iterator[Block]:
    shape = subject.inputs[0]
    if getattr(layer, "over", "all") == "channels" and shape.sides:
        yield Prose("Every position by itself gives as many channels as there are units.")
        return
    yield Prose(
        "As many outputs as units, whatever flows in."
        + (
            f"  The volume is read as one row: {OF_COUNTS.join(map(str, as_list(shape)))}"
            f" = {value_text(shape.size)} inputs."
            if shape.sides
            else ""
        )
    )


@says.register(GlobalPool)
def _(layer: GlobalPool, subject: Subject) -> Iterator[Block]:
    sides = subject.inputs[0].sides
    yield Prose(
        f"Every channel's {count_text(sides)} elements become one: their {layer.statistic}."
        "  Whatever size flows in, the sides end at 1."
    )


@says.register(Reduction)
def _(layer: Reduction, subject: Subject) -> Iterator[Block]:
    stay = "stay, with an extent of 1" if layer.keep else "go"
    yield Prose(
        f"All elements along {in_words(layer.over, subject.inputs[0])} become one, their"
        f" {layer.statistic}; these axes {stay}."
    )


@says.register(AdaptivePool)
def _(layer: AdaptivePool, subject: Subject) -> Iterator[Block]:
    yield Prose(
        "The output's size is given; the windows follow.  Of n inputs and o outputs, window i"
        " reaches from floor(i*n/o) up to, but not including, ceil((i + 1)*n/o), i from 0 on;"
        " where o does not divide n they overlap."
    )
    if not numbers(subject):
        return
    inward, outward = (map(known, shape.sides) for shape in (subject.inputs[0], subject.output))
    for n, o in dict.fromkeys(zip(inward, outward, strict=True)):
        ends = [(i, i * n // o, known(ceil_div((i + 1) * n, o))) for i in chosen(o, n)]
        frames = tuple(Frame(f"window {i + 1}", start, end - start) for i, start, end in ends)
        yield Picture(draw(Scene(subject.pixel, n, 0, 0, frames)))


@says.register(Concat)
def _(layer: Concat, subject: Subject) -> Iterator[Block]:
    yield Prose(
        "The branches are laid one behind the other, so their channels add up; their sides must"
        " agree."
        if subject.output.sides
        else "The rows are laid one behind the other, so their units add up."
    )
    yield _branches(subject, "c")


@says.register(Add)
def _(layer: Add, subject: Subject) -> Iterator[Block]:
    yield Prose(
        f"The {len(subject.inputs)} operands are added element by element, so they must be alike"
        " in every extent, and the sum is like them."
        if len(subject.inputs) > 1
        else "The sum is like its operand in every extent."
    )
    yield _branches(subject)


@says.register(Stretching)
def _(layer: Stretching, subject: Subject) -> Iterator[Block]:
    verb = _DONE[layer.type]
    yield Prose(
        f"{verb} element by element: extents must agree, and one that is 1 stretches to that of"
        " the others, like a gate that holds for a whole channel or place."
    )
    yield _branches(subject)


#: What is done to the operands of a join that stretches them.
_DONE = {
    "multiply": "Multiplied",
    "subtract": "Subtracted",
    "divide": "Divided",
    "maximum": "The largest is kept",
    "minimum": "The smallest is kept",
}


def _branches(subject: Subject, letter: str = "") -> Grid:
    """List what flows into a join, under the letters of its rule if it has any."""
    rows = tuple(
        (
            f"{letter}{number}" if letter else "",
            source,
            as_text(shape, subject.view.layout),
            str(shape.channels),
        )
        for number, (source, shape) in enumerate(
            zip(subject.row.sources, subject.inputs, strict=True), 1
        )
    )
    header = ("", "from", "volume", "channels" if subject.output.sides else "units")
    start = 0 if letter else 1
    right = (False, False, False, True)
    return Grid(header[start:], tuple(row[start:] for row in rows), right[start:])


@says.register(SharedNumbers)
@says.register(PositionEmbedding)
def _(layer: Layer, subject: Subject) -> Iterator[Block]:
    yield Prose(f"Every element meets a trained number, {layer.rule}, so the shape stays.")


@says.register(Token)
def _(layer: Token, subject: Subject) -> Iterator[Block]:
    yield Prose("Trained rows go in front of the sequence, so its length grows by their count.")


@says.register(Embedding)
def _(layer: Embedding, subject: Subject) -> Iterator[Block]:
    yield Prose(
        "Every index is a place of the output, whose channels are the row of the table that it"
        f" names, one of {value_text(layer.entries)}."
    )


@says.register(TrainedArray)
def _(layer: TrainedArray, subject: Subject) -> Iterator[Block]:
    yield Prose("Nothing flows in: the layer is an array of the shape that is written.")


@says.register(Pointwise)
@says.register(Norm)
@says.register(RmsNorm)
@says.register(Lrn)
@says.register(L2Norm)
def _(layer: Layer, subject: Subject) -> Iterator[Block]:
    done = "normalised" if isinstance(layer, (Norm, RmsNorm, Lrn, L2Norm)) else "mapped by itself"
    if layer.view:
        done = "passed on"
    rule = layer.rule if layer.rule != Layer.rule else ""
    yield Prose(f"Every element is {done}{f', {rule}' if rule else ''}, so the shape stays.")


@says.register(Gated)
def _(layer: Gated, subject: Subject) -> Iterator[Block]:
    yield Prose(
        f"The second half of the channels weighs the first, {layer.rule}: one half is left."
    )


@says.register(Recurrent)
def _(layer: Recurrent, subject: Subject) -> Iterator[Block]:
    kept = "that of the last step is kept" if layer.returns == "last" else "all of them are kept"
    yield Prose(f"Every step of the sequence gives an output for every unit, and {kept}.")
    if layer.bidirectional:
        yield Prose("Both directions have units of their own, which are laid side by side.")


@says.register(Maxout)
def _(layer: Maxout, subject: Subject) -> Iterator[Block]:
    yield Prose(f"Of every {layer.pieces} neighbouring channels the largest stays, place by place.")


@says.register(Flatten)
def _(layer: Flatten, subject: Subject) -> Iterator[Block]:
    yield Prose("All elements are written in one row; none is added, none is lost.")


@says.register(Reshape)
def _(layer: Reshape, subject: Subject) -> Iterator[Block]:
    before, after = (
        f"{OF_COUNTS.join(map(str, as_list(shape)))} = {shape.size}"
        for shape in (subject.inputs[0], subject.output)
    )
    yield Prose(f"The same elements in the same order under another shape: {before}, and {after}.")


@says.register(Permute)
def _(layer: Permute, subject: Subject) -> Iterator[Block]:
    before = axes(subject.inputs[0])
    pairs = zip(axes(subject.output), layer.order, strict=True)
    turned = [f"{name} is what was {before[axis]}" for name, axis in pairs]
    yield Prose(f"The axes change places: {listed(turned)}.")


@says.register(PadLayer)
def _(layer: PadLayer, subject: Subject) -> Iterator[Block]:
    yield Prose("Zeros are added around every channel.")


@says.register(Crop)
def _(layer: Crop, subject: Subject) -> Iterator[Block]:
    if layer.offset is not None:
        yield Prose("What comes before the offset is cut off, and what is left behind the size.")
    elif layer.size is not None:
        yield Prose(
            "As much is cut around the centre; where it does not halve, one row more"
            " goes at the end."
        )
    else:
        yield Prose("Rows are taken away at the ends of every side.")


@says.register(Upsample)
def _(layer: Upsample, subject: Subject) -> Iterator[Block]:
    how = "repeated" if layer.mode == "nearest" else "blended with its nearest neighbours"
    if not layer.resizes:
        factors = "x".join(map(str, layer.factors(subject.inputs[0])))
        yield Prose(f"Every element becomes {factors} of them, {how}.")
        return
    if layer.size is not None:
        yield Prose("The output's size is given; the places follow.")
    else:
        yield Prose("The sides grow by the factor; what is less than a whole element is left out.")
    if layer.mode == "nearest":
        place = "floor(i*n/m)" if layer.size is not None else "floor(i/factor)"
        yield Prose(f"Of n elements, output i of m is a copy of that at {place}, from 0 on.")
    elif layer.align == "corners":
        yield Prose(
            "Of n elements, output i of m lies at i*(n - 1)/(m - 1), so that the corners of both"
            " maps meet, and blends the two around it."
        )
    else:
        place = "(i + 1/2)*n/m - 1/2" if layer.size is not None else "(i + 1/2)/factor - 1/2"
        yield Prose(f"Of n elements, output i of m lies at {place} and blends the two around it.")


@says.register(ChannelShuffle)
def _(layer: ChannelShuffle, subject: Subject) -> Iterator[Block]:
    yield Prose("Only the order of the channels changes, so the shape stays.")


@says.register(Slice)
def _(layer: Slice, subject: Subject) -> Iterator[Block]:
    parts = [(name, n, part) for name, n, part in layer.parts(subject.inputs[0]) if part]
    for name, n, part in parts:
        first, after = part.ends(n)
        every = "" if part.step == 1 else f", one in {part.step}"
        yield Prose(
            f"Of the {name} those from {first} up to, but not including, {after} are taken{every};"
            " the first is number 0."
        )


@says.register(PadChannels)
def _(layer: PadChannels, subject: Subject) -> Iterator[Block]:
    before, after = layer.channels
    yield Prose(
        f"{capital(str(before))} channels of zeros stand before the input's, {after} after."
    )


@says.register(PixelShuffle)
def _(layer: PixelShuffle, subject: Subject) -> Iterator[Block]:
    block = count_text(layer.factors(subject.inputs[0]))
    yield Prose(f"The channels of every place are dealt out to a block of {block} places.")


@says.register(PixelUnshuffle)
def _(layer: PixelUnshuffle, subject: Subject) -> Iterator[Block]:
    block = count_text(layer.factors(subject.inputs[0]))
    yield Prose(f"The places of every block of {block} are laid one behind the other as channels.")


@says.register(Matmul)
def _(layer: Matmul, subject: Subject) -> Iterator[Block]:
    (stack, rows, inner), second = layer.factors(*subject.inputs)
    columns = second.columns
    matrices = "" if not stack else f"{OF_COUNTS.join(map(str, stack))} times "
    yield Prose(
        f"A matrix product: {matrices}{rows} x {inner} by {inner} x {columns}, which gives"
        f" {rows} x {columns}."
        + ("  The heads are put side by side in the channels again." if layer.merges else "")
    )


@says.register(CausalMask)
@says.register(WindowMask)
def _(layer: CausalMask | WindowMask, subject: Subject) -> Iterator[Block]:
    what = "comes after it" if isinstance(layer, CausalMask) else "was no neighbour on the map"
    yield Prose(
        f"For every query, what {what} is set to -infinity, so that softmax gives it nothing; the"
        " shape stays."
    )


@says.register(RelativePosition)
def _(layer: RelativePosition, subject: Subject) -> Iterator[Block]:
    yield Prose("Every score gets a number by the distance of its key, so the shape stays.")


@says.register(Roll)
def _(layer: Roll, subject: Subject) -> Iterator[Block]:
    yield Prose("What leaves at one end comes in at the other, so the shape stays.")


@says.register(WindowPartition)
@says.register(WindowMerge)
def _(layer: WindowPartition | WindowMerge, subject: Subject) -> Iterator[Block]:
    whole = subject.inputs[-1]
    windows, positions = layer.cut(whole)
    yield Prose(
        f"{as_text(whole, subject.view.layout)} is {counted(windows, 'window')} of"
        f" {counted(positions, 'position')}; zeros fill the last ones."
    )
