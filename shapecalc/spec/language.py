"""The language told from the classes that read it: its layer types in words, and JSON Schema."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from shapecalc.layers import ALIASES, BUILTIN, JOINS, STRUCTURE, layer_class
from shapecalc.layers.fields import REQUIRED, Extents, Padding
from shapecalc.spec import LANGUAGE_VERSION
from shapecalc.spec.built_in import BLOCKS
from shapecalc.spec.grammar import EXPECTABLE, LAYOUTS, PLAIN_FORMS, TOP_KEYS
from shapecalc.spec.tree_reader import COMMON_KEYS, STRUCTURE_KEYS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shapecalc.layers.base import Layer


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
    unsaid: str = ""
    """What holds where a table's "what it does" says nothing of it."""


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
    cls = _described(word)
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
        ", ".join(dict.fromkeys(field.unsaid for field in cls.fields() if field.unsaid)),
    )


def _described(word: str) -> type[Layer]:
    """Return the class that declares the fields of a type or of a built-in block."""
    return BLOCKS[word] if word in BLOCKS else layer_class(word)


def all_layers() -> Iterator[LayerHelp]:
    """Describe every type, in the order of the table."""
    return map(layer_help, (*BUILTIN, *BLOCKS, *STRUCTURE))


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


Schema = dict[str, Any]

_NAME: Schema = {"type": "string", "description": "a name or an expression"}
_LAYERS: Schema = {"$ref": "#/$defs/layers"}
_NAMES: Schema = {"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]}
_CONDITION: Schema = {"type": ["boolean", "string", "integer"]}
_COMMON_SCHEMAS: Schema = {
    "from": _NAMES,
    "trainable": {"anyOf": [{"type": "boolean"}, _NAME]},
    "if": _CONDITION,
    "inherit": {"type": "boolean"},
}
_PARTS: Schema = {"anyOf": [{"type": ["integer", "string"]}, {"type": "array"}]}
_SPLIT: Schema = {
    "anyOf": [*_PARTS["anyOf"], {"type": "object", "maxProperties": 1, "minProperties": 1}]
}
_IGNORED: Schema = {"^x-": True}
_VALUE: Schema = {
    "anyOf": [{"type": ["integer", "number", "boolean", "string"]}, {"type": "array"}]
}


def json_schema() -> Schema:
    """Return the JSON Schema (draft 2020-12) of a spec, made from the layers' fields."""
    words: Schema = {word: _layer(word) for word in (*BUILTIN, *BLOCKS)}
    words |= {alias: words[word] for alias, word in ALIASES.items()}
    words |= {"repeat": _repeat(), "group": _group(), "side": _branches("side")}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "shapecalc spec",
        "description": "a convolutional network, layer by layer",
        **_object(_top(), additional=False),
        "$defs": {
            "layers": {"type": "array", "items": {"$ref": "#/$defs/statement"}},
            "statement": {
                "anyOf": [
                    {"type": "string", "description": "a layer type, a block, or a paper's word"},
                    {
                        "type": "object",
                        "minProperties": 1,
                        "maxProperties": 1,
                        "properties": words,
                        "additionalProperties": {"type": ["object", "null", "string", "number"]},
                    },
                ]
            },
        },
    }


def _object(properties: Schema, *, additional: bool | Schema, required: list[str] = []) -> Schema:  # noqa: B006
    schema: Schema = {
        "type": "object",
        "properties": properties,
        "patternProperties": _IGNORED,
        "additionalProperties": additional,
    }
    return {**schema, "required": required} if required else schema


def _top() -> Schema:
    edits: Schema = {"type": "object", "additionalProperties": _LAYERS}
    types: Schema = {
        "shapecalc": {"const": LANGUAGE_VERSION},
        "input": _input(),
        "inputs": {"type": "object", "additionalProperties": _input()},
        "layout": {"enum": list(LAYOUTS)},
        "outputs": _NAMES,
        "let": {"type": "object", "additionalProperties": _VALUE},
        "trainable": _COMMON_SCHEMAS["trainable"],
        "defaults": {"type": "object", "additionalProperties": {"type": "object"}},
        "blocks": {"type": "object", "additionalProperties": _block()},
        "layers": _LAYERS,
        "change": {"type": "object", "additionalProperties": {"type": "object"}},
        "remove": _NAMES,
        "before": edits,
        "after": edits,
        "expect": _object(
            {
                **{column: {"type": ["integer", "string"]} for column in EXPECTABLE},
                "source": {"type": "string"},
            },
            additional=False,
        ),
    }
    return {
        key: {**types.get(key, {"type": "string"}), "description": doc}
        for key, doc in TOP_KEYS.items()
    }


