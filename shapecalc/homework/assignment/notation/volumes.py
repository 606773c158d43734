"""Volumes as students write them: 55x55x96, (55, 55, 96), 96@55x55, 55^2x96, torch.Size.

What extents may mean as the volume that a cell asks for, too: order, batch, vectors.
"""

from __future__ import annotations

import re
from fractions import Fraction
from math import prod
from typing import TYPE_CHECKING, NamedTuple

from shapecalc.homework.assignment.notation import (
    LONGEST,
    Blank,
    ReadExtents,
    ReadNumber,
    Unreadable,
    blank,
    tidy,
    without_doubt,
)
from shapecalc.homework.assignment.notation.numerals import ABOUT, read_number
from shapecalc.homework.assignment.notation.typesetting import ALL_STRUCK, LEFT_OUT, standing
from shapecalc.homework.assignment.notation.units import WITH_WORDS
from shapecalc.homework.languages import kept_by_language, say, to_say
from shapecalc.layers.shape import Map, Vector, shape_of, whole

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shapecalc.layers.shape import Shape

#: No extent of more digits is read, and no volume of more axes.
_DIGITS = 12
_AXES = 6

_MONTH = r"(?:jan|feb|mar|mär|apr|ma[iy]|jun|jul|aug|sep|o[ck]t|nov|de[cz])[a-z]*\.?"
_DATE = re.compile(
    r"(?i)\d{4}-\d\d?-\d\d?(?:[ t].*)?|\d{1,2}[./]\d{1,2}[./]\d{2,4}"
    rf"|(?:\d+[-. ]+)?{_MONTH}(?:[-. ]+\d+)*"
)
_CALL = re.compile(r"(?i)^(?:torch\.size|tensorshape|size|shape|tuple|list)\s*(?=[(\[])")
_TORCH = re.compile(r"(?i)^torch\.size")
_MAPS = (
    r"(?:feature maps?|maps?|ch(?:annels?)?|deep|filters?|planes?|kanäle?n?|canales|canaux|mapas|"
    r"cartes)"
)
_LEADING = re.compile(
    rf"(?i)^(\d+)\s*(?:@|{_MAPS}\s*(?:of(?: size)?|@|à|mit|de|von|[:,])?\s*(?:each)?)\s*(?=\d)"
)
_TRAILING = re.compile(
    rf"(?i)^(.*\d)(?:[\s,x]*?(?:[,x ]|with|mit|con|avec)\s*(\d+)\s*{_MAPS}|\s*@\s*(\d+)"
    r"|[\s,x]*(?:depth|deep|d|tiefe|channels?|kanäle|canales|canaux|#)\s*(\d+))$"
)
#: What says in which order the axes stand.
_ORDER = re.compile(
    r"(?i)\s*[,;:]?\s*[(\[]?\s*"
    r"(?:(?P<wide>n?whc|w ?[x*,] ?h ?[x*,] ?[cd]|width ?[x*,] ?height ?[x*,] ?(?:channels|depth))"
    r"|(?P<wide_first>n?cwh|[cd] ?[x*,] ?w ?[x*,] ?h)"
    r"|(?P<first>n?[cd]hw|(?:n, ?)?[cd] ?[x*,] ?h ?[x*,] ?w|channels?[ _-]first)"
    r"|(?:n?hwc|(?:n, ?)?h ?[x*,] ?w ?[x*,] ?[cd]|channels?[ _-]last"
    r"|height ?[x*,] ?width ?[x*,] ?(?:channels|depth)))\s*[)\]]?$"
)
#: Words in brackets behind a volume, without a number.
_ASIDE = re.compile(r"(?<=[\d)\]])\s*[(\[][^()\[\]\d]*[)\]]$")
#: Extents and a number in brackets; a number, and two extents in brackets.
_NUMBER_BEHIND = re.compile(
    r"(?i)(?P<dims>\d+(?:(?: ?[x*] ?| by |, )\d+)+) ?[(\[](?P<number>[\d., ']+)"
    r"(?: (?:neurons?|units?|elements?|values?|activations?|neuronen|neuronas))?[)\]]"
)
#: Three extents and more, and a number behind a comma.
_COUNT_BEHIND = re.compile(
    r"(?i)(?P<dims>\d+(?:(?: ?[x*] ?| by )\d+){2,})[,;] (?P<number>[\d., ']+)"
)
#: Two extents beside each other; extents, and behind them in brackets how one was worked out.
_EXTENTS = re.compile(r"(?i)\d ?x ?\d")
_WORKED = re.compile(
    r"(?i)(\d+(?: ?[x*] ?\d+)+) ?"
    r"([(\[].*=.*[)\]]|(?:since|because|as|da|weil|porque|car) .*)"
)
_CHANNELS_AHEAD = re.compile(r"(?i)(\d+) ?[(\[](\d+) ?x ?(\d+)[)\]]")
#: So many sides has a map without its channels.
_SIDES_OF_MAP = 2
_NAMED = re.compile(
    r"(?i)^(?:(?:a|an|the|ein) )?(?:volume|vector|vektor|tensor)(?: (?:of|mit|von|de))?"
    r"(?: (?:size|shape))?"
    r" (?=[\d(\[])|^(?:a|an|the) (?=\d)|^r\^(?=[\d(])|^[a-zäöüéíóñ][a-zäöüéíóñ _-]*:\s*(?=[\d(\[])"
)
_GIVES = re.compile(r"=>|[-=]+>|→|⇒|⟹|=")
#: An extent with the name of its axis, before or behind it.
_LABELS = {
    "h": r"h|height|high|hoch|höhe|alto|altura|hauteur",
    "w": r"w|width|wide|breit|breite|b|ancho|anchura|largeur",
    "c": r"c|d|ch|depth|deep|tief|channels?|tiefe|kanäle?n?|canales|profundidad|profondeur|canaux",
}
_LABEL = "|".join(rf"(?P<{{0}}{axis}>{words})" for axis, words in _LABELS.items())
_LABELLED = re.compile(
    rf"(?i)(?:(?:{_LABEL.format('a')})\s*[:=]?\s*(?P<behind>\d+)"
    rf"|(?P<ahead>\d+)\s*[(\[]?(?:{_LABEL.format('b')})(?![a-z])[)\]]?)"
)
_SQUARED = re.compile(r"(\d{1,12})\s*(?:\^|\*\*)\s*([23])(?!\d)")
_WORDS = re.compile(
    r"(?i)(?:(?:\s+(?:dimensional )?|(?<=\d)-?)\b(?:volume|units?|neurons?|neuronen|neuronas|"
    r"einheit(?:en)?|unidad(?:es)?|elementos?|elemente?|valores|werte|"
    r"vector|vektor|outputs?|elements?|values?|activations?|tensor|features|class(?:es)?|klassen|"
    r"clases|way|scores|logits|dim(?:s|ensions|ensional)?|d|each|pixels?|px))+$"
)
_BATCH = re.compile(r"(?i)none|n|b|bs|batch|batch_size|\?|-1")
_EXTENT = re.compile(r"\d{1,12}(?:[.,]\d{1,6})?")
_GROUPED = re.compile(r"\d{1,3}(?:[,' _.]\d{3})+")


