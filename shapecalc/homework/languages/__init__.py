"""What a student reads, in other languages: every sentence is looked up whole, by its English one.

The English sentences stand where they are made, as `say("{layer} has {count} cells", ...)`; their
translations stand in a catalogue in gettext's format beside this file, `de.po`.  What is said is
said in the language that is spoken, which whoever makes a text for a student sets by `speaking`.
A new language is a file there and a line in `LANGUAGES`; the tests of the catalogues name what it
has not.
"""

from __future__ import annotations

import re
from contextlib import contextmanager
from contextvars import ContextVar
from functools import lru_cache, wraps
from typing import TYPE_CHECKING, Concatenate, ParamSpec, Protocol, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from shapecalc.homework.languages.catalogue import Catalogue

P = ParamSpec("P")
R = TypeVar("R")

#: The language of the sentences in the source, which needs no catalogue.
ENGLISH = "en"
#: The languages that a student may be addressed in, by their codes.
LANGUAGES = {"en": "English", "de": "Deutsch", "es": "español"}

_SPOKEN: ContextVar[str] = ContextVar("spoken", default=ENGLISH)


class HasLanguage(Protocol):
    """What knows the language of the students that it is for; "" for the one that is spoken."""

    @property
    def language(self) -> str:
        """The language's code."""


@contextmanager
def speaking(language: str) -> Iterator[None]:
    """Speak a language for a while; with none go on in the one that is spoken."""
    before = _SPOKEN.set(language or _SPOKEN.get())
    try:
        yield
    finally:
        _SPOKEN.reset(before)


def spoken() -> str:
    """Return the code of the language that is spoken."""
    return _SPOKEN.get()


H = TypeVar("H", bound=HasLanguage)


def in_its_language(
    function: Callable[Concatenate[H, P], R],
) -> Callable[Concatenate[H, P], R]:
    """Make a function speak the language of its first argument; what it returns must be made."""

    @wraps(function)
    def speaks(first: H, /, *args: P.args, **options: P.kwargs) -> R:
        with speaking(first.language):
            return function(first, *args, **options)

    return speaks


def say(message: str, /, **values: object) -> str:
    """Say a sentence, or a heading, with values in place of the names in braces.

    >>> say("{layer}: {count:,} cells", layer="conv1", count=1200)
    'conv1: 1,200 cells'
    """
    language = _SPOKEN.get()
    if language == ENGLISH:
        return message.format(**values) if values else message
    return _filled(_catalogue(language).text(message), values)


def say_counted(one: str, many: str, count: int, /, **values: object) -> str:
    """Say a sentence about some number of things, `count` in its braces.

    >>> say_counted("{count:,} cell", "{count:,} cells", 1200)
    '1,200 cells'
    """
    language = _SPOKEN.get()
    if language == ENGLISH:
        return (one if count == 1 else many).format(count=count, **values)
    return _filled(_catalogue(language).text(one, count), {"count": count, **values})


def to_say(message: str) -> str:
    """Return a sentence of a table, which is said later: so the catalogue has it."""
    return message


def beginning(message: str) -> str:
    """Return what a message begins with in the language that is spoken, up to its first value."""
    return say(message).partition("{")[0]


def question_said(question: str) -> str:
    """Put the question whether a known word was meant, which `text.words` made, in the language.

    >>> question_said("did you mean 'conv1' or 'conv2'?"), question_said("")
    ("did you mean 'conv1' or 'conv2'?", '')
    """
    if not question or _SPOKEN.get() == ENGLISH:
        return question
    return say("did you mean {names}?", names=say(" or ").join(re.findall("'[^']*'", question)))


def listed_said(words: Sequence[str], most: int) -> str:
    """Write the first words of a list, and how many more there are.

    >>> listed_said(["a", "b", "c"], 2), listed_said(["a", "b"], 2)
    ('a, b and 1 more', 'a, b')
    """
    names = ", ".join(words[:most])
    more = len(words) - most
    return say("{names} and {count:,} more", names=names, count=more) if more > 0 else names


def figures(text: str) -> str:
    r"""Write the numbers of a text as the language does; English ones stay as they are.

    Other languages group by narrow blanks, which nobody takes for a decimal sign, as ISO 80000-1,
    DIN 1333 and the Ortografía have it, and write a decimal comma.

    >>> with speaking("de"):
    ...     figures("11*11*3*96 + 96 = 34,944"), figures("54.25")
    ('11*11*3*96 + 96 = 34\u202f944', '54,25')
    """
    if _SPOKEN.get() == ENGLISH:
        return text
    return _FIGURES.sub(lambda match: _figure(match[0]), text)


#: A number as Python writes it, with separators or a decimal point, and no part of a name.
_FIGURES = re.compile(r"(?<![\w.,])\d+(?:,\d{3})*(?:\.\d+)?(?![\w.,]*[A-Za-z_])")
_GROUPED = str.maketrans({",": "\N{NARROW NO-BREAK SPACE}", ".": ","})


def _figure(number: str) -> str:
    return number.translate(_GROUPED)


class _Number(int):
    """A number in a sentence of another language, which groups its digits otherwise."""

    def __format__(self, form: str) -> str:
        return _figure(int(self).__format__(form))


def _filled(message: str, values: dict[str, object]) -> str:
    if not values:
        return message
    own = {name: _Number(value) if type(value) is int else value for name, value in values.items()}
    return message.format(**own)


def kept_by_language(most: int) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Keep what a function returned for its last `most` arguments, in each language its own."""

    def keeping(function: Callable[P, R]) -> Callable[P, R]:
        @lru_cache(maxsize=most)
        def kept(_: str, /, *args: P.args, **options: P.kwargs) -> R:
            return function(*args, **options)

        @wraps(function)
        def remembers(*args: P.args, **options: P.kwargs) -> R:
            return kept(_SPOKEN.get(), *args, **options)  # type: ignore[arg-type]

        return remembers

    return keeping


@lru_cache(maxsize=len(LANGUAGES))
def _catalogue(language: str) -> Catalogue:
    from shapecalc.homework.languages.catalogue import shipped

    return shipped(language)
