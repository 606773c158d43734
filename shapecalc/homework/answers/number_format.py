"""What a spreadsheet shows of a number that it stores: its format may scale and add text."""

from __future__ import annotations

import re
from fractions import Fraction
from typing import NamedTuple

from shapecalc.homework.languages import say

_SECTION = re.compile(r'(?:"[^"]*"|\\.|[^";])*')
_CONDITION = re.compile(r"\[(<=|>=|<>|<|>|=)\s*(-?[\d.]+)\]")
_PART = re.compile(r'"(?P<quoted>[^"]*)"|\\(?P<sign>.)|\[\$(?P<money>[^\]-]*)[^\]]*\]|\[[^\]]*\]'
                   r"|[_*].|(?P<number>[#0?][#0?,]*(?:\.[#0?]*)?,*)|(?P<other>.)")  # fmt: skip


class ShownNumber(NamedTuple):
    """What is read of a stored number.

    `reason`: why it is no answer.  `note`: what is shown, where that is something else.  `in_full`:
    nothing that a heading says multiplies it.
    """

    text: str
    reason: str = ""
    note: str = ""
    in_full: bool = False


def number_text(value: float) -> str:
    """Write a stored number with all its digits."""
    whole = isinstance(value, int) or value.is_integer()
    return str(int(value)) if whole and abs(value) < 10**18 else repr(value)


def shown_number(value: float, form: str) -> ShownNumber:
    """Read a stored number under its number format.

    Text that the format adds counts, as the page shows it; a format that shows thousands leaves the
    number as it is stored; one without decimals rounds it.

    >>> shown_number(35, '0"K"').text, shown_number(34944, '#,##0,"K"').text
    ('35K', '34944')
    >>> shown_number(54.25, "0")
    ShownNumber(text='54', reason='', note='54.25 is shown as 54', in_full=False)
    """
    text = number_text(value)
    section = _section(value, form)
    if section.strip().lower() in ("general", "standard", "@"):
        return ShownNumber(text)
    parts = list(_PART.finditer(section))
    numbers = [part["number"] for part in parts if part["number"] is not None]
    words = [part["quoted"] or part["sign"] or part["money"] or "" for part in parts]
    others = "".join(part["other"] or "" for part in parts)
    if "%" in others:
        shown = f"{100 * value:g}%"
        return ShownNumber(
            shown, say("a percentage, {shown}; format the cell as a number", shown=shown)
        )
    if "/" in others or re.search(r"[Ee][+-]", section):  # a fraction, or a power of ten
        return ShownNumber(text)
    if not numbers:
        shown = "".join(words).strip()
        return ShownNumber(
            text,
            note=say("{text} is shown as {shown}", text=text, shown=repr(shown))
            if shown
            else say("{text} is hidden", text=text),
        )
    if len(numbers) > 1:
        reason = say(
            "its number format shows {text} as something else; format the cell as text", text=text
        )
        return ShownNumber(text, reason)
    at = next(at for at, part in enumerate(parts) if part["number"] is not None)
    signs = [word or part["other"] or "" for word, part in zip(words, parts, strict=True)]
    before, behind = "".join(signs[:at]).strip(" -+()"), "".join(signs[at + 1 :]).strip(" ()")
    scaled = len(numbers[0]) - len(numbers[0].rstrip(","))
    if scaled:
        return _in_thousands(value, text, behind, scaled)
    if not before and not behind and "." not in numbers[0] and "." in text:
        whole = int(abs(Fraction(value)) + Fraction(1, 2)) * (1 if value >= 0 else -1)
        return ShownNumber(
            str(whole), note=say("{text} is shown as {shown}", text=text, shown=str(whole))
        )
    return ShownNumber(f"{before}{text}{behind}" if behind else text)


def _in_thousands(value: float, text: str, behind: str, power: int) -> ShownNumber:
    """Read a number of which thousands are shown: as it is stored, if the text behind fits that."""
    shown = f"{value / 1000**power:g}"
    if behind[:1].upper() in ("", "KMGT"[min(power, 4) - 1]):
        note = "" if behind else say("{text} is shown as {shown}", text=text, shown=shown)
        return ShownNumber(text, note=note, in_full=True)
    both = say(
        "the cell holds {text} and shows {shown}; write one of them",
        text=text,
        shown=f"{shown} {behind}",
    )
    return ShownNumber(text, both)


def _section(value: float, form: str) -> str:
    """Return the section of a number format that a number falls under."""
    sections: list[str] = [section for section in _SECTION.findall(form) if section] or [""]
    if form.startswith(";"):
        return ""
    conditions = [_CONDITION.search(section) for section in sections]
    if any(conditions):
        for section, condition in zip(sections, conditions, strict=True):
            if condition is None or _holds(value, condition[1], float(condition[2])):
                return section
    if value < 0 and len(sections) > 1:
        return sections[1]
    return sections[2] if not value and len(sections) > 2 else sections[0]


def _holds(value: float, sign: str, bound: float) -> bool:
    below, equal = value < bound, value == bound
    return {
        "<": below, "<=": below or equal, "=": equal, "<>": not equal,
        ">": not (below or equal), ">=": not below,
    }[sign]  # fmt: skip


def shown_text(text: str, form: str) -> str:
    """Return a stored text as a format of texts shows it.

    >>> shown_text("35", '@"K"'), shown_text("35", "@"), shown_text("35", "General")
    ('35K', '35', '35')
    """
    sections = [section for section in _SECTION.findall(form) if section]
    if not sections or "@" not in sections[-1]:
        return text
    words = (
        text if part["other"] == "@" else part["quoted"] or part["sign"] or part["other"] or ""
        for part in _PART.finditer(sections[-1])
    )
    return "".join(words)
