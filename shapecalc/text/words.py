"""Words in a sentence: lists, plurals, articles; and what is meant by a word that no one knows."""

from __future__ import annotations

from functools import lru_cache
from itertools import islice
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence


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
    >>> article("unit"), article("110"), article("lstm"), article("l2norm"), article("layernorm")
    ('a unit', 'a 110', 'an lstm', 'an l2norm', 'a layernorm')
    """
    spelt = text.startswith(("lstm", "lrn", "l2", "rnn", "rms"))
    vowel = spelt or (text[:1] in tuple("aeiou8") and not text.startswith("uni"))
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


def meant_by(word: str, known: tuple[str, ...]) -> str:
    """Return the known word that a word of another tool stands for, or nothing.

    >>> meant_by("kernel_size", ("kernel", "stride")), meant_by("UpSampling2D", ("upsample",))
    ('kernel', 'upsample')
    """
    from shapecalc.text.foreign import FOREIGN, bare  # few texts have such a word

    return next((candidate for candidate in FOREIGN.get(bare(word), ()) if candidate in known), "")


def format_meant(word: str, formats: Mapping[str, tuple[str, ...]]) -> str:
    """Ask whether the format is meant that a word is near to, or whose file has it as suffix.

    `formats` are the suffixes of each.

    >>> format_meant("TeX", {"latex": (".tex",), "text": (".txt",)})
    "did you mean 'latex'?"
    """
    lower = word.lower().removeprefix(".")
    for name, suffixes in formats.items():
        if lower == name or f".{lower}" in suffixes:
            return f"did you mean '{name}'?"
    return did_you_mean(lower, formats)


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return ``"did you mean 'kernel'?"``, or nothing when no known word is near."""
    return _nearest(word, tuple(islice(known, 500))) if len(word) <= 100 else ""


#: A known word is near from this likeness on (difflib's ratio), and so many are named.
NEAR = 0.65
MOST_MEANT = 5


@lru_cache(maxsize=512)
def _nearest(word: str, known: tuple[str, ...]) -> str:
    if meant := meant_by(word, known):
        return f"did you mean '{meant}'?"
    near = _closest(word, known)
    if not near and len(word) >= 3:  # padding for pad, convolution for conv, avg for avgpool
        begins = (candidate for candidate in known if len(candidate) >= 3)
        near = [
            candidate
            for candidate in begins
            if word.startswith(candidate) or candidate.startswith(word)
        ]
        longest = max(map(len, near), default=0)
        near = [candidate for candidate in near if len(candidate) == longest]
    if not near:
        return ""
    return _question(near)


def one_of_beginning(word: str, known: Iterable[str]) -> str:
    """Ask which of the known words is meant that begin with a word, or return nothing.

    >>> one_of_beginning("alexnet", ("alexnet-course", "alexnet-paper", "lenet5"))
    "did you mean 'alexnet-course' or 'alexnet-paper'?"
    """
    beginning = [candidate for candidate in known if candidate.startswith(word.lower())]
    return _question(beginning) if beginning and len(word) >= 3 else ""


def _question(near: list[str]) -> str:
    """Ask which of the words is meant; beyond `MOST_MEANT` they are counted."""
    shown = [f"'{candidate}'" for candidate in dict.fromkeys(near)]
    if len(shown) > MOST_MEANT:
        shown[MOST_MEANT - 1 :] = [f"{len(shown) - MOST_MEANT + 1} more"]
    return f"did you mean {listed(shown, 'or')}?"


def _closest(word: str, known: tuple[str, ...]) -> list[str]:
    """Return the words that are most like a word, all that are equally like it."""
    import difflib

    best = difflib.get_close_matches(word, known, n=1, cutoff=NEAR)
    if not best:
        return []
    matcher = difflib.SequenceMatcher(b=word)

    def likeness(candidate: str) -> float:
        matcher.set_seq1(candidate)
        return matcher.ratio()

    most = likeness(best[0])
    return [candidate for candidate in known if likeness(candidate) == most]


def must_be_text(value: object, what: str, example: str) -> None:
    """Require a text from Python.  Raises `TypeError`, which says what is written instead.

    >>> must_be_text(5, "a question", "pool3 = 6x6")
    Traceback (most recent call last):
    TypeError: a question is a text like "pool3 = 6x6", not int
    """
    if not isinstance(value, str):
        raise TypeError(f'{what} is a text like "{example}", not {type(value).__name__}')
