"""Words in a sentence: lists, plurals, articles, capitals and full stops."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

_PLURALS = {"is": "are", "its": "their", "has": "have", "lies": "lie", "loses": "lose"}


def listed(words: Sequence[str], joint: str = "and") -> str:
    """Write a list as a sentence has it.

    >>> listed(["height"]), listed(["depth", "height", "width"]), listed(["a", "b"], "or")
    ('height', 'depth, height and width', 'a or b')
    """
    if len(words) < 2:
        return "".join(words)
    return f"{', '.join(words[:-1])} {joint} {words[-1]}"


def listed_briefly(words: Sequence[str], most: int) -> str:
    """Write the first words of a list, and how many more there are.

    >>> listed_briefly(["a", "b", "c"], 2), listed_briefly(["a", "b"], 2)
    ('a, b and 1 more', 'a, b')
    """
    more = len(words) - most
    return ", ".join(words[:most]) + (f" and {more:,} more" if more > 0 else "")


def plural(number: object, word: str) -> str:
    """Return the form of a noun, or of a verb, that goes with a number.

    >>> plural(2, "branch"), plural(2, "is"), plural(1, "is"), plural(2, "element")
    ('branches', 'are', 'is', 'elements')
    """
    if number == 1:
        return word
    return _PLURALS.get(word, f"{word}es" if word.endswith(("s", "ch", "x")) else f"{word}s")


def counted(number: int, noun: str) -> str:
    """Write a number with its noun.

    >>> counted(1, "layer"), counted(0, "layer"), counted(2000, "bias")
    ('1 layer', '0 layers', '2,000 biases')
    """
    return f"{number:,} {plural(number, noun)}"


def article(text: str) -> str:
    """Put the article before a word or a number in digits.

    >>> article("11x11 window"), article("3x3 window"), article("8"), article("input")
    ('an 11x11 window', 'a 3x3 window', 'an 8', 'an input')
    >>> article("unit"), article("110")
    ('a unit', 'a 110')
    """
    vowel = text[:1] in "aeiou8" and not text.startswith("uni")
    teen = text[:2] in ("11", "18") and not text[2:3].isdigit()
    return f"an {text}" if vowel or teen else f"a {text}"


def capital(text: str) -> str:
    """Begin with a capital.

    >>> capital("every filter")
    'Every filter'
    """
    return text[:1].upper() + text[1:]


def sentence(text: str) -> str:
    """End a text with a full stop, where it has no end of its own.

    >>> sentence("the batch axis was left out"), sentence("Really?")
    ('the batch axis was left out.', 'Really?')
    """
    return text if text.endswith((".", "!", "?", "…")) else f"{text}."
