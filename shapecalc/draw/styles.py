"""How every kind of shape looks, in light and in dark: the one place that knows colours."""

from __future__ import annotations

from typing import Literal, NamedTuple, TypeAlias

Scheme: TypeAlias = Literal["light", "dark"]


class Look(NamedTuple):
    """Colours of a kind as (light, dark), "" for none; a line's width and dashes in pixels."""

    fill: tuple[str, str] = ("", "")
    line: tuple[str, str] = ("", "")
    thick: float = 1.2
    dashes: tuple[float, ...] = ()
    bold: bool = False

    def colours(self, scheme: Scheme) -> tuple[str, str]:
        """Return what the inside and what the line is drawn with."""
        at = ("light", "dark").index(scheme)
        return self.fill[at], self.line[at]


#: What families of layers are filled and lined with; the sides of a solid are darker and paler.
FAMILIES: dict[str, Look] = {
    "input": Look(("#eceff3", "#2a323c"), ("#5f6c7b", "#9fb0c3")),
    "conv": Look(("#d6e6f9", "#1c3a5c"), ("#2465ab", "#7db4f0")),
    "pool": Look(("#fde2c6", "#4d3116"), ("#b45f06", "#f2ab5e")),
    "dense": Look(("#d5efd9", "#1b432a"), ("#277a3d", "#77cf90")),
    "norm": Look(("#e9dff6", "#3a2a56"), ("#7348ac", "#bd9ff0")),
    "activation": Look(("#faf0bd", "#443a0e"), ("#877000", "#dcc54f")),
    "join": Look(("#cdeeee", "#123f42"), ("#157478", "#63cdd1")),
    "attention": Look(("#fbdce8", "#521f36"), ("#b02f68", "#f093ba")),
    "recurrent": Look(("#f7dcd7", "#4f2720"), ("#ad3f2b", "#f0a08f")),
    "reshape": Look(("#e8e8e2", "#34342f"), ("#6a6a5d", "#b4b4a3")),
    "opaque": Look(("#ffffff", "#12171d"), ("#6b7685", "#93a1b1"), dashes=(4, 3)),
}
#: What families are called under a picture.
FAMILY_WORDS: dict[str, str] = {
    "input": "input",
    "conv": "convolution",
    "pool": "pooling",
    "dense": "dense",
    "norm": "normalisation",
    "activation": "activation",
    "join": "join",
    "attention": "attention",
    "recurrent": "recurrent",
    "reshape": "reshaping",
    "opaque": "without a rule",
}
#: The family of each kind of layer, by the module that has its class.
FAMILY_OF: dict[str, str] = {
    "conv": "conv",
    "depthwise": "conv",
    "transposed": "conv",
    "pool": "pool",
    "globalpool": "pool",
    "dense": "dense",
    "lrn": "norm",
    "norm": "norm",
    "rmsnorm": "norm",
    "activation": "activation",
    "gated": "activation",
    "recurrent": "recurrent",
    "embedding": "dense",
    "reshape": "reshape",
    "slicing": "reshape",
    "partition": "reshape",
    "merge": "join",
    "arithmetic": "join",
    "reduce": "pool",
    "trained": "norm",
    "product": "attention",
    "attention": "attention",
    "opaque": "opaque",
}


def _mixed(colour: str, other: str, part: float) -> str:
    """Mix a part of another colour into one."""
    numbers = [int(colour[at : at + 2], 16) for at in (1, 3, 5)]
    others = [int(other[at : at + 2], 16) for at in (1, 3, 5)]
    mix = (round(a + (b - a) * part) for a, b in zip(numbers, others, strict=True))
    return "#" + "".join(f"{value:02x}" for value in mix)


def _face(look: Look, part: float) -> Look:
    """Return how a solid's other face looks: some of its line's colour is in its own."""
    light, dark = (_mixed(*pair, part) for pair in zip(look.fill, look.line, strict=True))
    return look._replace(fill=(light, dark))


