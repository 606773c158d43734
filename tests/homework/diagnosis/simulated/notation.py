"""Numbers, volumes and files as students write them: one way each."""

from __future__ import annotations

import json
from fractions import Fraction
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from random import Random

    from tests.homework.diagnosis.simulated.rules import Volume

SEPARATORS = {"plain": "", "comma": ",", "dot": ".", "space": " ", "apostrophe": "'", "line": "_"}
NUMBERS = (*SEPARATORS, "work", "work and result", "rounded", "powers", "words", "starred")
VOLUMES = {
    "plain": "{0}x{0}x{1}",
    "cross": "{0}×{0}×{1}",
    "capital": "{0}X{0}X{1}",
    "blanks": "{0} x {0} x {1}",
    "tuple": "({0}, {0}, {1})",
    "list": "[{0},{0},{1}]",
    "at": "{1}@{0}x{0}",
    "squared": "{0}^2x{1}",
    "upper": "{0}²x{1}",
    "stars": "{0}*{0}*{1}",
    "said": "{0}x{0}, {1} channels",
    "batch": "(None, {0}, {0}, {1})",
    "one": "1x{0}x{0}x{1}",
    "torch": "torch.Size([1, {1}, {0}, {0}])",
    "first": "{1}x{0}x{0}",
}
VECTORS = {
    "tuple": "({0},)",
    "sides": "1x1x{0}",
    "batch": "(None, {0})",
    "torch": "torch.Size([1, {0}])",
    "units": "{0} units",
}
#: Those that the sheet asks for; what is written otherwise is right in another notation.
PLAIN_NUMBERS = ("plain", "comma")
PLAIN_VOLUMES = ("plain", "cross", "capital")
FILES = ("semicolon.csv", "comma.csv", "tab.txt", "table.md", "map.yaml", "map.json")


class Style(NamedTuple):
    """How a student writes."""

    number: str
    volume: str
    vector: str
    file: str

    @property
    def rounds(self) -> bool:
        """Whether numbers are rounded."""
        return self.number in ("rounded", "powers")


class Written(NamedTuple):
    """A cell's text, what it says, half a unit of its last place, whether it is as asked."""

    text: str
    value: int | Volume
    half: Fraction
    plain: bool


def style(rng: Random) -> Style:
    """Choose how somebody writes; half write as the sheet asks."""
    plain = rng.random() < 0.5
    return Style(
        rng.choice(PLAIN_NUMBERS if plain else NUMBERS),
        rng.choice(PLAIN_VOLUMES if plain else tuple(VOLUMES)),
        "" if plain else rng.choice(("", *VECTORS)),
        rng.choice(FILES),
    )


def number(value: int, how: str, work: str = "", *, marked: bool = False) -> Written:
    """Write a count."""
    if how in ("rounded", "powers") and value >= 10_000:
        return _rounded(value, powers=how == "powers")
    if how.startswith("work") and work and any(sign in work for sign in "*+"):
        result = f" = {value:,}" if how == "work and result" else ""
        return Written(work + result, value, Fraction(0), plain=False)
    if how == "words":
        return Written(f"{value} parameters", value, Fraction(0), plain=False)
    if how == "starred":
        return Written(f"**{value}**", value, Fraction(0), plain=marked)  # Markdown's own
    separator = SEPARATORS.get(how, "")
    text = f"{value:,}".replace(",", separator)
    return Written(text, value, Fraction(0), plain=how in PLAIN_NUMBERS or text.isdigit())


def _rounded(value: int, *, powers: bool) -> Written:
    """Round to three digits."""
    digits = len(str(value))
    unit = 10 ** (digits - 3)
    head = (value + unit // 2) // unit
    if powers:
        text = f"{head // 100}.{head % 100:02}e{digits - 1}"
        return Written(text, head * unit, Fraction(unit, 2), plain=False)
    power = min((digits - 1) // 3, 3)
    scale = 10 ** (3 * power)
    places = len(str(scale // unit)) - 1 if scale > unit else 0
    shown = Fraction(head * unit, scale)
    text = f"{float(shown):.{places}f}{' KMG'[power]}"
    return Written(text, head * unit, Fraction(max(unit, scale // 10**places), 2), plain=False)


def volume(value: Volume, how: str, vector: str) -> Written:
    """Write a volume."""
    side, channels = value
    if not side:
        plain = not vector
        text = str(channels) if plain else VECTORS[vector].format(channels)
        return Written(text, value, Fraction(0), plain=plain)
    if isinstance(side, Fraction) and side.denominator > 1:
        text = VOLUMES["plain"].format(float(side), channels)
        return Written(text, value, Fraction(0), plain=True)
    text = VOLUMES[how].format(side, channels)
    return Written(text, value, Fraction(0), plain=how in PLAIN_VOLUMES)


def file(how: str, rows: dict[str, dict[str, str]], columns: tuple[str, ...]) -> tuple[bytes, str]:
    """Write a file of answers; return its bytes and its name."""
    if how.startswith("map"):
        text = json.dumps(rows, ensure_ascii=False) if how.endswith("json") else _yaml(rows)
        return text.encode(), f"answers.{how.rpartition('.')[2]}"
    lines = [["layer", *columns]]
    lines += [[row, *(cells.get(column, "") for column in columns)] for row, cells in rows.items()]
    if how == "table.md":
        lines.insert(1, ["---"] * len(lines[0]))
        text = "\n".join(f"| {' | '.join(line)} |" for line in lines)
        return text.encode(), "answers.md"
    separator = {"semicolon.csv": ";", "comma.csv": ",", "tab.txt": "\t"}[how]
    quoted = [[f'"{cell}"' if separator in cell else cell for cell in line] for line in lines]
    text = "\n".join(separator.join(line) for line in quoted)
    return text.encode("utf-8-sig" if separator == ";" else "utf-8"), f"answers.{how[-3:]}"


def _yaml(rows: dict[str, dict[str, str]]) -> str:
    lines = []
    for row, cells in rows.items():
        lines.append(f"{row}:")
        lines += [f'  {column}: "{text}"' for column, text in cells.items()]
    return "\n".join(lines) + "\n"
