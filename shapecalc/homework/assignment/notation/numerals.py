"""Numbers as students write them: separators of all countries, K and M, powers of ten, sums."""

from __future__ import annotations

import re
from fractions import Fraction
from functools import lru_cache
from typing import TYPE_CHECKING

from shapecalc.homework.assignment.notation import (
    BEYOND,
    DIGITS,
    LONGEST,
    Blank,
    ReadNumber,
    Unreadable,
    blank,
    fraction_text,
    tidy,
)
from shapecalc.spec.expression import ExpressionError, evaluate, parse

if TYPE_CHECKING:
    from shapecalc.algebra import Dim

_WORDS = re.compile(
    r"(?i)[\s]*\b(?:params?|parameters?|weights?|bias(?:es)?|macs?|flops?|ops|operations|units|"
    r"neurons|connections|pixels|px|elements|multiply-adds|mult-adds|numbers)\.?$"
)
_ABOUT = re.compile(r"(?i)^(?:~|about|approx\.?|approximately|ca\.?|circa|around|roughly)\s*")
_UNIT = r"(?P<unit>thousand|million|mio|mill|billion|bn|bytes?|[KMGT]i?B?|[kmg]i?[bB]?|B|b)?"
_POWER = r"(?:\s*(?:[eE]\s*\+?(?P<exp>\d{1,3})|(?:x|\*)\s*10\s*(?:\^|\*\*)\s*(?P<ten>\d{1,3})))?"
_NUMERAL = re.compile(rf"(?P<sign>[-+])?\s*(?P<body>\d[\d.,'_ ]*|[.,]\d+){_POWER}\s*{_UNIT}")
_GROUPED = re.compile(r"\d{1,3}(?P<mark>[., '])\d{3}(?:(?P=mark)\d{3})*")
_PRODUCT = re.compile(r"(?<=[\d)]) ?[xX] ?(?=[\d(])")
_INSIDE = re.compile(r"(?<![\d,'_])\d{1,3}(?:[,'_]\d{3})+(?![\d,'_])")

#: How spreadsheets show numbers that are too long for their column, and save them.
_SHORTENED = re.compile(r"\d(?:[.,]\d+)?E\+\d\d")
_BY_SPREADSHEET = "spreadsheets shorten long numbers so; give the column a number format"
#: How a spreadsheet saves whole numbers of 12 digits and more, of which it leaves three.
_SPREADSHEET = re.compile(r"\d(?:[.,]\d{1,5})?E\+(?:1[1-9]|[2-9]\d)")

_POWERS = {"k": 1, "thousand": 1, "m": 2, "million": 2, "mio": 2, "mill": 2, "g": 3, "t": 4}
_POWERS |= {"billion": 3, "bn": 3}


def read_number(
    raw: str, *, unit: str = "", kilobyte: int = 0
) -> tuple[ReadNumber, ...] | Unreadable | Blank:
    """Read a count: what it may mean, likeliest first.

    `unit` is what the column's heading states.  `kilobyte` is what K means for bytes, 1000 or 1024;
    0 where the column is no memory.

    >>> [read_number(text)[0].text for text in ("34.944", "35K", "5*5*96*256")]
    ['34,944', '35,000 ± 500', '614,400']
    """
    if len(raw) > LONGEST:
        return Unreadable(f"more than {LONGEST} characters; write one number")
    return _read(raw, unit, kilobyte)


@lru_cache(maxsize=8192)  # a class answers with the same texts again and again
def _read(raw: str, unit: str, kilobyte: int) -> tuple[ReadNumber, ...] | Unreadable | Blank:
    text = tidy(raw)
    nothing = blank(text)
    if nothing is not None:
        return nothing
    text = text.removeprefix("=").strip()
    if _SPREADSHEET.fullmatch(text):
        return Unreadable(
            f"'{text}' is what a spreadsheet leaves of 12 digits: show the cell as a number without"
            " decimals and save it anew"
        )
    if "=" in text:
        return _result(text, unit, kilobyte)
    bare = _WORDS.sub("", text)
    about = _ABOUT.match(bare)
    bare = bare[about.end() :] if about else bare
    match = _NUMERAL.fullmatch(bare)
    if match is None:
        return _sum(bare)
    numbers = _numerals(match, unit, kilobyte, about=about is not None)
    if not numbers:
        return Unreadable(f"'{_short(text)}' groups its digits in no usual way; write digits only")
    if _SHORTENED.fullmatch(text):
        numbers = [number._replace(note=_BY_SPREADSHEET) for number in numbers]
    plain = bare == text and bool(re.fullmatch(r"\d+|\d{1,3}(?:,\d{3})+", raw.strip()))
    if any(
        abs(number.value) > BEYOND or sum(map(str.isdigit, bare)) > DIGITS for number in numbers
    ):
        return Unreadable("a number beyond 10^18; is it one number?")
    return tuple(number._replace(plain=plain and not number.half) for number in numbers)


