"""Shapes of inputs that are read as documented, and may be meant otherwise; and what is none.

A shape is never read differently for a doubt: it gets a remark.  Every rule is a function from the
extents as read, channels last, to what was more likely meant, and lets through what its sentence
names.  Letters stay quiet, but for a last extent that is called a height or a width; so does a
spec that says which extent is which.
"""

from __future__ import annotations

import re
from math import prod
from typing import TYPE_CHECKING

from shapecalc.layers.base import Layer
from shapecalc.layers.fields import Padding
from shapecalc.layers.shape import SIDE_NAMES, as_list, as_text, shape_of, times_text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from shapecalc.algebra import Dim
    from shapecalc.layers.shape import Shape

#: The shortest side of a picture, where its channels may stand first and its sides differ.
_PICTURE = 16
#: So many times as long as its first extent is a signal whose channels stand first.
_SIGNAL = 200


def channels_first(extents: tuple[int, ...]) -> str:
    """Tell a picture whose channels stand first.

    These are 3x224x224 and 1x28x28 (a square of 1 or 3 channels), 3x480x640 and 4x84x84 (sides of
    16 and more in a picture's proportions), and 512x7x7 (a square of sides that no layer has as
    its channels).  Let through are 1x1x2048, 3x3x512, 1x128x9, 5x224x300 and 64x56x56.

    >>> channels_first((3, 480, 640)), channels_first((512, 7, 7)), channels_first((64, 56, 56))
    ('480x640x3', '7x7x512', '')
    """
    if len(extents) != 3:
        return ""
    first, second, third = extents
    square = second == third != first
    alike = min(second, third) >= _PICTURE and second <= 2 * third <= 4 * second
    odd = third % 2 == 1 and third >= 5 and first % 16 == 0
    if (square and (first in (1, 3) or odd)) or (alike and first <= 4 and third > 4):
        return times_text((second, third, first))
    return ""


def batch_in_front(extents: tuple[int, ...]) -> str:
    """Tell a picture with a batch before it.

    These are 1x28x28x1 and 1x3x224x224 (a batch of one), and 32x3x224x224 (squares of 1 or 3
    channels that stand first).  Let through are volumes: 16x112x112x3, 64x64x64x1, 32x28x28x1.

    >>> batch_in_front((1, 28, 28, 1)), batch_in_front((1, 3, 224, 224))
    ('28x28x1', '224x224x3')
    >>> batch_in_front((16, 112, 112, 3))
    ''
    """
    if len(extents) != 4:
        return ""
    first, second, third, fourth = extents
    if second in (1, 3) and third == fourth != second:
        return times_text((third, fourth, second))
    return (channels_first(extents[1:]) or times_text(extents[1:])) if first == 1 else ""


def volume_with_channels_first(extents: tuple[int, ...]) -> str:
    """Tell a volume whose channels stand first.

    These are 3x16x112x112 and 1x64x64x64: 1 or 3 channels, the last two sides equal and at least
    16.  Let through are 16x112x112x3 and 3x5x7x7.

    >>> volume_with_channels_first((3, 16, 112, 112)), volume_with_channels_first((3, 5, 7, 7))
    ('16x112x112x3', '')
    """
    if len(extents) != 4:
        return ""
    first, second, third, fourth = extents
    likely = first in (1, 3) and second not in (1, 3) and third == fourth >= _PICTURE
    return times_text((second, third, fourth, first)) if likely else ""


def grey_picture(extents: tuple[int, ...]) -> str:
    """Tell a grey picture without its channel.

    That is 28x28: two equal extents.  Let through are 1x1, 13x1, 100x300 and 480x640.

    >>> grey_picture((28, 28)), grey_picture((100, 300))
    ('28x28x1', '')
    """
    return times_text((*extents, 1)) if len(extents) == 2 and 1 < extents[0] == extents[1] else ""


def signal_with_channels_first(extents: tuple[int, ...]) -> str:
    """Tell a signal whose channels stand first.

    These are 1x16000 (one position of many channels), and 2x44100 and 12x5000 (at most 16
    positions of 200 times as many channels).  Let through are 13x1, 4x512 and 100x300.

    >>> signal_with_channels_first((12, 5000)), signal_with_channels_first((4, 512))
    ('5000x12', '')
    """
    if len(extents) != 2:
        return ""
    first, second = extents
    likely = 1 == first < second or (first <= 16 and second >= _SIGNAL * first)
    return times_text((second, first)) if likely else ""


