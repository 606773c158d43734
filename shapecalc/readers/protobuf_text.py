"""Protocol Buffers' text format, as far as networks are written in it.

A message is its fields in order: each a name, and a value or a message in braces.  A field that
stands several times has several values, and so has one with a list.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from shapecalc.errors import SpecErrors, refuse
from shapecalc.readers.faults import line_of

if TYPE_CHECKING:
    from shapecalc.text import Source

#: Deeper than any network's.
_MAX_DEPTH = 50

_TOKEN = re.compile(
    r"""
    (?P<blank>(?:\s|\#[^\n]*)+)
    | (?P<text>"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*')
    | (?P<word>[-+]?[\w.][\w.+-]*)
    | (?P<sign>[{}<>\[\]:;,])
    """,
    re.VERBOSE,
)
_CLOSES = {"{": "}", "<": ">"}


class Word(NamedTuple):
    """A value: what it says, whether it stood in quotes, and where."""

    text: str
    quoted: bool
    at: int


class Message(NamedTuple):
    """Fields by their names, each with its values in order; `at` is where it begins."""

    fields: dict[str, list[Value]]
    at: int

    def messages(self, *names: str) -> list[Message]:
        """Return what a field of messages holds; values are none."""
        return [
            value
            for name in names
            for value in self.fields.get(name, ())
            if isinstance(value, Message)
        ]

    def message(self, name: str) -> Message:
        """Return the last message of a field, or an empty one."""
        return (self.messages(name) or [Message({}, self.at)])[-1]

    def words(self, name: str) -> list[Word]:
        """Return the values of a field."""
        return [value for value in self.fields.get(name, ()) if isinstance(value, Word)]

    def word(self, name: str, default: str = "") -> str:
        """Return the last value of a field."""
        values = self.words(name)
        return values[-1].text if values else default


Value: TypeAlias = Word | Message


class _Tokens:
    """The tokens of a text, one at a time; an empty one is its end."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.at = 0
        self.next()

    def next(self) -> None:
        """Step to the next token."""
        text = self.source.text
        while True:
            self.start = self.at
            match = _TOKEN.match(text, self.at)
            if match is None:
                if self.at < len(text):
                    raise self.fault(f"{text[self.at]!r} begins nothing here")
                self.kind, self.text = "end", ""
                return
            self.at = match.end()
            if match.lastgroup != "blank":
                self.kind, self.text = str(match.lastgroup), match[0]
                return

    def fault(self, message: str, hint: str = "", at: int | None = None) -> SpecErrors:
        """Return what is wrong where the token stands, to be raised."""
        where = line_of(self.source, self.start if at is None else at)
        return refuse("E009", message, where, hint)

    def take(self, *signs: str) -> str:
        """Step over a sign if it is one of these; return it, or nothing."""
        if self.kind != "sign" or self.text not in signs:
            return ""
        sign = self.text
        self.next()
        return sign


def parse(source: Source) -> Message:
    """Read a text.  Raises `SpecErrors` (E009) where it is none of the format."""
    tokens = _Tokens(source)
    whole = Message({}, 0)
    _fields(tokens, whole, "", 0)
    return whole


def _fields(tokens: _Tokens, message: Message, closes: str, depth: int) -> None:
    """Read the fields of a message, to the sign that closes it or the end of the text."""
    if depth > _MAX_DEPTH:
        raise tokens.fault(f"messages are nested more than {_MAX_DEPTH} deep")
    while not (closes and tokens.take(closes)):
        if tokens.kind == "end":
            if closes:
                hint = f"add `{closes}` at the end of the message"
                raise tokens.fault(
                    "the file ends within a message that begins here", hint, message.at
                )
            return
        if tokens.kind != "word":
            raise tokens.fault(f"a field's name is expected, not {tokens.text}")
        name = tokens.text
        tokens.next()
        message.fields.setdefault(name, []).extend(_values(tokens, depth))
        tokens.take(",", ";")


def _values(tokens: _Tokens, depth: int) -> list[Value]:
    colon = tokens.take(":")
    if colon and tokens.take("["):
        return _list(tokens, depth)
    if not colon and tokens.text not in _CLOSES:
        raise tokens.fault("`:` or `{` is expected behind a field's name")
    return [_value(tokens, depth)]


def _list(tokens: _Tokens, depth: int) -> list[Value]:
    values: list[Value] = []
    while not tokens.take("]"):
        values.append(_value(tokens, depth))
        tokens.take(",")
    return values


def _value(tokens: _Tokens, depth: int) -> Value:
    at = tokens.start
    begins = tokens.take(*_CLOSES)
    if begins:
        message = Message({}, at)
        _fields(tokens, message, _CLOSES[begins], depth + 1)
        return message
    if tokens.kind not in ("word", "text"):
        raise tokens.fault(f"a value is expected, not {tokens.text or 'the end of the file'}")
    quoted = tokens.kind == "text"
    text = tokens.text
    tokens.next()
    if not quoted:
        return Word(text, False, at)
    text = text[1:-1]
    while tokens.kind == "text":  # strings side by side are one
        text += tokens.text[1:-1]
        tokens.next()
    return Word(re.sub(r"\\(.)", r"\1", text), True, at)