def read_volume(raw: str) -> tuple[ReadExtents, ...] | Unreadable | Blank:
    """Read a volume: what it may mean, likeliest first.

    >>> [each.text for each in read_volume("96@55x55")], read_volume("(1, 55, 55, 96)")[0].text
    (['96x55x55, channels first'], '1x55x55x96')
    """
    if len(raw) > LONGEST:
        return Unreadable(
            say("more than {count} characters; write a volume like 20x30x40", count=LONGEST)
        )
    return _understood(raw)


@kept_by_language(8192)  # a class answers with the same texts again and again
def _understood(raw: str) -> tuple[ReadExtents, ...] | Unreadable | Blank:
    what, struck = standing(raw)
    text = tidy(what).removeprefix("=").strip()
    nothing = blank(text)
    if nothing is not None:
        return Unreadable(say(ALL_STRUCK)) if struck else nothing
    if _DATE.fullmatch(text):
        return Unreadable(
            say(
                "'{text}' is a date; spreadsheets make one of 6-6-256: write 6x6x256",
                text=text[:40],
            )
        )
    plain = bool(re.fullmatch(r"\d+(?:[xX×]\d+)*", raw.strip())) or bool(
        re.fullmatch(r"\d{1,3}(?:,\d{3})+", raw.strip())
    )
    text, doubt = without_doubt(text.rstrip(".;,").strip())
    bare, left = _without_words(text)
    volumes = _read(bare)
    if isinstance(volumes, Unreadable):
        return volumes
    note = "; ".join(filter(None, (say(LEFT_OUT) if struck else "", doubt, left)))
    return tuple(
        volume._replace(plain=plain and volume.plain, note=volume.note or note)
        for volume in volumes
    )


