"""The words of a lesson: singular and plural, lists, fractions, numbers as ordinals."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

from shapecalc.algebra.traced import value_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from shapecalc.algebra.dim import Dim

_PARTS = {
    Fraction(1, 2): "half a step",
    Fraction(1, 3): "a third of a step",
    Fraction(2, 3): "two thirds of a step",
    Fraction(1, 4): "a quarter step",
    Fraction(3, 4): "three quarters of a step",
}

_PLURALS = {"is": "are", "its": "their", "has": "have", "lies": "lie", "loses": "lose"}


#: Formulas longer than this, with their values, fill more than a line.
LONG = 72


def brief(text: str, value: str) -> str:
    """Write a formula and its value; only the shorter of them where both are no line's length.

    >>> brief("9 x 9", "81"), brief("k x (k + 1) + " * 5 + "k", "5k^2 + 6k" * 5)
    ('9 x 9 = 81', '5k^2 + 6k5k^2 + 6k5k^2 + 6k5k^2 + 6k5k^2 + 6k')
    """
    return min(text, value, key=len) if too_long(text, value) else f"{text} = {value}"


def too_long(text: str, value: str) -> bool:
    """Tell whether a formula and its value together are longer than a line."""
    return len(text) + len(" = ") + len(value) > LONG


def counted(number: Dim, noun: str) -> str:
    """Write a number with its noun.

    >>> counted(1, "pixel"), counted(3, "pixel"), counted(2, "bias")
    ('1 pixel', '3 pixels', '2 biases')
    """
    return f"{value_text(number)} {plural(number, noun)}"


def plural(number: Dim, word: str) -> str:
    """Return the form of a noun, or of a verb, that goes with a number.

    >>> plural(2, "branch"), plural(2, "is"), plural(1, "is"), plural(2, "element")
    ('branches', 'are', 'is', 'elements')
    """
    if number == 1:
        return word
    return _PLURALS.get(word, f"{word}es" if word.endswith(("s", "ch", "x")) else f"{word}s")


def part_of_a_step(part: Fraction) -> str:
    """Name a part of a step.

    >>> part_of_a_step(Fraction(1, 4)), part_of_a_step(Fraction(3, 7))
    ('a quarter step', '3/7 of a step')
    """
    return _PARTS.get(part, f"{part} of a step")


def the_last(number: int, noun: str) -> str:
    """Name what stands at the end.

    >>> the_last(1, "pixel"), the_last(3, "pixel")
    ('the last pixel', 'the last 3 pixels')
    """
    return f"the last {noun}" if number == 1 else f"the last {counted(number, noun)}"


def listed(words: Sequence[str]) -> str:
    """Write a list as a sentence has it.

    >>> listed(["height"]), listed(["depth", "height", "width"])
    ('height', 'depth, height and width')
    """
    if len(words) < 2:
        return "".join(words)
    return f"{', '.join(words[:-1])} and {words[-1]}"


def a(text: str) -> str:
    """Put the article before a word or a number in digits.

    >>> a("11x11 window"), a("3x3 window"), a("8"), a("input"), a("unit")
    ('an 11x11 window', 'a 3x3 window', 'an 8', 'an input', 'a unit')
    """
    vowel = text[:1] in "aeiou8" and not text.startswith("uni")
    teen = text[:2] in ("11", "18") and not text[2:3].isdigit()
    return f"an {text}" if vowel or teen else f"a {text}"


def sentence(text: str) -> str:
    """Begin with a capital.

    >>> sentence("every filter")
    'Every filter'
    """
    return text[:1].upper() + text[1:]
