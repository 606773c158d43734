"""The language as JSON Schema, for completion and checks in an editor."""

from __future__ import annotations

from typing import Any

from shapecalc.layers import ALIASES, BUILTIN, JOINS, layer_class
from shapecalc.layers.fields import REQUIRED, Extents
from shapecalc.spec.grammar import EXPECTABLE, TOP_KEYS
from shapecalc.spec.layer_help import written
from shapecalc.spec.model import LANGUAGE_VERSION
from shapecalc.spec.statements import COMMON_KEYS, STRUCTURE_KEYS

Schema = dict[str, Any]

_NAME: Schema = {"type": "string", "description": "a name or an expression"}
_LAYERS: Schema = {"$ref": "#/$defs/layers"}
_NAMES: Schema = {"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]}
_IGNORED: Schema = {"^x-": True}
_VALUE: Schema = {
    "anyOf": [{"type": ["integer", "number", "boolean", "string"]}, {"type": "array"}]
}


def json_schema() -> Schema:
    """Return the JSON Schema (draft 2020-12) of a spec, made from the layers' fields."""
    words: Schema = {word: _layer(word) for word in BUILTIN}
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
        "input": Extents.schema,
        "inputs": {"type": "object", "additionalProperties": Extents.schema},
        "outputs": _NAMES,
        "let": {"type": "object", "additionalProperties": _VALUE},
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


def _block() -> Schema:
    fields: Schema = {
        "anyOf": [
            {"type": "array", "items": {"type": ["string", "object"]}},
            {"type": "object", "additionalProperties": {"anyOf": [_VALUE, {"type": "null"}]}},
        ]
    }
    return _object(
        {"fields": fields, "layers": _LAYERS, "note": {"type": "string"}},
        additional=False,
        required=["layers"],
    )


def _common() -> Schema:
    return {
        key: {**(_NAMES if key == "from" else {"type": "string"}), "description": doc}
        for key, doc in COMMON_KEYS.items()
    }


def _layer(word: str) -> Schema:
    """Describe a layer: nothing, its principal field's value, or a map of fields."""
    if word in JOINS:
        return _branches(word)
    cls = layer_class(word)
    fields: Schema = {}
    for field in cls.fields():
        described = {"description": field.doc, **_field(field.kind.schema)}
        if field.default is not REQUIRED and field.default is not None:
            described["description"] += f" (default {written(field.default)})"
        fields[field.name] = described
    forms: list[Schema] = [{"type": "null"}, _object({**fields, **_common()}, additional=False)]
    if cls.principal:
        forms.append(fields[cls.principal])
    return {"description": cls.summary, "anyOf": forms}


def _field(schema: Any) -> Schema:  # noqa: ANN401
    """Let a field also be a name or an expression."""
    return {"anyOf": [*schema["anyOf"], _NAME]} if "anyOf" in schema else {"anyOf": [schema, _NAME]}


def _branches(word: str) -> Schema:
    listed: Schema = {"type": "array", "items": _LAYERS}
    common = {key: value for key, value in _common().items() if key != "share"}
    named = _object(
        {**common, "branches": {"anyOf": [listed, {"type": "object"}]}}, additional=_LAYERS
    )
    description = (
        STRUCTURE_KEYS[word]["branches"] if word in STRUCTURE_KEYS else (layer_class(word).summary)
    )
    return {"description": description, "anyOf": [listed, named]}


def _repeat() -> Schema:
    doc = STRUCTURE_KEYS["repeat"]
    return _object(
        {
            **_common(),
            "layers": {**_LAYERS, "description": doc["layers"]},
            "times": {"type": ["integer", "string"], "description": doc["times"]},
            "index": {"type": "string", "description": doc["index"]},
            "for": {
                "type": "object",
                "additionalProperties": {"type": "array"},
                "description": doc["for"],
            },
        },
        additional=False,
        required=["layers"],
    )


def _group() -> Schema:
    return _object({**_common(), "layers": _LAYERS}, additional=False, required=["name", "layers"])
