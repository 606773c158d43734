"""Headings as students write them: what a column holds, in which unit, of which layers."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

from shapecalc.homework.assignment.notation.typesetting import unset
from shapecalc.homework.assignment.quantities import QUANTITIES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from shapecalc.homework.assignment.quantities import AskedQuantity

#: Headings of the column that names the layers, those first that do so best.
LAYER_HEADINGS = (
    *("layer", "layers", "layer name", "name", "layer id", "name of layer", "schicht", "schichten"),
    *("capa", "capas", "nombre", "couche", "couches", "layer type", "module", "operation"),
    *("layer description", "row", "block", "stage", "type", "typ", "tipo"),
)

#: Headings of the column that names the network, where a homework asks about several.
NETWORK_WORDS = frozenset({"network", "net", "model", "architecture"})


def plain_word(text: str) -> str:
    """Reduce a heading to what tells it from others.

    >>> plain_word("# Parameters"), plain_word("Output_Volume"), plain_word("**MACs**")
    ('parameters', 'output volume', 'macs')
    """
    return _words(text) if len(text) < _LONG else _words.__wrapped__(text)


#: Headings are shorter than this; longer texts are not remembered.
_LONG = 60


@lru_cache(maxsize=4096)
def _words(text: str) -> str:
    return " ".join(re.sub(r"[^\w\s-]|_", " ", text.casefold()).split())


_BRACKETS = re.compile(r"\([^()]*\)|\[[^\[\]]*\]")


def layers_column(header: Sequence[str]) -> int | None:
    """Return the column that names the layers; a first one without a heading may be it.

    >>> layers_column(["type", "Layer (type)", "params"]), layers_column(["", "output", "params"])
    (1, 0)
    >>> layers_column(["", "note", "params"]), layers_column(["output", "params"])
    (None, None)
    """
    words = [_naming(cell[:_LONG]) for cell in header]
    for heading in LAYER_HEADINGS:
        if heading in words:
            return words.index(heading)
    if not words or header[0].strip():
        return None
    known = sum(quantity_of(cell) is not None for cell in header)
    return 0 if known > 1 else None


@lru_cache(maxsize=4096)  # all rows of the sheets of a class are asked
def _naming(text: str) -> str:
    return plain_word(_BRACKETS.sub(" ", text))


_BY_WORD = {
    word: quantity
    for quantity in QUANTITIES.values()
    for word in (quantity.key, *map(plain_word, quantity.headings))
}

#: Words of a heading that say what is counted, by quantity, in the languages of classes.
_CORES = {
    "output": """output outputs out volume activation activations featuremap ausgabe ausgang
        ausgabevolumen ausgabegröße ausgabeform ausgabedimension ausgabedimensionen salida volumen
        sortie ofm""",
    "units": "neurons neuronen neuronas neurones units einheiten unidades",
    "weights": "weights weight gewichte pesos poids",
    "biases": "biases bias sesgos biais biase",
    "params": "params param parameters parameter parámetros parametros paramètres parametern",
    "trainable": "trainable trainierbar entrenables",
    "frozen": "frozen nontrainable eingefroren congelados",
    "macs": """macs mac multiplyadds multadds multiplyaccumulates macc maccs multiplications
        multiplikationen multiplicaciones""",
    "flops": "flops flop operations ops operationen operaciones opérations",
    "memory": "memory speicher speicherbedarf speicherplatz memoria mémoire bytes",
    "connections": "connections verbindungen conexiones connexions",
    "rf": "rf receptivefield",
}
_CORE_OF = {word: key for key, words in _CORES.items() for word in words.casefold().split()}
#: Words of several, written as one.
_JOINED = (
    (r"h ?x? ?w ?x? ?[cd]|c ?x? ?h ?x? ?w", ""),
    (r"non[ -]?trainable(?: param\w*| weights)?", "nontrainable"),
    (r"trainable param\w*|trainierbare param\w*|parámetros entrenables", "trainable"),
    (r"[kmg](macs?|flops?|params?)", r"\1"),
    (
        r"(?:activation|feature|ausgabe)[ -]?(?:maps?|karten?)|mapas? de características",
        "featuremap",
    ),
    (r"receptive[ -]fields?|rezeptives feld|campo receptivo|champ réceptif", "receptivefield"),
    (r"mult(?:iply|i)?[ -]add(?:ition)?s?", "multiplyadds"),
    (r"multiply[ -]accumulate(?:s| operations?)?|mac operations?", "multiplyaccumulates"),
    (r"floating[ -]point operations", "flops"),
    (r"weights? (?:and |und |y |et )?bias(?:es)?|pesos y sesgos|gewichte und biase?", "params"),
)
#: Words that say how a number or a volume is given.
_EXTENT_WORDS = """size shape dimension dimensions dims dim volume größe groesse form maße
    abmessungen tamaño forma dimensiones dimensión taille"""
_EXTENTS = frozenset(_EXTENT_WORDS.casefold().split())
_IDLE_WORDS = """the of no nr nº num number numbers count cnt total learnable learned trained each
    per layer this its in der die das des anzahl lernbare zahl número numero de del los las la el
    nombre gesamt totales totals chw hwc footprint required needed"""
_IDLE = frozenset(_IDLE_WORDS.split())


def quantity_of(heading: str) -> AskedQuantity | None:
    """Return the quantity that a heading means, its unit apart; None for any other heading.

    >>> quantity_of("# Parameters").key, quantity_of("MACs (M)").key, quantity_of("kernel")
    ('params', 'macs', None)
    >>> quantity_of("Activation map dimensions").key, quantity_of("Number of learnable params").key
    ('output', 'params')
    """
    return _quantity(heading) if len(heading) < _LONG else _quantity.__wrapped__(heading[:100])


@lru_cache(maxsize=4096)
def _quantity(heading: str) -> AskedQuantity | None:
    bare = _UNIT_BEHIND.sub("", _BRACKETS.sub(" ", unset(heading).translate(_TIMES)))
    word = plain_word(bare)
    return _BY_WORD.get(word) or _composed(word)


def _composed(word: str) -> AskedQuantity | None:
    """Return what a heading of several words means: one core, and what goes with it."""
    for pattern, joined in _JOINED:
        word = re.sub(rf"\b(?:{pattern})(?!\w)", joined, word)
    words = [part for part in re.split(r"[\s-]+", word) if part and part not in _IDLE]
    cores = {_CORE_OF[part] for part in words if part in _CORE_OF}
    extents = [part for part in words if part in _EXTENTS]
    if len(words) > sum(part in _CORE_OF or part in _EXTENTS for part in words):
        return None
    if cores == {"output"} and (extents or words != ["activations"]):
        return QUANTITIES["output"]
    if cores == {"output", "units"}:
        return QUANTITIES["units"]
    if len(cores) == 1 and (not extents or cores <= {"memory", "rf"}):
        return QUANTITIES[cores.pop()]
    return None


#: Units that a heading states: in brackets, or behind a word or a sign.
_UNIT_WORDS = {
    "K": "thousand thousands 1000s 000s tausend tsd miles k 10^3 1e3 1000 1,000",
    "M": "million millions millionen mio millones m 10^6 1e6 1000000 1,000,000",
    "G": "billion billions milliarden mrd g 10^9 1e9",
}
_UNIT_OF = {word: unit for unit, words in _UNIT_WORDS.items() for word in words.split()}
_WORD = "|".join(map(re.escape, sorted(_UNIT_OF, key=len, reverse=True)))
_STATED = (
    r"(?P<unit>[KMGT]i?B?|bytes|B|[KMG](?:MACs?|FLOPs?|params))"
    rf"|(?:in |[x*] ?)?(?P<word>{_WORD})"
)
_UNIT_INSIDE = re.compile(rf"(?i)[(\[]\s*(?:in\s+)?(?:{_STATED})\.?\s*[)\]]")
_UNIT_BEHIND = re.compile(rf"(?i)(?:\s+in\s+|\s*[/,]\s*|\s+(?=[x*] ?1))(?:{_STATED})\.?\s*$")
_UNIT_AHEAD = re.compile(r"\b(?P<unit>[KMG])(?=(?:MACs?|FLOPs?|[Pp]arams?)\b)")
_TIMES = str.maketrans("\N{MULTIPLICATION SIGN}\N{DOT OPERATOR}", "xx")


def unit_in(heading: str) -> str:
    """Return the unit that a heading states, in brackets, behind it or before it, or nothing.

    >>> unit_in("MACs (M)"), unit_in("memory [KB]"), unit_in("params")
    ('M', 'KB', '')
    >>> unit_in("Params (thousands)"), unit_in("MACs x10^6"), unit_in("memory in KB")
    ('K', 'M', 'KB')
    """
    plain = unset(heading[:100]).translate(_TIMES)
    for pattern in (_UNIT_INSIDE, _UNIT_BEHIND, _UNIT_AHEAD):
        match = pattern.search(plain)
        if match is not None:
            word = match.groupdict().get("word")
            return _UNIT_OF[word.casefold()] if word else match["unit"]
    return ""
