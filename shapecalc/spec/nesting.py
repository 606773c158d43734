"""How deep a YAML text nests, by our own measure.

A parser may refuse what nests deeper than it likes before it hands over what it has read.  Then
the text between the last thing that it handed over and its complaint is measured here: never as
deeper than it is, and as less deep only where a list holds pairs without braces, `[a: 1]`.
"""

from __future__ import annotations

import re
from typing import NamedTuple

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
