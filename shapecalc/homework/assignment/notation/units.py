"""Words beside a number: what multiplies it, in several languages, and what only names it."""

from __future__ import annotations

import re
from typing import NamedTuple

_THOUSAND, _MILLION, _BILLION = 10**3, 10**6, 10**9

#: Words that multiply.  Those of two meanings have the likelier one first.
MULTIPLIERS: dict[str, tuple[int, ...]] = {
    **dict.fromkeys(("thousand", "thousands", "tausend", "tsd", "mille", "millier", "milliers"),
                    (_THOUSAND,)),
    **dict.fromkeys(("million", "millions", "millionen", "mio", "mill", "mln", "millón", "millon",
                     "millones"), (_MILLION,)),
    **dict.fromkeys(("bn", "mrd", "milliarde", "milliarden", "milliard", "milliards", "millardo",
                     "millardos", "mil millones"), (_BILLION,)),
    **dict.fromkeys(("billion", "billions"), (_BILLION, 10**12)),
    **dict.fromkeys(("billionen", "billón", "billones", "trillion", "trillions"), (10**12,)),
    "mil": (_THOUSAND, _MILLION),
    "lakh": (10**5,),
    "crore": (10**7,),
    **dict.fromkeys(("тыс", "тысяч", "тысячи"), (_THOUSAND,)),
    **dict.fromkeys(("млн", "миллион", "миллиона", "миллионов"), (_MILLION,)),
    **dict.fromkeys(("млрд", "миллиард", "миллиарда", "миллиардов"), (_BILLION,)),
    **dict.fromkeys(("万", "萬", "만"), (10**4,)),
    **dict.fromkeys(("亿", "億", "억"), (10**8,)),
}  # fmt: skip

_LETTERS = {"k": 1, "m": 2, "g": 3, "t": 4}
#: Prefixes in full, of which the second half is binary.
_PREFIXES = {"kilo": 1, "mega": 2, "giga": 3, "tera": 4, "kibi": 1, "mebi": 2, "gibi": 3, "tebi": 4}

#: What a letter may stand before: `MMac`, `GFLOPs`, `KB`, `kparams`.
_COUNTED = r"macs?|flops?|ops?|params?"
_BYTES = r"bytes?|octets?|oct|b|o"

#: Words that name what is counted.
_NAMES = (
    r"params?|parameters?|parametern?|par[aá]metros?|param[eè]tres?|weights?|gewichte?n?|pesos?|"
    r"poids|bias(?:es)?|sesgos?|macs?|flops?|ops|operations?|operationen|operaciones|op[eé]rations|"
    r"units?|neurons?|neuronen?|neuronas?|neurones?|connections?|verbindungen|conexiones|connexions|"
    r"einheit(?:en)?|unidad(?:es)?|trainierbare?|entrenables?|frozen|eingefrorene?|congelad[oa]s|"
    r"pixels?|p[ií]xeles|px|elements?|elementen?|elementos?|[eé]l[eé]ments?|numbers?|values?|werte|"
    r"valores|valeurs|activations?|aktivierungen|activaciones|mult(?:iply|i)?-?(?:adds?|"
    r"accumulates?)|multiplications?|multiplikationen|multiplicaciones|additions?|learnables?|"
    r"параметр\w*|весов|нейрон\w*|операци\w*|умножени\w*|байт\w*|шт\.?|[個个]|biais|mults?|"
    r"per (?:image|example|sample|input|inference|forward pass)|"
    r"trainable|total|totals|in total|insgesamt|en total|au total|gesamt|summe|sum"
)
NAMES_BEHIND = re.compile(
    rf"(?i)\s*(?<![a-zé])(?:(?:and|und|y|et|&|of|de|des|del|von|an)\s+|d')?(?:{_NAMES})\.?$"
)
NAMES_AHEAD = re.compile(
    rf"(?i)^(?:(?:#|no\. of|number of)\s*)?(?:{_NAMES}|rf|receptive field)\s*:\s*|^:\s*"
)
_SIZES = r"bytes?|octets?|floats?"
#: Words in a calculation, and the unit of one that takes nothing else: `290,400 x 4 bytes`.
NAMES_INSIDE = re.compile(
    rf"(?i)(?<=[\d)])\s*(?:{_NAMES}|{_SIZES}|b)\b(?=\s*[-+)x*])|(?<=[\d)])\s*(?:bytes?|octets?|b)$"
)
#: Words behind an answer, without a number of their own, that say what it takes in.
WITH_WORDS = re.compile(
    r"(?i)(?<=\w),?\s+(?:(?:with(?:out)?|incl(?:uding|uded|\.)?|excl(?:uding|uded|\.)?|mit|ohne|"
    r"inkl\.?|inklusive|exkl\.?|con|sin|incluyendo|avec|sans|y compris)\s|w/o?\s?)\s*"
    r"[^\W\d][^\d()\[\]=+*/]*$"
    r"|(?<=\w)\s*[(\[,]?\s*\b(?:b?float|fp|u?int)\s?(?:8|16|32|64)[)\]]?$"
    rf"|(?<=\w)[,;]\s+(?!(?:{'|'.join(sorted(MULTIPLIERS))})\b)[^\W\d][^\d()\[\]=+*/,;]+$"
)