#: A solid is lit from above, so that the face at its side is the darker one.
FACES: dict[str, float] = {"top": 0.08, "side": 0.24}
#: Lines of a chart that must be told apart, by colour and by dashes.
SERIES: dict[str, Look] = {
    f"series-{number}": Look(line=colours, thick=1.8, dashes=dashes)
    for number, (colours, dashes) in enumerate(
        (colours, dashes)
        for dashes in ((), (6, 3))
        for colours in (
            ("#2465ab", "#6aa7ea"),
            ("#c2571a", "#ee8d52"),
            ("#1f8a70", "#54c9ab"),
            ("#7348ac", "#b394ea"),
            ("#877000", "#d3ba3f"),
        )
    )
}

#: Entries of the arrays of a worked example, by what the arrays are; a thick rim around the one
#: that is computed.
ENTRIES: dict[str, Look] = {
    "entry-input": FAMILIES["conv"],
    "entry-weights": FAMILIES["pool"],
    "entry-gradient": FAMILIES["attention"],
    "entry-before": FAMILIES["norm"],
    "entry-made": FAMILIES["dense"]._replace(thick=2.4),
}

#: What became of answers; those that are not right are told apart by how light they are, too.
OUTCOMES: dict[str, Look] = {
    "outcome-right": Look(("#277a3d", "#5fb97a")),
    "outcome-own": Look(("#7cc08d", "#2f6f43")),
    "outcome-convention": Look(("#b9dfc2", "#234f31")),
    "outcome-mistake": Look(("#e0872f", "#e39a52")),
    "outcome-wrong": Look(("#b3261e", "#ff8f86")),
    "outcome-unreadable": Look(("#7348ac", "#b394ea")),
    "outcome-blank": Look(("#d3d9e0", "#46525f")),
}

STYLES: dict[str, Look] = {
    **FAMILIES,
    **OUTCOMES,
    **ENTRIES,
    **{
        f"{kind}-{face}": _face(look, part)
        for kind, look in FAMILIES.items()
        for face, part in FACES.items()
    },
    **{f"{kind}-rim": Look(line=look.line, thick=0.8) for kind, look in FAMILIES.items()},
    **SERIES,
    **{f"{kind}-dot": Look(fill=look.line) for kind, look in SERIES.items()},
    "paper": Look(("#ffffff", "#12171d")),
    "entry": Look(("#ffffff", "#12171d"), ("#c3cbd5", "#3d4956"), thick=0.8),
    "text": Look(("#1b2430", "#e8edf3")),
    "strong": Look(("#1b2430", "#e8edf3"), bold=True),
    "muted": Look(("#5a6675", "#a3b0bf")),
    "muted-line": Look(line=("#c3cbd5", "#3d4956"), thick=1),
    "muted-dashes": Look(line=("#93a0ae", "#6b7988"), thick=1, dashes=(4, 3)),
    "cone": Look(("#f7f1d2", "#2e290f")),
    "edge": Look(line=("#5f6c7b", "#9fb0c3"), thick=1.4),
    "skip": Look(line=("#157478", "#63cdd1"), thick=1.4),
    "level": Look(("#f6f8fa", "#181f27"), ("#b9c3ce", "#465362"), dashes=(5, 3)),
    "node": Look(("#f6f8fa", "#1d2530"), ("#5f6c7b", "#9fb0c3")),
    "kernel": Look(("#fff1ef", "#401512"), ("#b3261e", "#ff8f86"), thick=1.1),
    "ray": Look(line=("#b3261e", "#ff8f86"), thick=0.7, dashes=(3, 2)),
    "bar-params": Look(("#c2571a", "#ee8d52")),
    "bar-macs": Look(("#2465ab", "#6aa7ea")),
    "bar-activations": Look(("#1f8a70", "#54c9ab")),
    "bar-memory": Look(("#7348ac", "#b394ea")),
    "bar-rf": Look(("#877000", "#d3ba3f")),
    "bar-rest": Look(("#e4e8ed", "#262f39")),
    "peak": Look(("#b3261e", "#ff8f86"), bold=True),
    "good": Look(("#277a3d", "#77cf90")),
    "bad": Look(("#b3261e", "#ff8f86")),
}


def family(layer_class: type | None) -> str:
    """Return the kind of the family that a class of layers belongs to; of no layer: the input's."""
    if layer_class is None:
        return "input"
    return FAMILY_OF[layer_class.__module__.rpartition(".")[2]]
