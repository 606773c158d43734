"""Where a layer's parameters come from."""

from __future__ import annotations

from functools import singledispatch
from typing import TYPE_CHECKING, Any

from shapecalc.algebra import Dim, product
from shapecalc.algebra.traced import Formula, formula, total, value_text
from shapecalc.analysis.explain.model import OF_COUNTS, Block, Derivation, Section, Subject, counted
from shapecalc.analysis.explain.trace import Array, arrays_of
from shapecalc.graph import Input
from shapecalc.layers.activation import Pointwise, Prelu
from shapecalc.layers.conv import Conv
from shapecalc.layers.dense import Dense, Rbf
from shapecalc.layers.depthwise import Depthwise, Separable
from shapecalc.layers.globalpool import AdaptivePool, GlobalPool
from shapecalc.layers.merge import Join
from shapecalc.layers.norm import BatchNorm, Norm
from shapecalc.layers.pool import Pool, Subsampling
from shapecalc.layers.reshape import Upsample
from shapecalc.layers.transposed import Transposed
from shapecalc.output.document import Grid, Prose
from shapecalc.text.words import capital

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shapecalc.layers.base import Layer


#: What is said of parameters that are there to be trained, but are not.
FROZEN = "Here they are frozen (trainable: false): training leaves them as they are."


def arrays(subject: Subject) -> tuple[Array, ...]:
    """Return the layer's arrays, trained ones and buffers."""
    if isinstance(subject.layer, Input):
        return ()
    return arrays_of(subject.layer, subject.inputs, subject.output)


def trained(subject: Subject) -> Formula:
    """Add up what is trained, here or where its weights are shared from."""
    return total(array.size for array in arrays(subject) if array.role != "buffer")


def formulas(subject: Subject, *, brief: bool = False) -> tuple[Formula, ...]:
    """Return the trained parameters; none where another layer's are used."""
    if subject.row.shared is not None:
        return (formula(0),)
    return (trained(subject),)


def explain(subject: Subject) -> Section:
    """Explain the parameters."""
    (made,) = formulas(subject)
    owned = arrays(subject)
    blocks: list[Block] = []
    shared = subject.row.shared if owned else None
    if shared is not None:
        blocks.append(Derivation(f"params of {shared}", trained(subject)))
        blocks.append(
            Prose(
                f"{subject.row.name} uses the weights of {shared}.  They are"
                f" {'frozen' if subject.rows[shared].frozen != 0 else 'trained'} together and"
                " counted there, once: here they add 0."
            )
        )
    elif made.kind != "number" or made.name:
        blocks.append(Derivation("params", made))
    blocks += says(subject.layer, subject)
    if subject.row.frozen != 0:
        blocks.append(Prose(FROZEN))
    if len(owned) > 2:
        blocks.append(_listing(owned))
    return Section(
        "params",
        "params",
        value_text(made.value),
        tuple(blocks),
        (made.value,),
        {
            "arrays": [
                {"name": array.name, "role": array.role, "size": array.size.value}
                for array in owned
            ]
        },
    )


def _listing(owned: tuple[Array, ...]) -> Grid:
    """List the arrays, trained ones and buffers."""
    words = {"weight": "trained", "bias": "trained", "buffer": "stored, not trained"}
    rows = tuple(
        (
            array.name,
            array.size.substituted(OF_COUNTS),
            value_text(array.size.value),
            words[array.role],
        )
        for array in owned
    )
    return Grid(("array", "extents", "elements", ""), rows, (False, False, True, False))


@singledispatch
def says(layer: Layer, subject: Subject) -> Iterator[Block]:
    """Say in words what is learned, or why nothing is."""
    learns = layer.learns
    nothing = learns.startswith("nothing: ")
    yield Prose(f"Nothing to learn: {_reason(layer)}." if nothing else f"Trained: {learns}.")


@says.register(Input)
def _(layer: Input, subject: Subject) -> Iterator[Block]:
    yield Prose("The input is given, not learned.")


def _bias_words(layer: Any, owner: str) -> str:  # noqa: ANN401
    if layer.bias == "per_position":
        return f", and one bias for every output position of every {owner} (untied)"
    return ", and one bias" if layer.bias else "; there are no biases"


def _each_of(number: Dim, noun: str) -> str:
    """Begin a sentence on every one of several, or on the only one."""
    return f"Each of the {counted(number, noun)}" if number != 1 else f"The one {noun}"


@says.register(Conv)
def _(layer: Conv, subject: Subject) -> Iterator[Block]:
    channels = subject.inputs[0].channels
    if layer.connections is not None:
        pairs, possible = sum(map(len, layer.connections)), layer.filters * channels
        yield Prose(
            f"The table of connections joins {pairs} pairs of an input map and a filter, of"
            f" {layer.filters} x {channels} = {possible}.  Each pair has a kernel of its own"
            f"{_bias_words(layer, 'filter')}{' for each filter' if layer.bias is True else ''}."
        )
        return
    _filters, *extents = arrays(subject)[0].extents
    sees = (
        f"only the {extents[0].value} channels of its own of {layer.groups} groups"
        if layer.groups > 1
        else f"all {counted(channels, 'input channel')}"
        if channels != 1
        else "the one input channel"
    )
    own = counted(product(extent.value for extent in extents), "weight")
    yield Prose(
        f"{_each_of(layer.filters, 'filter')} sees {sees}: it has {own}"
        f"{_bias_words(layer, 'filter')}.  The same weights serve at every position,"
        + (
            " but the biases make the size of the input matter."
            if layer.bias == "per_position"
            else " so the size of the input does not matter."
        )
    )