#: The rules of doubt, in the order in which they are asked; the first that answers remarks.
RULES: tuple[Callable[[tuple[int, ...]], str], ...] = (
    channels_first,
    volume_with_channels_first,
    batch_in_front,
    grey_picture,
    signal_with_channels_first,
)
_SIDES = ("h", "w", "height", "width")


def meant_by(shape: Shape) -> str:
    """Return the shape that was more likely meant by one, or nothing."""
    extents = tuple(as_list(shape))
    numbers = tuple(extent for extent in extents if isinstance(extent, int))
    if len(numbers) == len(extents):
        return next(filter(None, (rule(numbers) for rule in RULES)), "")
    last = str(extents[-1])
    if len(extents) == 3 and last.lower() in _SIDES and str(extents[0]).lower() not in _SIDES:
        return times_text((*extents[1:], extents[0]))
    return ""


def reading_of(shape: Shape) -> str:
    """Say how a shape is read.

    >>> from shapecalc.layers.shape import Map, Vector
    >>> reading_of(Map((3, 224), 224)), reading_of(Map((28,), 28))
    ('height 3, width 224, 224 channels', 'length 28, 28 channels')
    """
    sides = zip(SIDE_NAMES[len(shape.sides)], shape.sides, strict=True)
    channels = f"{shape.channels} channel{'' if shape.channels == 1 else 's'}"
    return ", ".join([*(f"{name} {side}" for name, side in sides), channels])


def plain_form(shape: Shape) -> str:
    """Write a shape so that nothing is in doubt.

    >>> from shapecalc.layers.shape import Map
    >>> plain_form(Map((28,), 28))
    '{length: 28, channels: 28}'
    """
    names = (*SIDE_NAMES[len(shape.sides)], "channels")
    extents: list[Dim] = as_list(shape)
    pairs = (f"{name}: {size}" for name, size in zip(names, extents, strict=True))
    return f"{{{', '.join(pairs)}}}"


def own_channels(words: Sequence[str]) -> str:
    """Return how many channels a spec's own shape has; nothing where that shape is in doubt.

    >>> own_channels(["28", "28", "64"]), own_channels(["3", "224", "224"])
    ('64', '')
    """
    whole = all(word.isdecimal() for word in words)
    return "" if whole and meant_by(shape_of(tuple(map(int, words)))) else words[-1]


def remark(what: str, shape: Shape, instead: str | None = None) -> str:
    """Say how the shape of `what` is read and what may be meant, or nothing.

    `instead` is given for a shape that stands in place of the spec's own, which has so many
    channels: where they come first, they are likely to be channels there as well.
    """
    meant = meant_by(shape)
    first, *others = map(str, as_list(shape))
    if not meant and others and first == instead != others[-1]:
        meant = "x".join([*others, first])
    if not meant:
        return ""
    plainly = "" if instead is not None else f" If not, {plain_form(shape)} says so plainly."
    return f"{what}: {as_text(shape)} is read as {reading_of(shape)}. Was {meant} meant?{plainly}"


#: The fields that hold a size per side.
SIZES = ("kernel", "stride", "pad", "dilation", "output_padding", "factor", "size")


def remark_on_product(layer: str, field: str, text: str) -> str:
    """Doubt a product where an x between two sizes was more likely meant, as `kernel: 3*3`.

    >>> remark_on_product("conv1", "kernel", "3*3")
    'conv1: kernel 3*3 is read as 9 on every side. Was 3x3 meant? If not, 9 says so plainly.'
    >>> remark_on_product("conv1", "kernel", "2*k"), remark_on_product("conv1", "filters", "3*3")
    ('', '')
    """
    match = re.fullmatch(r"(\d{1,4}) ?\* ?(\d{1,4})", text, re.ASCII)
    if match is None or field not in SIZES:
        return ""
    first, second = map(int, match.groups())
    return (
        f"{layer}: {field} {text} is read as {first * second} on every side."
        f" Was {first}x{second} meant? If not, {first * second} says so plainly."
    )