def _without_words(text: str) -> tuple[str, str]:
    """Take off words around a volume that say nothing of its extents, and say so."""
    about = ABOUT.match(text)
    words = None if _ORDER.search(text) else WITH_WORDS.search(text)
    bare = text[about.end() if about else 0 : words.start() if words else None]
    left = [match[0].strip(" ,") for match in (about, words) if match]
    return bare, say("'{text}' was left out", text=" ".join(left)[:40]) if left else ""


def _with_number(text: str) -> tuple[ReadExtents, ...] | Unreadable | None:
    """Read extents with a number behind them: the channels, or the count of all elements."""
    if (worked := _WORKED.fullmatch(text)) is not None:
        made = _read(worked[1])
        note = say("'{text}' was left out", text=worked[2][:40])
        return made if isinstance(made, Unreadable) else (made[0]._replace(note=note),)
    if match := _CHANNELS_AHEAD.fullmatch(text):
        return _made([match[1], match[2], match[3]], True, text)
    match = _COUNT_BEHIND.fullmatch(text) or _NUMBER_BEHIND.fullmatch(text)
    dims = _dims(match["dims"]) if match is not None else None
    number = read_number(match["number"]) if match is not None else ()
    if not dims or match is None or isinstance(number, Unreadable | Blank):
        return None
    made = _made(dims, None, text)
    if isinstance(made, Unreadable):
        return made
    counted = prod(made[0].dims) in [value.value for value in number] and len(dims) > 1
    same = (made[0]._replace(plain=False, note=say("the number behind it is their product")),)
    readings = list(same if counted else ())
    if len(dims) == _SIDES_OF_MAP and match["number"].isdigit() and match.re is _NUMBER_BEHIND:
        sides_and_channels = _made([*dims, match["number"]], False, text)
        readings += [] if isinstance(sides_and_channels, Unreadable) else sides_and_channels
    return tuple(readings) or None


