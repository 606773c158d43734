"""What the YAML parser complains about, in the words of the person who wrote the file.

It may also refuse what nests deeper than it likes before it hands over what it has read.  Then
the text between the last thing that it handed over and its complaint is measured here: never as
deeper than it is, and as less deep only where a list holds pairs without braces, `[a: 1]`.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from shapecalc.text import BREAK

if TYPE_CHECKING:
    import yaml

    from shapecalc.text import Source


class Mistake(NamedTuple):
    """A mistake in YAML: what it means, a repair, and the line and column, from 0."""

    message: str
    hint: str
    place: tuple[int, int] | None


_SECOND_COLON = "mapping values are not allowed"
_NO_KEY = "did not find expected key"
_NO_COLON = "could not find expected ':'"
_NO_TOKEN = "found character that cannot start any token"  # noqa: S105  (of YAML, not a password)

#: What the parser says, what that means, and what to do.
_MEANINGS: tuple[tuple[str, str, str], ...] = (
    (
        _SECOND_COLON,
        "a second ':' stands in the value of a key",
        "put the value into quotes, or the inner keys into braces, {...}",
    ),
    (
        "did not find expected ',' or ']'",
        "a list opened with '[' is not closed, or a comma is missing",
        "check the brackets of this entry",
    ),
    (
        "did not find expected ',' or '}'",
        "a map opened with '{' is not closed, or a comma is missing",
        "check the braces of this entry",
    ),
    (
        "did not find expected '-' indicator",
        "a list entry must begin with '- ', indented like its neighbours",
        "line the entries up under each other",
    ),
    (
        _NO_KEY,
        "a key is expected here; the indentation does not match the lines above",
        "line the keys up under each other",
    ),
    (
        _NO_COLON,
        "a key without its ':'",
        "write `key: value`, with a space after the colon; or '- ' before a list entry",
    ),
    (
        "control characters are not allowed",
        "the file holds control characters; it does not look like text",
        "save the spec as plain UTF-8 text",
    ),
    ("unexpected end of stream", "the text ends inside a quoted string", "close the quotes"),
    (
        "block sequence entries are not allowed",
        "a list entry ('- ') cannot stand here",
        "begin the list on a line of its own, below its key, or write [...]",
    ),
    (
        "found unknown escape character",
        "this means nothing after a backslash in double quotes",
        "use single quotes, or write the backslash twice",
    ),
    (
        "did not find expected <document start>",
        "something stands before the spec that does not belong to it",
        "is this a spec at all?",
    ),
    (
        "did not find expected alphabetic or numeric character",
        "'&' and '*' begin the name of an anchor or of an alias in YAML",
        "put the value into quotes",
    ),
)
#: Where the parser looks back to the beginning of what it could not finish.
_BEGINS_EARLIER = ("',' or", "end of stream", _NO_COLON)
_NOT_CLOSED = ("',' or ']'", "',' or '}'")
#: A value with an item of a list, as nothing in brackets may hold it unquoted.
_ITEM = re.compile(
    r"[:,\[{] *([^,:\[\]{}]*[A-Za-z_]\w*(?:\[[^\[\]{},]*\])+[^,:\[\]{}]*(?<! ))", re.ASCII
)
#: YAML's own limit.
LONGEST_KEY = 1024


def explain(source: Source, error: yaml.YAMLError) -> Mistake:
    """Say what a complaint of the YAML parser means."""
    text = str(getattr(error, "problem", None) or getattr(error, "reason", None) or error)
    text = text.splitlines()[0]
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    opened = getattr(error, "context_mark", None)
    if opened is not None and any(word in text for word in _BEGINS_EARLIER):
        mark = opened
    place = (mark.line, mark.column) if mark is not None else None
    position = getattr(error, "position", None)
    if place is None and isinstance(position, int):
        place = place_of(source.text, position)
    if "directive" in str(getattr(error, "context", "")):
        message = "a line that begins with '%' is an instruction to YAML, which specs do not use"
        return Mistake(message, "is this a spec at all?", place)
    if place is not None:
        seen = _by_its_line(text, source.line(place[0]), place)
        if seen is not None:
            return seen
    for pattern, meaning, hint in _MEANINGS:
        if pattern in text:
            return Mistake(meaning, hint, place)
    return Mistake(f"this is not YAML: {text}", "", place)


def _by_its_line(text: str, line: str, place: tuple[int, int]) -> Mistake | None:
    """Explain what only the line itself can tell."""
    before, character = line[: place[1]], line[place[1] : place[1] + 1]
    if text == _NO_TOKEN and character == "\t":
        return Mistake("a tab stands where YAML wants spaces", "indent with spaces", place)
    if text == _NO_TOKEN:
        return Mistake(f"a value cannot begin with '{character}'", "put it into quotes", place)
    unclosed = any(word in text for word in _NOT_CLOSED)
    item = _ITEM.search(line, place[1], place[1] + LONGEST_KEY) if unclosed else None
    if item is not None:
        message = f"in braces and brackets '[' begins a list, so '{item[1]}' is cut there"
        return Mistake(message, f"put it into quotes: '{item[1]}'", (place[0], item.start(1)))
    key = before.lstrip(" -")  # of which the parser may have forgotten that it could be one
    if text.startswith(_SECOND_COLON) and ":" not in key and len(key) > LONGEST_KEY:
        place = (place[0], len(before) - len(key))
        return Mistake(f"a key has at most {LONGEST_KEY:,} characters", "use a shorter word", place)
    if text.startswith(_NO_COLON) and len(line) - place[1] > LONGEST_KEY:
        return Mistake(f"a key has at most {LONGEST_KEY:,} characters", "use a shorter word", place)
    if text == _NO_KEY and character == "-":
        message = "this list entry does not line up with those above"
        return Mistake(message, "line the '- ' up under each other", place)
    if text.startswith(_SECOND_COLON) and ":" not in before:
        message = "this key does not follow from the line above"
        hint = "line it up with the other keys; or is a ':' missing in the line above?"
        return Mistake(message, hint, place)
    return None


def place_of(text: str, position: int) -> tuple[int, int]:
    r"""Return the line and column of a character.

    >>> place_of("input: 3\nlayers: [relu]", 12)
    (1, 3)
    """
    lines = re.split(BREAK, text[:position])
    return len(lines) - 1, len(lines[-1])


_BREAKS = "\r\n\x85\u2028\u2029"
_QUOTED = r""""(?:[^"\\]|\\.)*+"?|'(?:[^']|'')*+'?"""
_PROPERTY = r"[&*!][^\s,\[\]{}]*"