@says.register(Transposed)
def _(layer: Transposed, subject: Subject) -> Iterator[Block]:
    yield Prose(
        "Every input channel has a kernel for every filter"
        f"{' of its group' if layer.groups > 1 else ''}{_bias_words(layer, 'filter')}"
        f"{' for each filter' if layer.bias is True else ''}.  The same weights serve at every"
        " position."
    )


@says.register(Depthwise)
def _(layer: Depthwise, subject: Subject) -> Iterator[Block]:
    kernels = "one kernel" if layer.multiplier == 1 else f"{layer.multiplier} kernels"
    yield Prose(
        f"Every channel has {kernels} of its own and sees no other channel"
        f"{_bias_words(layer, 'channel')}{' for each kernel' if layer.bias is True else ''}."
    )


@says.register(Separable)
def _(layer: Separable, subject: Subject) -> Iterator[Block]:
    yield Prose(
        "Two steps: first every channel by itself (depthwise), then a 1x1 convolution that mixes"
        f" the channels (pointwise){_bias_words(layer, 'filter')}"
        f"{' for each filter' if layer.bias is True else ''}."
    )


@says.register(Dense)
def _(layer: Dense, subject: Subject) -> Iterator[Block]:
    biases = ", and one bias" if layer.bias else "; there are no biases"
    every = _each_of(layer.units, "unit")
    if layer.over == "channels":
        channels = counted(subject.inputs[0].channels, "channel")
        yield Prose(
            f"{every} has a weight for each of the {channels}{biases}, the same at every position."
            "  So here the size of what flows in does not matter."
        )
        return
    yield Prose(
        f"{every} has a weight for each of the {counted(subject.inputs[0].size, 'input')}{biases}."
        "  So here the size of what flows in matters."
    )


@says.register(Rbf)
def _(layer: Rbf, subject: Subject) -> Iterator[Block]:
    (codes,) = arrays(subject)
    yield Prose(
        f"Nothing is trained: the {counted(layer.units, 'code')} of"
        f" {counted(subject.inputs[0].size, 'number')} each are fixed,"
        f" {value_text(codes.size.value)} in buffers."
    )


@says.register(Subsampling)
def _(layer: Subsampling, subject: Subject) -> Iterator[Block]:
    yield Prose(
        "Unlike a modern pool this one learns: one coefficient and one bias for each of the"
        f" {counted(subject.inputs[0].channels, 'map')}, whatever the window."
    )


@says.register(Norm)
def _(layer: Norm, subject: Subject) -> Iterator[Block]:
    trained = [
        word for word, has in zip(("a scale", "a shift"), layer.trains(), strict=True) if has
    ]
    every = "element that flows in" if getattr(layer, "over", "") == "all" else "channel"
    if trained:
        yield Prose(f"{capital(' and '.join(trained))} for every {every}.")
    else:
        off = "affine: false" if not layer.affine else "scale: false, shift: false"
        yield Prose(f"Without a trained scale and shift ({off}) there is nothing to learn.")
    if isinstance(layer, BatchNorm) and layer.statistics:
        yield Prose(
            "The running mean and variance of every channel are buffers: kept up in training, but"
            " not by gradients, and not counted as parameters."
        )


@says.register(Prelu)
def _(layer: Prelu, subject: Subject) -> Iterator[Block]:
    yield Prose(
        "One trained slope serves all channels."
        if layer.shared
        else "Every channel has a trained slope."
    )


@says.register(Pointwise)
def _(layer: Pointwise, subject: Subject) -> Iterator[Block]:
    yield Prose(f"{layer.type} has nothing to learn: {_reason(layer)}.")


@says.register(Pool)
@says.register(GlobalPool)
@says.register(AdaptivePool)
def _(layer: Layer, subject: Subject) -> Iterator[Block]:
    yield Prose(f"A pool has nothing to learn: {_reason(layer)}.")


@says.register(Join)
def _(layer: Join, subject: Subject) -> Iterator[Block]:
    yield Prose(f"A join has nothing to learn: {_reason(layer)}.")


@says.register(Upsample)
def _(layer: Upsample, subject: Subject) -> Iterator[Block]:
    blended = layer.mode == "bilinear"
    reason = "the weights of the blend are fixed by the places" if blended else _reason(layer)
    yield Prose(f"Nothing to learn: {reason}.")


def _reason(layer: Layer) -> str:
    """Say why a layer learns nothing."""
    return layer.learns.removeprefix("nothing: ")