def _input() -> Schema:
    """Describe a shape: its extents in their order, or by their names."""
    extent: Schema = {"type": ["integer", "string"]}
    named = [
        _object(dict.fromkeys(form, extent), additional=False, required=list(form))
        for form in PLAIN_FORMS
    ]
    return {"anyOf": [*Extents.schema["anyOf"], *named]}


def _block() -> Schema:
    fields: Schema = {
        "anyOf": [
            {"type": "array", "items": {"type": ["string", "object"]}},
            {"type": "object", "additionalProperties": {"anyOf": [_VALUE, {"type": "null"}]}},
        ]
    }
    return _object(
        {
            "fields": fields,
            "let": {"type": "object", "additionalProperties": _VALUE},
            "layers": _LAYERS,
            "note": {"type": "string"},
        },
        additional=False,
        required=["layers"],
    )


def _common() -> Schema:
    return {
        key: {**_COMMON_SCHEMAS.get(key, {"type": "string"}), "description": doc}
        for key, doc in COMMON_KEYS.items()
    }


def _without_inherit() -> Schema:
    return {key: value for key, value in _common().items() if key != "inherit"}


def _layer(word: str) -> Schema:
    """Describe a layer: nothing, its principal field's value, or a map of fields."""
    if word in JOINS:
        return _branches(word)
    cls = _described(word)
    fields = _fields(cls)
    forms: list[Schema] = [{"type": "null"}, _object({**fields, **_common()}, additional=False)]
    if cls.principal:
        forms.append(fields[cls.principal])
    return {"description": cls.summary, "anyOf": forms}


def _fields(cls: type[Layer]) -> Schema:
    """Describe the fields of a layer."""
    fields: Schema = {}
    for field in cls.fields():
        described = {"description": field.doc, **_field(field.kind.schema)}
        if field.default is not REQUIRED and field.default is not None:
            described["description"] += f" (default {written(field.default)})"
        fields[field.name] = described
    return fields


def _field(schema: Any) -> Schema:  # noqa: ANN401
    """Let a field also be a name or an expression."""
    return {"anyOf": [*schema["anyOf"], _NAME]} if "anyOf" in schema else {"anyOf": [schema, _NAME]}


def _branches(word: str) -> Schema:
    body: Schema = {
        "anyOf": [
            _LAYERS,
            _object({"if": _CONDITION, "layers": _LAYERS}, additional=False, required=["layers"]),
        ]
    }
    listed: Schema = {"type": "array", "items": body}
    common = {key: value for key, value in _without_inherit().items() if key != "share"}
    fields: Schema = {} if word in STRUCTURE_KEYS else _fields(layer_class(word))
    # A branch may have the name of a field.
    either = {name: {"anyOf": [field, _LAYERS, _NAME]} for name, field in fields.items()}
    named = _object(
        {
            **common,
            "split": {**_SPLIT, "description": "split what flows in, a part for each branch"},
            **either,
            "branches": {"anyOf": [listed, {"type": "object"}]},
        },
        additional=body,
    )
    description = (
        STRUCTURE_KEYS[word]["branches"] if word in STRUCTURE_KEYS else (layer_class(word).summary)
    )
    forms = [listed, named]
    if fields:
        forms.append(fields[layer_class(word).principal])
    return {"description": description, "anyOf": forms}


def _repeat() -> Schema:
    doc = STRUCTURE_KEYS["repeat"]
    return _object(
        {
            **_without_inherit(),
            "layers": {**_LAYERS, "description": doc["layers"]},
            "times": {"type": ["integer", "string"], "description": doc["times"]},
            "index": {"type": "string", "description": doc["index"]},
            "for": {
                "type": "object",
                "additionalProperties": {"type": ["array", "string"]},
                "description": doc["for"],
            },
        },
        additional=False,
        required=["layers"],
    )


def _group() -> Schema:
    return _object(
        {**_without_inherit(), "layers": _LAYERS}, additional=False, required=["name", "layers"]
    )