#: Kernels that a word says as its second number, where filters stand first.
_KERNELS = (1, 2, 3, 4, 5, 7, 9, 11)


def remark_on_filters_first(layer: str, word: str, kernel: str, filters: str) -> str:
    """Doubt a word of papers whose kernel is likely to be its filters, as `conv64-3`.

    These are kernels of 12 and more with filters that are as many as a kernel is wide.  Let through
    are conv11-96, conv9-3, conv12-16, and upconv64-2/32, whose kernel is twice its stride.

    >>> remark_on_filters_first("conv1", "CONV-32-3", "32", "3")[:70]
    'conv1: CONV-32-3 is read as kernel 32, 3 filters. Was CONV-3-32 meant?'
    >>> remark_on_filters_first("conv1", "conv9-3", "9", "3")
    ''
    """
    match = re.search(r"(?<![\dx])(\d+)-(\d+)(?:/(\d+))?$", word, re.ASCII)
    if match is None or (kernel, filters) != match.group(1, 2):
        return ""
    if int(kernel) < 12 or int(filters) not in _KERNELS or 2 * int(match[3] or 0) >= int(kernel):
        return ""
    stride = f"/{match[3]}" if match[3] else ""
    meant = f"{word[: match.start()]}{filters}-{kernel}{stride}"
    return (
        f"{layer}: {word} is read as kernel {kernel}, {filters} filters. Was {meant} meant? If not,"
        f" {{filters: {filters}, kernel: {kernel}}} says so plainly."
    )


def remark_on_padding(layer: str, word: str, kind: str, kernel: str) -> str:
    """Say how a word of exams is padded, as `CONV-9-32`: exams mean no padding as often as some.

    Let through are the words of papers, conv9-32, which keep the size there, and kernels of 1.

    >>> remark_on_padding("conv1", "conv9-32", "conv", "9")
    ''
    """
    if not re.match(r"[A-Za-z]+[-_ ]\d", word, re.ASCII) or re.fullmatch("1(x1)*", kernel):
        return ""
    return (
        f"{layer}: {word} says no padding and is read as pad: same, which keeps the size. Was none"
        f" meant? `defaults: {{{kind}: {{pad: 0}}}}` says so. If not, {{pad: same}} there says so"
        " plainly."
    )


#: Words that stand for a batch, or for a side that is not known yet.  Other words are names.
BATCH = frozenset({"batch", "batch_size", "batchsize", "nbatch", "n_batch", "minibatch"})
UNKNOWN = frozenset({"none", "null", "nil", "~", "?", "-1", "*", "", "nan", "any", "dynamic"})


def is_no_extent(word: str) -> bool:
    """Tell a word that stands for a batch or for nothing known.

    >>> [word for word in ("None", "-1", "batch", "N", "B", "3") if is_no_extent(word)]
    ['None', '-1', 'batch']
    """
    return word.strip().lower() in BATCH | UNKNOWN


def without_batch(words: Sequence[str]) -> tuple[str, str] | None:
    """Refuse extents of which some stand for a batch or for nothing: what is wrong, and the repair.

    >>> without_batch(["None", "32", "32", "3"])
    ("'None' stands for the batch, which is no part of a shape", 'leave it out: 32x32x3')
    >>> without_batch(["None", "None", "3"])[1], without_batch(["-1", "3", "224", "224"])[1]
    ('write a letter for a side without a value: HxWx3', 'leave it out: 224x224x3')
    >>> without_batch(["N", "32", "32", "3"])
    """
    at = next((at for at, word in enumerate(words) if is_no_extent(word)), None)
    if at is None or (at > 0 and words[at].strip() == "-1"):  # a number that is too small
        return None
    word = words[at].strip() or "null"
    rest = list(words)
    batch = word.lower() in BATCH or (at == 0 and len(words) > 1)
    if batch and (len(words) > 3 or not any(map(is_no_extent, words[at + 1 :]))):
        del rest[at]
    sides = [*"DHW"[4 - len(rest) :], "C"] if 1 < len(rest) <= 4 else ["N"] * len(rest)
    sides = ["N", "C"] if len(rest) == 2 else sides
    open_ = any(map(is_no_extent, rest))
    filled = [
        side if is_no_extent(extent) else extent.strip()
        for extent, side in zip(rest, sides, strict=False)
    ]
    text = "x".join(filled)
    if filled and all(extent.isdecimal() for extent in filled):
        text = meant_by(shape_of(tuple(map(int, filled)))) or text
    if open_:
        return f"'{word}' is no extent", f"write a letter for a side without a value: {text}"
    hint = f"leave it out: {text}" if text else "one to four extents, as in 227x227x3"
    return f"'{word}' stands for the batch, which is no part of a shape", hint