#: Inside brackets: what is passed over, brackets, and plain words, in which quotes mean nothing.
_FLOW = re.compile(
    rf"""(?P<skip> [\s,]+ | \#[^{_BREAKS}]* | {_QUOTED} | {_PROPERTY} | [-?:](?=[\s,\[\]{{}}"']) )
    | (?P<open> [\[{{] ) | (?P<close> [\]}}] )
    | (?P<plain> . (?: (?! :[\s,\[\]{{}}] | [ \t]\# ) [^{_BREAKS},\[\]{{}}] )* )""",
    re.VERBOSE | re.DOTALL,
)
#: Outside of them, where only what begins with a bracket is a list or a map.
_BLOCK = re.compile(
    rf"""(?P<skip> \s+ | [\#%][^{_BREAKS}]* | {_PROPERTY} | (?: : | --- | \.\.\. )(?=\s|\Z) )
    | (?P<open> [\[{{] ) | (?P<entry> [-?](?=\s|\Z) )
    | (?P<literal> [|>][^{_BREAKS}]* )
    | (?P<quoted> {_QUOTED} )
    | (?P<plain> . (?: (?! :(?:\s|\Z) | [ \t]\# ) [^{_BREAKS}] )* )""",
    re.VERBOSE | re.DOTALL,
)
_COLON = re.compile(r"[ \t]*:(?=\s|\Z)")
_LINE = re.compile(rf"(?:\r\n|[{_BREAKS}])([ ]*)([^{_BREAKS}]*)")


class OpenLevel(NamedTuple):
    """A list or a map that is open: in brackets, or known by the column of its entries."""

    column: int
    is_list: bool
    in_brackets: bool


def opened_beyond(
    text: str, levels: list[OpenLevel], stretch: tuple[int, int], column: int, most: int
) -> int | None:
    """Return where a stretch of a text opens one level more than `most`; None where it does not.

    `levels` are open where the stretch begins, in `column`; all that it opens up to and with its
    last character counts.
    """
    return _Meter(text, levels, most).run(*stretch, column)


class _Meter:
    def __init__(self, text: str, levels: list[OpenLevel], most: int) -> None:
        self.text = text
        self.most = most
        self.blocks = [(level.column, level.is_list) for level in levels if not level.in_brackets]
        self.brackets = len(levels) - len(self.blocks)

    def run(self, at: int, last: int, column: int) -> int | None:
        line_start = at - column
        while at <= last:
            match = (_FLOW if self.brackets else _BLOCK).match(self.text, at)
            if match is None:  # the end of the text
                return None
            end = self.read(match, at - line_start)
            if self.brackets + len(self.blocks) > self.most:
                return at
            for line in _LINE.finditer(self.text, at, end):
                line_start = line.start(1)
            at = end
        return None

    def read(self, match: re.Match[str], column: int) -> int:
        """Take in a token and return where the next may begin."""
        end = match.end()
        if match.lastgroup == "open":
            self.brackets += 1
        elif match.lastgroup == "close":
            self.brackets -= 1
        elif match.lastgroup == "entry":
            self.indent(column, is_list=match[0] == "-")
        elif match.lastgroup == "literal":
            return self.further(end)
        elif match.lastgroup in ("plain", "quoted") and not self.brackets:
            if _COLON.match(self.text, end):
                self.indent(column, is_list=False)
            elif match.lastgroup == "plain":
                return self.further(end)
        return end

    def indent(self, column: int, *, is_list: bool) -> None:
        """Close what ends before an entry in `column`, and open what begins with it.

        A list may stand in the column of the map that holds it.
        """
        while self.blocks and (column, is_list) < self.blocks[-1]:
            self.blocks.pop()
        if not self.blocks or self.blocks[-1] != (column, is_list):
            self.blocks.append((column, is_list))

    def further(self, end: int) -> int:
        """Pass over the lines with which a text goes on: blank ones, and those further in."""
        parent = self.blocks[-1][0] if self.blocks else -1
        while (line := _LINE.match(self.text, end)) and (len(line[1]) > parent or not line[2]):
            end = line.end()
        return end