def _read(text: str) -> tuple[ReadExtents, ...] | Unreadable:
    numbered = _with_number(text)
    if numbered is not None:
        return numbered
    labelled = _labelled(text)
    if labelled is not None:
        return labelled
    if _GIVES.search(text):
        return _one_side(text)
    bare = _NAMED.sub("", text)
    order = _ORDER.search(bare)
    first: bool | None = True if _TORCH.match(bare) else None
    if order is not None:
        bare, first = bare[: order.start()], (order["first"] or order["wide_first"]) is not None
        if order["wide"] or order["wide_first"]:
            return _with_width_first(_read(bare), text, first=first)
    bare = _WORDS.sub("", _CALL.sub("", _ASIDE.sub("", bare)))
    bare = re.sub(r"(?i)(?<=\d) ?(?:px|pixels?)(?= ?[x*,])", "", bare)
    listed = bare[:1] in "([{" or bare[-1:] in ")]}"
    bare = re.sub(r"[()\[\]{}<>⟨⟩]", " ", bare)
    bare = re.sub(r"(?i)(?<=\d),? (?:and|und|y|et) (?=\d)", ", ", bare)
    bare = re.sub(r"(?i)(?<=\d) (?:times|mal|por|par|fois|на|乘) (?=\d)", " by ", bare)
    bare = _SQUARED.sub(lambda match: "x".join([match[1]] * int(match[2])), bare)
    bare = bare.strip().strip(",").strip()
    single = _single(bare, listed=listed)
    if single is not None:
        return single
    if match := _LEADING.match(bare):
        dims = _dims(bare[match.end() :])
        return _made(dims and [match[1], *dims], True, text)
    if match := _TRAILING.match(bare):
        dims = _dims(match[1])
        return _made(dims and [*dims, match[2] or match[3] or match[4]], False, text)
    return _made(_dims(bare), first, text)


def _with_width_first(
    read: tuple[ReadExtents, ...] | Unreadable, text: str, *, first: bool
) -> tuple[ReadExtents, ...] | Unreadable:
    """Put the height before the width, which somebody says to have written first."""
    if isinstance(read, Unreadable):
        return read
    dims = read[0].dims
    if len(dims) != _SIDES_OF_MAP + 1:
        reason = say("'{text}' has not as many extents as the axes that it names", text=text[:40])
        return Unreadable(reason)
    at = 1 if first else 0
    swapped = (*dims[:at], dims[at + 1], dims[at], *dims[at + 2 :])
    note = say("the width was written first")
    return (read[0]._replace(dims=swapped, channels_first=first, plain=False, note=note),)


def _labelled(text: str) -> tuple[ReadExtents, ...] | None:
    """Read extents of which each has the name of its axis."""
    extents = {}
    for match in _LABELLED.finditer(text):
        axis = next(
            name[1] for name, value in match.groupdict().items() if value and len(name) == 2
        )
        if axis in extents:
            return None
        extents[axis] = Fraction(int((match["behind"] or match["ahead"])[:_DIGITS]))
    rest = re.sub(r"(?i)[\s,;x*()\[\]]|and|und|y|et|by", "", _LABELLED.sub("", text))
    if rest or set(extents) != set(_LABELS):
        return None
    return (ReadExtents(tuple(extents[axis] for axis in _LABELS), False, plain=False),)


def _one_side(text: str) -> tuple[ReadExtents, ...] | Unreadable:
    """Read what stands around equals signs: a volume first, of several the last one."""
    sides = [_read(side.strip()) for side in _GIVES.split(text) if side.strip()]
    read = [side for side in reversed(sides) if not isinstance(side, Unreadable)]
    if not read:
        return sides[-1] if sides else Unreadable(say("write a volume like 20x30x40"))
    ordered = sorted(read, key=lambda side: len(side[0].dims) == 1)  # a volume before a number
    if len(ordered[0][0].dims) == 1 and len(read) < len(sides) and _EXTENTS.search(text):
        question = say(
            "which volume is meant by '{text}'? write it alone, like 20x30x40", text=text[:40]
        )
        return Unreadable(question)
    note = say("of what stands around the = the volume counts")
    return tuple(volume._replace(plain=False, note=note) for side in ordered for volume in side)


def _single(bare: str, *, listed: bool) -> tuple[ReadExtents, ...] | None:
    """Read one number, a vector's; 9,216 may be one number or two extents, `listed` in brackets."""
    if not re.fullmatch(r"\d+|" + _GROUPED.pattern, bare):
        return None
    number = read_number(bare)
    if isinstance(number, Unreadable | Blank):
        return None
    volumes = [ReadExtents((value.value,)) for value in number]
    if re.fullmatch(r"\d+(?:,\d+)+", bare):
        parts = ReadExtents(tuple(Fraction(int(part)) for part in bare.split(",")[:_AXES]))
        volumes.insert(0 if listed else 1, parts)
    return tuple(volumes)