def meant_with_rank(words: list[str], own: list[str]) -> str:
    """Return the shape of as many extents as a spec's own that was most likely meant.

    >>> meant_with_rank(["320", "320"], ["9", "9", "3"]), meant_with_rank(["7"], ["9", "9", "3"])
    ('320x320x3', '7x7x3')
    >>> meant_with_rank(["1", "3", "8", "8"], ["9", "9", "3"]), meant_with_rank(["32", "3"], ["9"])
    ('8x8x3', '96')
    >>> meant_with_rank(["7", "7", "3"], ["16", "9", "9", "3"])
    '16x7x7x3'
    """
    rank = len(own)
    numbers = [int(word) for word in words if word.isdecimal()]
    if len(words) > rank == 1 and len(numbers) == len(words):
        return str(prod(numbers))
    if len(words) > rank:
        kept = words[-rank:]
        whole = all(word.isdecimal() for word in kept)
        return (meant_by(shape_of(tuple(map(int, kept)))) if whole else "") or "x".join(kept)
    if len(words) > 1 and words[-1] == own[-1]:
        return "x".join([*own[: rank - len(words)], *words])
    sides = words if len(words) == rank - 1 else words[-1:] * (rank - 1)
    return "x".join([*sides, own[-1]])


def respelt(text: str) -> str:
    """Write a shape as it is to be written that was written as elsewhere, or return nothing.

    >>> respelt("(224, 224, 3)"), respelt("224*224*3"), respelt("torch.Size([3, 8])"), respelt("ab")
    ('224x224x3', '224x224x3', '3x8', '')
    """
    inside = re.sub(r"^[\w.]+(?=\()", "", text.strip()).strip("()[]{} ,")
    words = re.split(r"\s*[,;*xX×]\s*|\s+", inside, flags=re.ASCII)
    sound = 1 < len(words) <= 4 and all(re.fullmatch(r"[0-9]+|[A-Za-z]", word) for word in words)
    return "x".join(words) if sound else ""


def words_of(text: str) -> list[str]:
    """Split a shape as it may be written anywhere into words, to look for a batch among them.

    >>> words_of("(None, 32, 32, 3)"), words_of("?x784"), words_of("3x")
    (['None', '32', '32', '3'], ['?', '784'], [])
    """
    inside = re.sub(r"^[\w.]+(?=\()", "", text.strip()).strip("()[]{} ")
    words = [word.strip() for word in re.split(r"[,;xX×]", inside)]
    return words if all(words) else []


def remarks_on_rims(symbols: Iterable[str], layers: Sequence[object]) -> Iterator[str]:
    """Yield for each letter of paddings and crops alone that 0, its usual value, is left out."""
    names = set(symbols)
    if not names:
        return
    from shapecalc.algebra.expr import Expr, symbols_of

    rims = {
        side
        for layer in layers
        if isinstance(layer, Layer)
        for value in layer.values()
        if isinstance(value, Padding)
        for pair in value.pairs
        for side in pair
    }
    elsewhere = {
        name
        for layer in layers
        if isinstance(layer, Layer)
        for value in layer.values()
        if not isinstance(value, Padding)
        for part in (value if isinstance(value, tuple) else (value,))
        if isinstance(part, Expr)
        for name in symbols_of(part)
    }
    for name in sorted((names - elsewhere) & set[str]().union(*map(symbols_of, rims))):
        yield (
            f"{name} stands for 1, 2, 3, ..., as every letter does, also in a padding or a crop:"
            f" for none, `--set {name}=0` or a range from 0."
        )