_WORD = "|".join(sorted(map(re.escape, MULTIPLIERS), key=len, reverse=True))
UNIT = re.compile(
    rf"(?i)(?:(?P<word>{_WORD})\.?(?:\s*(?:(?:of|de) |d')?(?:bytes?|octets?|b(?![a-z])))?"
    rf"|(?P<letter>[kmgt])(?P<binary>i)?\s?(?P<of>{_BYTES}|{_COUNTED})?"
    rf"|(?P<prefix>kilo|m[eé]ga|giga|t[eé]ra|kibi|mebi|gibi|tebi)[\s-]?(?:{_BYTES}|{_COUNTED})?"
    rf"|(?P<byte>bytes?|octets?)|(?P<b>b))"
)


#: What is bits where somebody writes as the standards do, and bytes where somebody does not.
_BITS = re.compile("[kKMGT]b")


class UnitScale(NamedTuple):
    """What a unit multiplies by.

    `other`: where the homework takes K for another number of bytes, or b may be bits.
    """

    factor: int
    other: bool = False


def scales(unit: str, kilobyte: int) -> tuple[UnitScale, ...]:
    """Return what a unit may multiply by, likeliest first.

    `kilobyte` is what K means for bytes, 1000 or 1024; 0 where no bytes are counted.

    >>> [scale.factor for scale in scales("Mio.", 0)], [tuple(s) for s in scales("KB", 1000)]
    ([1000000], [(1000, False), (1024, True)])
    """
    match = UNIT.fullmatch(unit)
    if match is None or match["byte"] or (match["b"] and kilobyte):
        return (UnitScale(1),)
    if match["b"]:  # billions, or bytes where none are asked for
        return UnitScale(_BILLION), UnitScale(1)
    if match["word"]:
        return tuple(UnitScale(factor) for factor in MULTIPLIERS[match["word"].lower()])
    prefix = (match["prefix"] or "").lower().replace("é", "e")
    power = _PREFIXES[prefix] if prefix else _LETTERS[match["letter"].lower()]
    if match["binary"] or prefix.endswith("bi"):
        return (UnitScale(int(1024**power)),)
    if not kilobyte:
        return (UnitScale(int(1000**power)),)
    others = {1000: 1024, 1024: 1000}[kilobyte]
    read = [UnitScale(int(kilobyte**power)), UnitScale(int(others**power), other=True)]
    if _BITS.fullmatch(unit):
        read += [UnitScale(scale.factor // 8, other=True) for scale in read]
    return tuple(read)
