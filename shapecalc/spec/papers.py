"""The notation of papers and exams: conv3-64, CONV-9-32, POOL-2, max-pool, FC-10, 3x3 conv, 64, /2.

A word says fields; for the others hold, in this order, the spec's `defaults`, what papers mean
when they say nothing (convolutions keep the size), and the layer's own defaults.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from shapecalc.layers import ALIASES, BUILTIN
from shapecalc.spec import RESERVED

if TYPE_CHECKING:
    from collections.abc import Mapping


class PaperWord(NamedTuple):
    """What a word means: a type, the fields that it says, and those that papers leave unsaid."""

    type: str
    says: Mapping[str, str]
    implies: Mapping[str, str]


#: Other words for a type, in lower case without separators.
SYNONYMS: Mapping[str, str] = {
    "averagepool": "avgpool",
    "averagepooling": "avgpool",
    "avgpooling": "avgpool",
    "bn": "batchnorm",
    "convdw": "depthwise",
    "convtranspose": "transposed",
    "deconv": "transposed",
    "depthwiseconv": "depthwise",
    "dwconv": "depthwise",
    "gap": "global_avgpool",
    "globalaveragepool": "global_avgpool",
    "globalaveragepooling": "global_avgpool",
    "maxpooling": "maxpool",
    "pool": "maxpool",
    "pooling": "maxpool",
    "sepconv": "separable",
    "separableconv": "separable",
    "tconv": "transposed",
    "transposedconv": "transposed",
    "upconv": "transposed",
}

#: Convolutions, whose word says kernel and filters, and those among them without filters.
_CONVOLUTIONS = ("conv", "depthwise", "separable", "transposed")
_POOLS = ("maxpool", "avgpool", "subsampling", "blurpool")
#: Other types that one number may follow, with the field that it says.
_NUMBERED: Mapping[str, str] = {
    "dense": "units",
    "rbf": "units",
    "adaptive_avgpool": "size",
    "adaptive_maxpool": "size",
    "groupnorm": "groups",
    "upsample": "factor",
    "channel_shuffle": "groups",
    "dropout": "rate",
}

_SIZE = r"\d{1,9}(?:x\d{1,9}){0,2}"
#: Filters and strides may have names: conv3-f.
_NUMBER = r"\d{1,9}|[a-z_]\w*"
_HEAD = r"(?P<head>[a-z]+(?:[ _-][a-z]+)*)"
_WORD = re.compile(
    rf"{_HEAD}(?:(?P<joint>[-_ ]?)(?P<first>{_SIZE}|\d\.\d{{1,9}})(?:-(?P<second>{_NUMBER}))?)?"
    rf"(?:/(?P<stride>{_NUMBER}))?",
    re.ASCII,
)
#: The parts of a word that may be names.
_NAMED = ("second", "stride")
#: ResNet's figures write 7x7 conv, 64, /2; SRGAN's k9n64s1.
_FIGURE = re.compile(
    rf"(?P<first>\d{{1,9}}(?:x\d{{1,9}}){{1,2}}) ?{_HEAD}(?:, ?(?P<second>{_NUMBER}))?"
    rf"(?:, ?/(?P<stride>{_NUMBER}))?",
    re.ASCII,
)
_LETTERS = re.compile(r"k(?P<first>\d{1,9})n(?P<second>\d{1,9})s(?P<stride>\d{1,9})", re.ASCII)


@lru_cache(maxsize=1024)
def paper_word(text: str) -> PaperWord | None:
    """Read a word of the papers, in any case of letters; nothing for one that is none or unclear.

    >>> paper_word("CONV-9-32")
    PaperWord(type='conv', says={'kernel': '9', 'filters': '32'}, implies={'pad': 'same'})
    >>> paper_word("max-pool"), paper_word("conv3")
    (PaperWord(type='maxpool', says={}, implies={}), None)
    """
    lower = text.lower().replace("×", "x").replace("–", "-")  # noqa: RUF001  (as papers print)
    if match := _LETTERS.fullmatch(lower):
        return _convolution("conv", match["first"], match["second"], match["stride"])
    match = _FIGURE.fullmatch(lower) or _WORD.fullmatch(lower)
    kind = _type_of(match["head"]) if match else ""
    if match is None or not kind:
        return None
    first, second, stride = match["first"], *(_as_written(match, text, x) for x in _NAMED)
    if RESERVED & {second, stride}:
        return None
    if first is None and stride is None:
        return PaperWord(kind, {}, {})
    if kind in _CONVOLUTIONS:
        return _convolution(kind, first, second, stride)
    if second or first is None or ("." in first) != (kind == "dropout"):
        return None
    if kind in _POOLS:
        return PaperWord(kind, _with_stride({"kernel": first}, stride), {})
    apart = match.groupdict().get("joint") in ("-", " ")
    if kind in _NUMBERED and apart and not stride and "x" not in first:
        return PaperWord(kind, {_NUMBERED[kind]: first}, {})
    return None


def _as_written(match: re.Match[str], text: str, part: str) -> str | None:
    """Return a part of a word in the letters in which it was written, as names have them."""
    return text[slice(*match.span(part))] if match[part] else None


def _type_of(head: str) -> str:
    """Return the type that a word without numbers means, whatever separates its parts."""
    plain = re.sub("[ _-]", "", head)
    if plain in BUILTIN:
        return plain
    known = ALIASES.get(plain) or SYNONYMS.get(plain)
    return known or next((word for word in BUILTIN if word.replace("_", "") == plain), "")


def _convolution(
    kind: str, kernel: str | None, filters: str | None, stride: str | None
) -> PaperWord | None:
    says = {"kernel": kernel, "filters": filters} if filters else {"kernel": kernel}
    unclear = kernel is None or (filters is None) != (kind == "depthwise")
    if unclear or "." in (kernel or "") or (kind == "transposed" and not stride):
        return None
    return PaperWord(kind, _with_stride(says, stride), {"pad": "same"})


def _with_stride(says: dict[str, str | None], stride: str | None) -> dict[str, str]:
    return {name: value for name, value in {**says, "stride": stride}.items() if value}


#: Words that say too little or too much, and how what may be meant is written.
_UNCLEAR = (
    (
        r"(?:conv|sepconv|separable)[-_ ]?(\d+(?:x\d+)*)",
        "one number may be the kernel or the filters: write `conv3-64` (kernel 3, 64 filters)",
    ),
    (
        r"\d+x\d+(?:x\d+)? ?conv",
        'its filters are not said: write `conv3-64`, or in quotes, for the comma, `"3x3 conv, 64"`',
    ),
    (
        r"\d+|/\d+",
        'a number alone is no layer: with commas a word stands in quotes, `"3x3 conv, 64, /2"`',
    ),
    (r"(conv|sepconv|separable)[-_]?(\d+)-(\d+)-(\d+)", r"a stride is written `\1\2-\3/\4`"),
    (r"(conv|sepconv)[-_]?(\d+(?:x\d+)*)-(\d+)-?s(\d+)", r"a stride is written `\1\2-\3/\4`"),
    (r"conv ?(\d+(?:x\d+)+),? ?(\d+)", r"write `\1 conv, \2`"),
    (r"(\d+(?:x\d+)+) conv (\d+)", r"write `\1 conv, \2`"),
    (r"(conv\d+_\d+)", r"it seems to be a name: write `conv3-64: {name: \1}`"),
    (
        r"(deconv|up-?conv|tconv|transposed|conv-?transpose|transposed-?conv)[-_]?(\d+)(?:-(\d+))?",
        r"its stride is not said: write `deconv4-64/2` (kernel 4, 64 filters, stride 2)",
    ),
    (
        r"(dwconv|depthwise|depthwise-?conv|conv-?dw)[-_]?(\d+)-(\d+)(?:/\d+)?",
        r"its filters follow from the channels: write `\1\2`, or `depthwise: {kernel: \2, ...}`",
    ),
    (
        r"((?:max|avg|average)?-?pool(?:ing)?)[-_]?(\d+(?:x\d+)*)(?:-|-?s)(\d+)",
        r"a stride is written `\1\2/\3`",
    ),
    (
        r"((?:max|avg|average)?-?pool(?:ing)?)/(\d+)",
        r"its kernel is not said: write `\g<1>3/\2` or `\g<1>\2`",
    ),
    (r"(fc|dense|linear)_?(\d+)", r"write `fc-\2`, or `dense: \2`"),
    (r"softmax-?(\d+)", r"write `dense: \1`, and `softmax` on the next line"),
    (r"dropout_?(\d*\.\d+)", r"write `dropout: \1`"),
    (r"dropout-?(\d\d)%?", r"write `dropout: 0.\1`"),
)


def unclear(text: str) -> str:
    """Say how a word is to be written whose numbers may mean several things, or nothing."""
    for pattern, advice in _UNCLEAR:
        if match := re.fullmatch(pattern, text, re.ASCII | re.IGNORECASE):
            return match.expand(advice)
    return ""
