"""The layer types in words, from the same classes that the reader uses."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from shapecalc.layers import ALIASES, BUILTIN, STRUCTURE, layer_class
from shapecalc.layers.fields import REQUIRED, Padding
from shapecalc.spec.statements import COMMON_KEYS, STRUCTURE_KEYS

if TYPE_CHECKING:
    from collections.abc import Iterator


class FieldHelp(NamedTuple):
    """A field: its name, what it holds, its default as one would write it, and a sentence."""

    name: str
    holds: str
    default: str
    doc: str


class LayerHelp(NamedTuple):
    """A layer type: all that a user needs to write one."""

    type: str
    summary: str
    aliases: tuple[str, ...]
    principal: str
    fields: tuple[FieldHelp, ...]
    rule: str
    counts: str
    learns: str
    example: str


#: What the words that build structure are for, and how they are written.
_STRUCTURE_HELP = {
    "repeat": ("the same layers several times", "repeat: {times: 3, layers: [conv3-64, relu]}"),
    "group": (
        "layers under one name, a row at --depth 1",
        "group: {name: conv2_x, layers: [conv3-64, relu]}",
    ),
    "side": (
        "branches beside the flow, which goes on unchanged",
        "side: {aux1: [avgpool: 5, dense: 1000]}",
    ),
}


def layer_help(word: str) -> LayerHelp:
    """Describe a type.  Raises `KeyError` for an unknown word."""
    word = ALIASES.get(word, word)
    if word in STRUCTURE:
        summary, example = _STRUCTURE_HELP[word]
        keys = STRUCTURE_KEYS[word]
        fields = tuple(FieldHelp(name, "", "", doc) for name, doc in keys.items())
        return LayerHelp(word, summary, (), "", fields, "", "", "", example)
    cls = layer_class(word)
    aliases = tuple(alias for alias, name in ALIASES.items() if name == word)
    fields = tuple(
        FieldHelp(
            field.name,
            field.kind.words,
            "required" if field.default is REQUIRED else written(field.default),
            field.doc,
        )
        for field in cls.fields()
    )
    return LayerHelp(
        word,
        cls.summary,
        aliases,
        cls.principal,
        fields,
        cls.rule,
        cls.counts,
        cls.learns,
        cls.example,
    )


def all_layers() -> Iterator[LayerHelp]:
    """Describe every type, in the order of the table."""
    return map(layer_help, (*BUILTIN, *STRUCTURE))


def common_fields() -> tuple[FieldHelp, ...]:
    """Describe the keys that every layer may carry."""
    return tuple(FieldHelp(name, "", "", doc) for name, doc in COMMON_KEYS.items())


def written(value: Any) -> str:  # noqa: ANN401
    """Write a default as one would write it in YAML."""
    if value is None:
        return "none"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, Padding):
        return value.mode if value.mode != "given" else "x".join(str(a) for a, _ in value.pairs)
    if isinstance(value, tuple):
        return "x".join(map(str, value))
    return f"{value:g}" if isinstance(value, float) else str(value)