def _result(text: str, unit: str, kilobyte: int) -> tuple[ReadNumber, ...] | Unreadable | Blank:
    """Read a calculation with its result: the result counts."""
    working, _, result = text.rpartition("=")
    numbers = read_number(result, unit=unit, kilobyte=kilobyte)
    if isinstance(numbers, Unreadable | Blank):
        return numbers
    sums = read_number(working, unit=unit, kilobyte=kilobyte)
    note = "the number after the = counts"
    if not isinstance(sums, Unreadable | Blank) and not any(
        a.fits(b.value) for a in numbers for b in sums
    ):
        note += f"; what stands before it gives {sums[0].text}"
    return tuple(number._replace(plain=False, note=note) for number in numbers)


def _numerals(match: re.Match[str], unit: str, kilobyte: int, *, about: bool) -> list[ReadNumber]:
    """Return what a numeral may mean: with a power of ten its mark is a decimal one first."""
    exponent = int(match["exp"] or match["ten"] or 0)
    if exponent > 18:
        return [ReadNumber(Fraction(BEYOND + 1))]
    word = match["unit"] or unit
    scale = 10**exponent * _scale(word, kilobyte)
    scaled = scale != 1 or match["exp"] is not None or match["ten"] is not None
    numbers = []
    for value, places in _magnitudes(match["body"].strip(), scaled=scaled):
        half = Fraction(0)
        if scaled:
            half = Fraction(scale, 2 * 10**places)
        elif about and value:
            zeros = len(str(int(value))) - len(str(int(value)).rstrip("0"))
            half = Fraction(10**zeros, 2) if places == 0 else Fraction(1, 2 * 10**places)
        signed = -value if match["sign"] == "-" else value
        note = f"{word} stands for {scale:,}" if scaled and word and not match["exp"] else ""
        numbers.append(ReadNumber(signed * scale, half, note=note))
    return numbers


def _scale(word: str, kilobyte: int) -> int:
    """Return what a unit multiplies by."""
    word = word.lower()
    if word in ("", "byte", "bytes") or (word == "b" and kilobyte):
        return 1
    if word == "b":
        return 10**9
    stem = word if word in _POWERS else word.rstrip("b").rstrip("i")
    binary = word.rstrip("b").endswith("i") and word not in _POWERS
    base = 1024 if binary else (kilobyte or 1000)
    return int(base ** _POWERS[stem])


def _magnitudes(body: str, *, scaled: bool) -> list[tuple[Fraction, int]]:
    """Return the numbers that digits with marks may mean, each with its decimal places."""
    if body.isdigit():
        return [(Fraction(int(body[:60])), 0)]
    digits = re.sub(r"\D", "", body)[:60]
    grouped = [(Fraction(int(digits)), 0)] if _GROUPED.fullmatch(body) else []
    if re.fullmatch(r"\d+(?:_\d+)+", body):
        return [(Fraction(int(digits)), 0)]
    marks = [character for character in body if not character.isdigit()]
    decimal = []
    last = marks[-1]
    whole, _, rest = body.rpartition(last)
    if last in ".," and marks.count(last) == 1 and rest:
        integer = re.sub(r"\D", "", whole)
        if whole.isdigit() or not whole or _GROUPED.fullmatch(whole):
            value = Fraction(int((integer or "0")[:40] + rest[:40]), 10 ** len(rest[:40]))
            decimal = [(value, len(rest))]
    if grouped and body.startswith("0"):
        grouped = []
    return decimal + grouped if scaled else grouped + decimal


def _sum(text: str) -> tuple[ReadNumber, ...] | Unreadable:
    """Read a calculation with + - * and brackets in whole numbers."""
    plain = _INSIDE.sub(lambda match: re.sub(r"\D", "", match[0]), text)
    plain = _PRODUCT.sub("*", plain).replace("^", "**")
    if any(len(digits) > DIGITS for digits in re.findall(r"\d+", plain)):
        return Unreadable("a number beyond 10^18; is it one number?")
    try:
        value = evaluate(parse(plain), _no_name)
    except ExpressionError as error:
        if re.search(r"\d\s*[eE][+-]?\d", text) or not re.search(r"\d", text):
            return Unreadable(f"'{_short(text)}' is no number")
        return Unreadable(f"'{_short(text)}' cannot be computed: {_short(error.message)}")
    assert isinstance(value, int)
    return (
        ReadNumber(
            Fraction(value), plain=False, note=f"computed: {fraction_text(Fraction(value))}"
        ),
    )


def _no_name(name: str) -> Dim:
    raise ExpressionError(f"'{_short(name)}' is no number")


def _short(text: str) -> str:
    return text if len(text) <= 40 else text[:39] + "…"
