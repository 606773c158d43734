"""The words that papers have for layers: max pool, conv3-64, FC-4096, inception (3a)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from shapecalc.layers import ALIASES, BUILTIN
from shapecalc.spec.statements import PAPER
from shapecalc.text.suggest import FOREIGN

if TYPE_CHECKING:
    from shapecalc.analysis.tables.model import Convention

_DETAIL = re.compile(r"(?P<word>[^()]+?)\s*(?:\((?P<detail>[^()]+)\))?")


class Kind(NamedTuple):
    """What a layer, or a level of the paths, is: the comparison's side.

    `extent` is the kernel's where that is square, `width` the number of output channels, and
    `share` what a dropout drops, in percent.
    """

    type: str
    name: str
    extent: int | None = None
    width: int | None = None
    share: str = ""


class Word(NamedTuple):
    """A printed word: the type it means, and what else it says."""

    type: str
    extent: int | None = None
    width: int | None = None
    detail: str = ""

    def agrees(self, value: Kind, convention: Convention) -> bool:
        """Whether the layer is what the word says, in all that it says."""
        return (
            value.type.lower() == self.type
            and (self.extent is None or self.extent == value.extent)
            and (self.width is None or self.width == value.width)
            and (not self.detail or self.detail == _detail(value))
        )

    def beside(self, value: Kind) -> str:
        """Name the layer, saying of it what the printed word says."""
        if self.width is not None and value.type == "conv" and value.extent is not None:
            return f"conv{value.extent}-{value.width}"
        if self.width is not None and value.type == "dense":
            return f"FC-{value.width}"
        return value.type + (f" ({_detail(value)})" if self.detail and _detail(value) else "")


def read_word(text: str) -> Word:
    """Read a word for a layer; an unknown one is taken for a block's type."""
    paper = PAPER.fullmatch(text)
    if paper:
        extent, filters, units = paper.groups()
        if units:
            return Word("dense", width=int(units))
        return Word("conv", int(extent), int(filters))
    match = _DETAIL.fullmatch(text)
    word, detail = (match["word"], match["detail"] or "") if match else (text, "")
    plain = re.sub("[ _-]", "", word.lower())
    known = plain if plain in BUILTIN else ALIASES.get(plain, "")
    return Word(known or next(iter(FOREIGN.get(plain, ())), plain), detail=detail.lower())


def _detail(value: Kind) -> str:
    """Return what papers set in brackets: a dropout's share, or the end of a block's name."""
    return value.share or value.name.rpartition("_")[2].lower()
