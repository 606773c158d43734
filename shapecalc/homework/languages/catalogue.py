"""Catalogues of translations in gettext's format, read from their text: no build makes them.

What the files of this package need is read, and anything else refused: a comment, a message, a
plural, its translations.
"""

from __future__ import annotations

import re
from gettext import c2py  # type: ignore[attr-defined,unused-ignore]
from importlib.resources import files
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable

_KEYWORD = re.compile(r'(msgid|msgid_plural|msgstr|msgstr\[\d\])? ?"((?:[^"\\]|\\["\\nt])*)"')
_ESCAPES = {'\\"': '"', "\\\\": "\\", "\\n": "\n", "\\t": "\t"}
_PLURALS = re.compile(r"Plural-Forms: nplurals=(\d); plural=([n0-9 !=<>&|?:%()]+);\n")


class Translation(NamedTuple):
    """A message with its translations: one, or one for each plural form of the language."""

    text: str
    plural: str = ""
    translations: tuple[str, ...] = ()
    comments: tuple[str, ...] = ()


class Catalogue(NamedTuple):
    """The translations of a language, by the English texts; `form` chooses among plural ones."""

    header: str
    messages: dict[str, Translation]
    form: Callable[[int], int]

    def text(self, message: str, count: int = 1) -> str:
        """Return the translation of a message about so many things; of an unknown one itself."""
        known = self.messages.get(message)
        if known is None or not all(known.translations):
            return message
        return known.translations[self.form(count) if known.plural else 0]


def shipped(language: str) -> Catalogue:
    """Read the catalogue of a language."""
    text = files(__package__).joinpath(f"{language}.po").read_text(encoding="utf-8")
    return read_catalogue(text)


def read_catalogue(text: str) -> Catalogue:
    r"""Read the text of a catalogue.  Raises `ValueError` for what is none.

    >>> read_catalogue('msgid ""\nmsgstr ""\n\nmsgid "layer"\nmsgstr "Schicht"\n').text("layer")
    'Schicht'
    """
    messages: dict[str, Translation] = {}
    for block in re.split(r"\n{2,}", text.strip("\n")):
        message = _message(block)
        if message.text in messages:
            raise ValueError(f"stands twice: {message.text!r}")
        messages[message.text] = message
    header = "".join(messages.pop("", Translation("")).translations)
    plurals = _PLURALS.search(header)
    form: Callable[[int], int] = c2py(plurals[2]) if plurals else c2py("n != 1")
    return Catalogue(header, messages, form)


def _message(block: str) -> Translation:
    """Read one entry: its comments, then its keywords, each with a text of several lines."""
    comments: list[str] = []
    parts: dict[str, str] = {}
    keyword = ""
    for line in block.split("\n"):
        if line.startswith("#") and not parts:
            comments.append(line)
            continue
        match = _KEYWORD.fullmatch(line)
        if match is None or match[1] in parts or not (match[1] or keyword):
            raise ValueError(f"no line of a catalogue: {line!r}")
        keyword = match[1] or keyword
        piece = re.sub(r"\\.", lambda escape: _ESCAPES[escape[0]], match[2])
        parts[keyword] = parts.get(keyword, "") + piece
    plural = parts.pop("msgid_plural", "")
    own = parts.pop("msgid", None)
    wanted = [f"msgstr[{at}]" for at in range(len(parts))] if plural else ["msgstr"]
    if own is None or [*parts] != wanted:
        raise ValueError(f"an entry without its text or its translations: {block!r}")
    return Translation(own, plural, tuple(parts.values()), tuple(comments))
