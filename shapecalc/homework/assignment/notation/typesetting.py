r"""Typesetting taken off an answer: LaTeX, Markdown and HTML, superscripts, what is struck out.

Programs put it on (pandoc writes 10^8^ and 11\*11, notebooks <sup>2</sup>), and what stays is what
the page shows.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from shapecalc.homework.languages import to_say

#: What a command of LaTeX shows; where it shows nothing but a space, that.
_COMMANDS = {
    "times": "x",
    "cdot": "*",
    "ast": "*",
    "approx": "~",
    "sim": "~",
    "simeq": "~",
    "quad": " ",
    "qquad": " ",
    "left": "",
    "right": "",
    "big": "",
    "Big": "",
    "rightarrow": "=",
    "to": "=",
    "Rightarrow": "=",
    "pm": "±",
    "in": "∈",
}
#: Commands that show their argument as it is.
_AROUND = (
    r"\\(?:text(?:bf|it|rm|tt)?|math(?:rm|bf|it|tt|bb|sf)|operatorname|num|boxed|mbox|emph|bm)"
    r"\s*\{([^{}]*)\}"
)
_DELIMITED = re.compile(r"\\[(\[](.*)\\[)\]]", re.DOTALL)
_COMMAND = re.compile(rf"\\({'|'.join(sorted(_COMMANDS, key=len, reverse=True))})(?![A-Za-z])\s?")
_SPACED = re.compile(r"\\[,;: ]|(?<=\d)~(?=\d)")
_RAISED_TEX = re.compile(r"\^\s*\{([^{}]*)\}|\\textsuperscript\s*\{([^{}]*)\}")
_SPACE_OF_TEX = re.compile(r"(?:\w+\s*∈\s*)?R\s*\^\s*\(?(?=\d)")

_TAG = re.compile(
    r"(?i)</?(?:b|i|em|strong|span|code|sub|p|u|mark|font|nobr|td|th|div|small|math|mn|mo|mrow|kbd)"
    r"(?:\s[^<>]*)?/?>"
)
_RAISED_HTML = re.compile(r"(?i)<sup[^<>]*>\s*([^<>]*?)\s*</sup\s*>")
_BREAK = re.compile(r"(?i)<br\s*/?>|<wbr\s*/?>")
#: A superscript of pandoc's Markdown, with what it raises.
_RAISED_PANDOC = re.compile(r"(?<=[\d)])\^([-+]?\d{1,4})\^(?![\d(])")
#: Digits in groups that LaTeX keeps on one line.
_TIED = re.compile(r"(?<![\d.,~])\d{1,3}(?:~\d{3})+(?![\d~])")
_ESCAPED = re.compile(r"\\([!-/:-@\[-`{|}~])")
_STRUCK = re.compile(
    r"(?i)~~(?!~)(.+?)~~|<(s|del|strike)(?:\s[^<>]*)?>.*?</\2\s*>|\\s(?:out|t)\s*\{[^{}]*\}"
)

_SUPERSCRIPTS = "⁰¹²³⁴⁵⁶⁷⁸⁹"
_RAISED = re.compile(f"[⁺⁻]?[{_SUPERSCRIPTS}]+")
_LOWERED = str.maketrans({sign: str(at) for at, sign in enumerate(_SUPERSCRIPTS)})
_LOWERED |= {ord("⁺"): "", ord("⁻"): "-"}

#: Why an answer that is struck out is none, and what is said where another stands beside it.
ALL_STRUCK = to_say("all of it is struck through; write the answer that counts")
LEFT_OUT = to_say("what is struck through was left out")


class Standing(NamedTuple):
    """What of an answer is not struck through, and whether some of it is."""

    text: str
    struck: bool


def standing(raw: str) -> Standing:
    """Take out what is struck through.

    >>> standing("~~34,848~~ 34,944"), standing("<s>1</s>2").text
    (Standing(text=' 34,944', struck=True), '2')
    """
    if "~~" not in raw and "<" not in raw and "\\s" not in raw:
        return Standing(raw, struck=False)
    text = _STRUCK.sub("", raw)
    return Standing(text, struck=text != raw)


def unset(raw: str) -> str:
    r"""Return what a typeset text shows, powers with ^; words without a number stay as they are.

    >>> unset(r"$55\times55\times96$"), unset("34{,}944"), unset("10^8^"), unset("55<sup>2</sup>")
    ('55x55x96', '34,944', '10^8', '55^2')
    >>> unset(r"11\*11\*3\*96 + 96"), unset("1.05x10⁸"), unset("~615K")
    ('11*11*3*96 + 96', '1.05x10^8', '~615K')
    """
    shown = _unset(raw)
    return shown if not shown.strip() or any(map(str.isdigit, shown)) else raw


def _unset(text: str) -> str:
    if "&" in text:
        from html import unescape  # which few answers need

        text = unescape(text)
    if "<" in text:
        text = _TAG.sub("", _RAISED_HTML.sub(r"^\1", _BREAK.sub(" ", text)))
    if "\\" in text or "$" in text or "{" in text:
        text = _unset_tex(text)
    if "~" in text:
        text = _TIED.sub(lambda match: match[0].replace("~", " "), text)
    text = _RAISED_PANDOC.sub(r"^\1", text)
    return _RAISED.sub(lambda match: "^" + match[0].translate(_LOWERED), text)


def _unset_tex(text: str) -> str:
    text = _DELIMITED.sub(r"\1", text.strip())
    text = re.sub(_AROUND, r"\1", text.replace("\\!", "").replace("\\\\", " "))
    text = _COMMAND.sub(lambda match: _COMMANDS[match[1]], text)
    text = _RAISED_TEX.sub(lambda match: f"^{match[1] or match[2] or ''}", text)
    text = _SPACE_OF_TEX.sub("", text)
    text = _ESCAPED.sub(r"\1", _SPACED.sub(" ", text)).replace("$", "")
    return re.sub(r"\{([^{}]*)\}", _grouped, text)


def _grouped(match: re.Match[str]) -> str:
    """Return what braces hold together: a sum stays one."""
    return f"({match[1]})" if re.search(r"[\d)]\s*[-+]", match[1]) else match[1]
