"""JSON's pairs of escapes for characters beyond 16 bits, in a spec that is written as JSON."""

from __future__ import annotations

import json

import pytest

import shapecalc
from tests.spec.support import place_of, problems_of

SMILE = "\N{GRINNING FACE}"


def spec(note: str, layer: str = "relu") -> str:
    return json.dumps({"note": note, "input": "5x5x3", "layers": [layer]})


@pytest.mark.parametrize(
    "note",
    [
        SMILE,
        f"{SMILE}{SMILE}\N{MUSICAL SYMBOL G CLEF}",
        f'"{SMILE}" \\ud83d\\ude00',  # the second is no escape
        f"\\{SMILE}",
        "\U0010ffff\U00010000",
        f"é{SMILE}",
    ],
)
def test_what_json_writes_is_read(note: str) -> None:
    text = spec(note)
    assert "\\ud" in text
    assert shapecalc.loads(text).spec.note == note
    assert shapecalc.loads(text.replace("\\ud", "\\uD")).spec.note.casefold() == note.casefold()


def test_places_stay_what_they_are() -> None:
    text = spec(SMILE * 3, "rellu")
    (problem,) = problems_of(text)
    assert place_of(problem) == '"rellu"'


@pytest.mark.parametrize(
    "half", ["\\ud83d", "\\ude00", "\\ude00\\ud83d", "\\ud83dx", "\\ud83d\\u0041"]
)
def test_half_a_character_is_refused(half: str) -> None:
    (problem,) = problems_of(spec("x").replace('"x"', f'"{half}"'))
    assert problem.code == "E101"


def test_letters_of_private_use_stay_what_they_are() -> None:
    text = spec("\ue03d\ue600")
    assert shapecalc.loads(text).spec.note == "\ue03d\ue600"


def test_yaml_has_no_such_pairs() -> None:
    (problem,) = problems_of('note: "\\ud83d\\ude00"\ninput: 3\nlayers: [relu]\n')
    assert problem.code == "E101"