def _dims(bare: str) -> list[str] | None:
    """Split a text into its extents."""
    if re.search(r"(?i)\d\s*(?:x|\*|by)\s*[\dn?]", bare):
        parts = re.split(r"(?i)\s*(?:x|\*|\bby\b|;)\s*|,\s+", bare)
    elif "," in bare or ";" in bare:
        parts = re.split(r"\s*[,;]\s*", bare)
    elif re.fullmatch(r"\d+(?:\s*[-:_|]\s*\d+)+", bare):
        parts = re.split(r"\s*[-:_|]\s*", bare)
    else:
        parts = bare.split()
    parts = [part.strip() for part in parts]
    return parts if 0 < len(parts) <= _AXES else None


def _made(
    parts: list[str] | None, first: bool | None, text: str
) -> tuple[ReadExtents, ...] | Unreadable:
    shown = text if len(text) <= 40 else text[:39] + "…"
    refused = Unreadable(
        say("'{text}' is no volume; write the sides and the channels, like 20x30x40", text=shown)
    )
    if not parts:
        return refused
    batch = len(parts) > 1 and bool(_BATCH.fullmatch(parts[0]))
    dims = []
    for part in parts[1:] if batch else parts:
        if _GROUPED.fullmatch(part) and "." not in part:
            dims.append(Fraction(int(re.sub(r"\D", "", part)[:_DIGITS])))
        elif _EXTENT.fullmatch(part):
            dims.append(Fraction(part.replace(",", ".")))
        else:
            return refused
    note = say(_NO_BATCH) if batch else ""
    return (ReadExtents(tuple(dims), first, batch, plain=True, note=note),)


_SIDES = re.compile(
    r"[(\[]?\s*(\d{1,9})(?:\s*(?:[x*,;@]|by|\s)\s*(\d{1,9}))(?:\s*(?:[x*,;]|by)\s*(\d{1,9}))?\s*[)\]]?"
    r"|(\d{1,9})\s*(?:\^|\*\*)\s*[23]"
)


#: What says that a number holds along every side.
_ON_SIDES = re.compile(
    r"(?i)\s*(?:(?:on |along |in |per |of |pro |je |por )?(?:each|every|both|per|all|je|cada)?\s*"
    r"(?:sides?|directions?|seite|lado|dimensions?)|receptive field|input(?= pixels?)|of the input|"
    r"pixels? (?:of|in) the input)$|(?<=\d) input(?= (?:px|pixels?)$)"
)
#: A square with its area.
_AREA = re.compile(
    r"(?i)(?:(?P<a>\d{1,9}) ?[x*] ?(?P=a)|(?P<b>\d{1,9})\^2) ?= ?(?P<area>\d+(?:\^2)?)"
)


@kept_by_language(1024)
def read_side(raw: str) -> tuple[ReadNumber, ...] | Unreadable | Blank:
    """Read an extent that is the same along all sides, written once or for every side.

    >>> [each.text for each in read_side("51x51")], [each.text for each in read_side("51²")]
    (['51'], ['51'])
    >>> read_side("51x25").reason
    "the sides of '51x25' differ; one number is asked, which holds along every side"
    """
    text, _ = without_doubt(tidy(raw[:LONGEST]).removeprefix("=").strip().rstrip(".;,"))
    text = _ON_SIDES.sub("", _ASIDE.sub("", ABOUT.sub("", text)))
    text = _WORDS.sub("", re.sub(r"(?i)(?<=\d) ?(?:px|pixels?)(?:\^2)?", "", text)).strip()
    text = re.sub(r"(?i)^(\d+) ?[(\[]= ?(.*)[)\]]$", r"\1 (\2)", text.replace("-by-", " by "))
    text = re.sub(r"(?i)^(\d+) ?[(\[]\1 ?[x*] ?\1[)\]]$", r"\1x\1", text)
    if (area := _AREA.fullmatch(text)) is not None:
        also = read_number(area["area"])
        along = ReadNumber(
            Fraction(int(area["a"] or area["b"])), plain=False, note=say("along every side")
        )
        return (along, *(() if isinstance(also, Unreadable | Blank) else also))
    match = None if re.fullmatch(r"(?i)0x\d+", text) else _SIDES.fullmatch(text)
    sides = {int(side) for side in match.groups() if side} if match is not None else set()
    if not sides or (len(sides) > 1 and _GROUPED.fullmatch(text)):
        read = read_number(raw)
        return read_number(text) if isinstance(read, Unreadable) and text.isdigit() else read
    if len(sides) > 1:
        reason = say(
            "the sides of '{text}' differ; one number is asked, which holds along every side",
            text=text[:40],
        )
        return Unreadable(reason)
    return (ReadNumber(Fraction(sides.pop()), plain=False, note=say("along every side")),)


