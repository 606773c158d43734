"""A language that shows what is translated: every text of the catalogue in brackets."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

from shapecalc.homework import languages
from shapecalc.homework.languages.catalogue import shipped
from shapecalc.layers import BUILTIN

if TYPE_CHECKING:
    from collections.abc import Iterable

    import pytest

_OPENED, _CLOSED = "\N{LEFT WHITE CORNER BRACKET}", "\N{RIGHT WHITE CORNER BRACKET}"
#: Two words of English, one behind the other.
_SENTENCE = re.compile(r"[A-Za-z]*[a-z]{2,},? (?:[a-z]{2,}|[a-z] [a-z]{2,})\b[^\n]*")
#: A tag of HTML, with the text that it shows when pointed at; a comment of LaTeX.
_TAG = re.compile(r"""<[^>]*?(?:title="([^"]*)")?[^>]*>|^%.*$""", re.MULTILINE)
#: What a layer's own notation has of words, which stays as the spec has it.
_NOTATION = {
    words
    for word in BUILTIN
    for field in BUILTIN[word].fields()
    for words in (field.words.values() if isinstance(field.words, Mapping) else [field.words or ""])
    if " " in words
}


class Brackets:
    """A catalogue in which every text is its own translation, in brackets; others stay bare."""

    known = shipped("de").messages

    def text(self, message: str, count: int = 1) -> str:
        return f"{_OPENED}{message}{_CLOSED}" if message in self.known else message


def speak(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make German the language of brackets."""
    monkeypatch.setattr(languages, "_catalogue", lambda _: Brackets())


def untranslated(text: str, own: Iterable[str] = ()) -> list[str]:
    """Return the English outside of all brackets; `own` words are the teacher's or notation."""
    text = _TAG.sub(r" \1 ", text.partition("</style>")[2] or text).replace("\\_", "_")
    text = text.replace("\N{MULTIPLICATION SIGN}", "x")
    for words in sorted({*own, *_NOTATION}, key=len, reverse=True):
        text = text.replace(words, "")
    depth, outside = 0, []
    for sign in text:
        depth += (sign == _OPENED) - (sign == _CLOSED)
        assert depth >= 0, "a bracket was cut off"
        outside.append(sign if depth == 0 and sign != _CLOSED else "\0" if depth == 0 else "")
    return _SENTENCE.findall("".join(outside))
