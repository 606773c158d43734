"""Limits that Python or a library would enforce: ours come first, with our code and our words."""

from __future__ import annotations

import csv
import json
import sys
from typing import TYPE_CHECKING

import pytest
import yaml

from shapecalc.errors import SpecErrors
from shapecalc.homework.answers.files import read_answers
from shapecalc.homework.answers.tables import LONGEST_CELL
from shapecalc.homework.assignment.notation.numerals import Unreadable, read_number
from shapecalc.homework.assignment.notation.volumes import read_volume
from shapecalc.homework.classroom.roster import read_roster
from shapecalc.homework.classroom.store import MAX_DIGITS, from_json, parse
from shapecalc.homework.variants.variant_list import parse_variants
from shapecalc.spec import yaml_compose as compose
from shapecalc.text import Source
from tests.spec.support import codes_of, problems_of

if TYPE_CHECKING:
    from collections.abc import Iterator

#: More digits than Python makes a number of.
DIGITS = "9" * 5_000
LONG = "a" * 140_000

#: Both of PyYAML's parsers, where there are two, in one order in every process.
LOADERS = [yaml.Loader, *([yaml.CLoader] if hasattr(yaml, "CLoader") else [])]


@pytest.fixture(params=["Python's limits", "lower limits"])
def lower(request: pytest.FixtureRequest) -> Iterator[None]:
    """Let Python refuse even earlier than it does today."""
    digits, cell = sys.get_int_max_str_digits(), csv.field_size_limit()
    if request.param == "lower limits":
        sys.set_int_max_str_digits(640)
        csv.field_size_limit(LONGEST_CELL + 1)
    yield
    sys.set_int_max_str_digits(digits)
    csv.field_size_limit(cell)


def code_and_message(text: str, name: str) -> tuple[str, str]:
    with pytest.raises(SpecErrors) as caught:
        read_answers(text.encode(), name)
    (problem,) = caught.value.problems
    return problem.code, problem.message


# --- digits -------------------------------------------------------------------------------------

HEAD = "input: 8x8x3\n"


#: Numbers in a spec with more digits than Python reads, and the code of the answer.
SPECS = {
    "units": (HEAD + f"layers: [dense: {DIGITS}]\n", "E115"),
    "700 digits": (HEAD + f"layers: [dense: {'9' * 700}]\n", "E115"),
    "a power of ten": (HEAD + f"layers: [dense: 1e{DIGITS}]\n", "E115"),
    "a paper's word": (HEAD + f"layers: [conv{DIGITS}-{DIGITS}]\n", "E112"),
    "a constant": (HEAD + f"let: {{k: {DIGITS}}}\nlayers: [dense: k]\n", "E115"),
    "times": (HEAD + f"layers: [repeat: {{times: {DIGITS}, layers: [relu]}}]\n", "E115"),
    "an expectation": (HEAD + f"layers: [relu]\nexpect: {{params: {DIGITS}}}\n", "E115"),
    "an input": (f"input: {DIGITS}x{DIGITS}x3\nlayers: [relu]\n", "E115"),
    "a tower of powers": (HEAD + "layers: [dense: " + "9**" * 20 + "9]\n", "E115"),
}


@pytest.mark.usefixtures("lower")
@pytest.mark.parametrize("name", SPECS)
def test_digits_in_a_spec(name: str) -> None:
    text, code = SPECS[name]
    (problem,) = problems_of(text)
    assert problem.code == code
    assert "conversion" not in problem.message + problem.hint


@pytest.mark.usefixtures("lower")
@pytest.mark.parametrize(
    "word", [DIGITS, f"{DIGITS}x{DIGITS}x3", f"1e{DIGITS}", f"0.{DIGITS}", f"(1,{DIGITS})"]
)
@pytest.mark.parametrize(
    ("name", "form"),
    [
        ("a.yaml", "conv1:\n  output: {}\n"),
        ("a.json", '{{"conv1": {{"output": "{}"}}}}'),
        ("a.csv", 'layer,output\nconv1,"{}"\n'),
        ("a.md", "| layer | output |\n|--|--|\n| conv1 | {} |\n"),
    ],
)
def test_digits_in_answers(name: str, form: str, word: str) -> None:
    (cell,) = read_answers(form.format(word).encode(), name).cells
    assert cell.raw == word
    assert isinstance(read_volume(cell.raw), Unreadable)
    assert isinstance(read_number(cell.raw), Unreadable)


@pytest.mark.usefixtures("lower")
def test_digits_in_json_are_a_text() -> None:
    (cell,) = read_answers(f'{{"conv1": {{"params": {DIGITS}}}}}'.encode(), "a.json").cells
    assert cell.raw == DIGITS