class VolumeForm(NamedTuple):
    """Extents with the channels last.

    `swapped`: they were written first, without saying so.  `other`: another notation of the same,
    with what was understood.
    """

    dims: tuple[Fraction, ...]
    swapped: bool = False
    other: str = ""

    @property
    def shape(self) -> Shape | None:
        """The volume, when all extents are whole and there is something in it."""
        if any(extent.denominator != 1 or extent < 1 for extent in self.dims):
            return None
        return shape_of(tuple(extent.numerator for extent in self.dims))


_NO_BATCH = to_say("the batch axis was left out")
_NO_BATCH_BEHIND = to_say("the batch axis behind the channels, where MATLAB has it, was left out")
_VECTOR = to_say("a vector is a volume with sides of 1")


def batch_text(size: Fraction) -> str:
    """Say that a batch in front was left out."""
    return say("a batch of {size} in front was left out", size=str(size))


def forms(
    extents: ReadExtents, key: Shape, *, channels_first: bool = False
) -> Iterator[VolumeForm]:
    """Yield what extents may mean for a cell whose key is `key`, likeliest first.

    `channels_first`: the whole sheet seems to be written so.
    """
    dims, other = extents.dims, say(_NO_BATCH) if extents.batch else ""
    wanted = len(whole(key))
    one_more = len(dims) == wanted + 1
    if one_more and wanted > 1 and dims[-1] == 1 and 1 not in (dims[0], whole(key)[-1]):
        dims, other = dims[:-1], say(_NO_BATCH_BEHIND)
    elif one_more and (dims[0] == 1 or (wanted > 1 and not dims[0] % 1)):
        other = say(_NO_BATCH) if dims[0] == 1 else batch_text(dims[0])
        dims = dims[1:]
    if isinstance(key, Vector):
        yield from _vector(dims, other)
        return
    if len(dims) == 1 and isinstance(key, Map) and set(key.sides) == {1}:
        yield VolumeForm((dims[0] ** 0,) * (wanted - 1) + dims, other=other or say(_VECTOR))
        return
    if len(dims) != wanted:
        yield VolumeForm(dims, other=other)
        return
    order = say("channels first") if extents.channels_first else ""
    last = VolumeForm(dims, other=other)
    first = VolumeForm((*dims[1:], dims[0]), swapped=not order, other=other or order)
    if extents.channels_first is False:
        yield last
    elif extents.channels_first or channels_first:
        yield from (first, last)
    else:
        yield from (last, first)


def _vector(dims: tuple[Fraction, ...], other: str) -> Iterator[VolumeForm]:
    """Read a vector, which may have sides of 1."""
    beyond = [extent for extent in dims if extent != 1]
    if len(dims) > 1 and len(beyond) <= 1:
        yield VolumeForm((beyond[0] if beyond else dims[0],), other=other or say(_VECTOR))
    else:
        yield VolumeForm(dims, other=other)
