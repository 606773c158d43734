"""The JSON Schema takes all that the language takes: examples, pages, and every field's values."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Any

import jsonschema
import pytest
import yaml

from shapecalc.graph.scope import Scope, Scoped, read_value
from shapecalc.layers import BUILTIN, JOINS, layer_class
from shapecalc.layers.fields import Choice, SidesOf, UnreadError
from shapecalc.spec.built_in import BLOCKS
from shapecalc.spec.language import LayerHelp, all_layers, json_schema
from shapecalc.spec.yaml_compose import compose
from shapecalc.text import Source
from tests.paths import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shapecalc.layers.base import Layer
    from shapecalc.layers.fields import Declared

PAGES = (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")))


@cache
def validator() -> jsonschema.Draft202012Validator:
    return jsonschema.Draft202012Validator(json_schema())


def complaints(spec: object) -> list[str]:
    return [error.message for error in validator().iter_errors(spec)]


def of_layer(statement: object) -> list[str]:
    return complaints({"input": "8x8x8", "layers": [statement]})


@pytest.mark.parametrize("described", list(all_layers()), ids=lambda described: described.type)
def test_the_example_of_every_type(described: LayerHelp) -> None:
    assert of_layer(yaml.safe_load(described.example)) == []


def specs_of_pages() -> Iterator[Any]:
    """Yield every spec, or part of one, in a page: fenced as YAML, or printed by `cat`."""
    for page in PAGES:
        text = page.read_text("utf-8")
        fenced = re.findall(r"```yaml\n(.*?)```", text, re.DOTALL)
        printed = re.findall(
            r"^\$ cat \S+\.yaml\n(.*?)(?=^\$ |^```)", text, re.DOTALL | re.MULTILINE
        )
        for number, block in enumerate([*fenced, *printed]):
            tree = yaml.safe_load(block)
            if isinstance(tree, list):
                tree = {"input": "8x8x8", "layers": tree}
            if not {"title", "table", "vary"} & tree.keys():  # a homework, a paper's table
                yield pytest.param(tree, id=f"{page.stem}-{number}")


SPECS = list(specs_of_pages())


@pytest.mark.parametrize("spec", SPECS)
def test_every_spec_of_a_page(spec: object) -> None:
    assert complaints(spec) == []


def test_there_are_specs_in_the_pages() -> None:
    assert len(SPECS) >= 25


#: What may stand in a field: numbers and lists of all kinds, words, expressions.
VALUES = (
    "3", "-3", "0", "1.5", "0.5", "-0.5", "1e-5", "true", "false", "same", "causal", "valid",
    "[1, 2]", "[-1, 2]", "[0, 6]", "[[1, 2], [3, 4]]", "[1.5, 2]", "1x2", "1.5x2", "[0, -1]",
    "[0, null]", "[-2, null]", "[0, 8, 2]", "1 of 2", "{from: 2}", "{to: -1}",
    "{part: 1, of: [1, 2]}", "{part: 1, of: 2}", "all", "channels", "height", "positions",
    "[height, width]", "[channels]", "[0, 1]", "[2, 0, 1]", "2x3x4", "[2, 3, 4]", "[1]", "a",
    "[a, 2]", "n*2", "[n, 2*n]", "[[0, 1], [1]]", "2*n+1", "[[a, 1]]", "[1x2, 3]",
)  # fmt: skip
#: Where a name or an expression may stand, the schema cannot tell which; of numbers it can.
NUMBERS = ("3", "-3", "0", "1.5", "0.5", "-0.5", "true", "[1, 2]", "[-1, 2]", "[1.5, 2]", "[1]")


def described(word: str) -> type[Layer]:
    return BLOCKS[word] if word in BLOCKS else layer_class(word)


FIELDS = [
    pytest.param(word, declared, id=f"{word}-{declared.name}")
    for word in (*BUILTIN, *BLOCKS)
    for declared in described(word).fields()
    if not isinstance(declared.kind, SidesOf)  # a layer's name
]


def is_read(declared: Declared, text: str) -> bool:
    place = Scoped(Scope({"n": 4, "a": 2}), None)
    try:
        read_value(declared.kind, compose(Source("<value>", text)), place, lambda *_: 8)
    except UnreadError:
        return False
    return True


@pytest.mark.parametrize(("word", "declared"), FIELDS)
def test_what_a_field_takes_the_schema_takes(word: str, declared: Declared) -> None:
    options = declared.kind.options if isinstance(declared.kind, Choice) else ()
    taken = [text for text in (*VALUES, *options) if is_read(declared, text)]
    assert taken
    for text in taken:
        value = yaml.safe_load(text)
        assert of_layer({word: {declared.name: value}}) == [], text
        if declared.name == described(word).principal and not isinstance(value, dict):
            assert of_layer({word: value}) == [], text


@pytest.mark.parametrize(("word", "declared"), FIELDS)
def test_what_numbers_a_field_refuses_the_schema_refuses(word: str, declared: Declared) -> None:
    """Broken by a schema that takes everything: all but a rising interval can be told by it."""
    for text in NUMBERS:
        if not is_read(declared, text):
            assert of_layer({word: {declared.name: yaml.safe_load(text)}}), text


@pytest.mark.parametrize("word", sorted(JOINS))
def test_a_join_takes_branches_and_operands(word: str) -> None:
    for value in (
        [["relu"], []],
        {"from": ["a", "b"]},
        {"a": ["relu"], "b": {"if": "n == 1", "layers": []}},
        {"branches": [["relu"], ["tanh"]], "name": "both"},
        {"split": [2, 6], "branches": [["relu"], []]},
        {"split": 2, "a": ["relu"], "b": []},
    ):
        assert of_layer({word: value}) == [], value