@pytest.mark.usefixtures("lower")
@pytest.mark.parametrize("digits", [DIGITS, "-" + DIGITS, "1" * (MAX_DIGITS + 1)])
def test_digits_in_a_class(digits: str) -> None:
    with pytest.raises(SpecErrors, match=f"^E740: .*a number has more than {MAX_DIGITS} digits"):
        parse(f'{{"students": [{digits}]}}', "class.json")


# --- cells --------------------------------------------------------------------------------------

CELLS = {
    "a word": f"layer,output,params\nconv1,{LONG},1\n",
    "in quotes": f'layer,output,params\nconv1,"{LONG}",1\n',
    "an open quote": 'layer,output,params\nconv1,"' + "x\n" * 70_000,
    "below Python's limit": f"layer,output,params\nconv1,{'a' * (LONGEST_CELL + 1)},1\n",
}


@pytest.mark.usefixtures("lower")
@pytest.mark.parametrize("name", CELLS)
def test_a_long_cell_of_a_table(name: str) -> None:
    assert code_and_message(CELLS[name], "a.csv") == (
        "E701",
        "the table cannot be read: a cell holds more than 100,000 characters",
    )


@pytest.mark.usefixtures("lower")
@pytest.mark.parametrize("name", CELLS)
def test_a_long_cell_of_a_roster(name: str) -> None:
    text = CELLS[name].replace("layer,output", "id,name")
    with pytest.raises(SpecErrors, match=r"^E710: .*a cell holds more than 100,000 characters"):
        read_roster(text.encode(), "class.csv")


@pytest.mark.usefixtures("lower")
@pytest.mark.parametrize("name", CELLS)
def test_a_long_cell_of_a_list_of_variants(name: str) -> None:
    text = CELLS[name].replace("layer,output", "student,stamp")
    with pytest.raises(SpecErrors, match=r"^E753: .*a cell holds more than 100,000 characters"):
        parse_variants(Source("variants.csv", text))


def test_a_cell_as_long_as_may_be() -> None:
    text = f"layer,output\nconv1,{'a' * LONGEST_CELL}\n"
    (cell,) = read_answers(text.encode(), "a.csv").cells
    assert len(cell.raw) == LONGEST_CELL


def test_another_complaint_of_the_reader_stays() -> None:
    text = "student,stamp,k\n" + "a,b,1\n" * 30_000 + "a\rb,c,1\n"
    with pytest.raises(SpecErrors, match=r"^E753: .*new-line character"):
        parse_variants(Source("variants.csv", text))


# --- depth --------------------------------------------------------------------------------------


@pytest.mark.parametrize("depth", [101, 500, 900, 3_000, 100_000])
@pytest.mark.parametrize(("opened", "closed"), [("[", "]"), ('{"a": ', "}"), ('[{"a]": ', "}]")])
def test_nested_answers(opened: str, closed: str, depth: int) -> None:
    levels = -(-depth // len(closed))
    if levels * len(opened + closed) > 200_000:
        levels = 20_000
    text = opened * levels + "1" + closed * levels
    refused = ("E702", "lists and maps are nested too deeply")
    assert code_and_message(text, "a.json") == refused
    assert code_and_message(opened * levels, "a.json") == refused
    assert code_and_message(text, "a.yaml")[0] == "E103"


def test_answers_as_deep_as_may_be() -> None:
    inner = json.dumps({"[" * 200: "{" * 200, "conv1": {"output": '1"]' + "[" * 200}})
    text = "[" * 99 + inner + "]" * 99
    assert code_and_message(text, "a.json")[0] == "E702"
    with pytest.raises(SpecErrors, match="names no layer"):
        read_answers((text[1:-1]).encode(), "a.json")


@pytest.mark.parametrize("depth", [500, 3_000, 100_000])
def test_a_nested_class(depth: int) -> None:
    with pytest.raises(SpecErrors, match=r"^E740"):
        from_json("[" * depth + "]" * depth, "class.json")


# --- YAML's keys and aliases --------------------------------------------------------------------


@pytest.mark.parametrize("loader", LOADERS)
@pytest.mark.parametrize("key", ["a" * 1_030, '"' + "a" * 1_030 + '"', "a b " * 300])
def test_a_long_key(monkeypatch: pytest.MonkeyPatch, loader: type, key: str) -> None:
    monkeypatch.setattr(compose, "_Loader", loader)
    (problem,) = problems_of(f"{key}: 3\n{HEAD}layers: [relu]\n")
    assert (problem.code, problem.message) == ("E101", "a key has at most 1,024 characters")


@pytest.mark.parametrize("loader", LOADERS)
def test_many_aliases(monkeypatch: pytest.MonkeyPatch, loader: type) -> None:
    monkeypatch.setattr(compose, "_Loader", loader)
    monkeypatch.setattr(compose, "MAX_ALIASED", 2_000)
    names = "".join(f"x-{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]\n" for i in range(1, 9))
    assert codes_of(f"{HEAD}x-0: &a0 [relu]\n{names}layers: *a8\n") == ["E104"]
