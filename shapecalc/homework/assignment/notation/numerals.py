"""Numbers as students write them: separators of all countries, K and M, powers of ten, sums."""

from __future__ import annotations

import re
from fractions import Fraction
from itertools import accumulate
from typing import TYPE_CHECKING

from shapecalc.homework.assignment.notation import (
    BEYOND,
    DIGITS,
    GIVES,
    LONGEST,
    Blank,
    ReadNumber,
    Unreadable,
    blank,
    fraction_text,
    tidy,
    without_doubt,
)
from shapecalc.homework.assignment.notation.typesetting import ALL_STRUCK, LEFT_OUT, standing
from shapecalc.homework.assignment.notation.units import (
    NAMES_AHEAD,
    NAMES_BEHIND,
    NAMES_INSIDE,
    UNIT,
    WITH_WORDS,
    scales,
)
from shapecalc.homework.languages import ENGLISH, figures, kept_by_language, say, spoken, to_say
from shapecalc.spec.expression import ExpressionError, evaluate, parse

if TYPE_CHECKING:
    from shapecalc.algebra import Dim

ABOUT = re.compile(
    r"(?i)^(?:~|about|approx\.?|approximately|ca\.?|circa|around|roughly|etwa|rund|ungef[aä]hr|"
    r"aprox\.?|aproximadamente|unos|environ|env\.?)\s*"
)
_POWER = (
    r"(?:\s*(?:[eE]\s*\+?(?P<exp>\d{1,3})"
    r"|(?:x|X|\*)\s*10\s*(?:\^|\*\*)\s*\(?\+?(?P<ten>\d{1,3})\)?))?"
)
_UNIT = re.sub(r"\?P<\w+>", "?:", UNIT.pattern.removeprefix("(?i)"))
_NUMERAL = re.compile(
    rf"(?i)(?P<sign>[-+])?\s*(?P<body>\d[\d.,'_ ]*|[.,]\d+){_POWER}\s*(?P<unit>{_UNIT})?"
)
_GROUPED = re.compile(r"\d{1,3}(?P<mark>[., '])\d{3}(?:(?P=mark)\d{3})*")
#: Groups as India has them.
_LAKHS = re.compile(r"\d{1,2}(?:,\d{2})+,\d{3}")
_PRODUCT = re.compile(r"(?<=[\d)]) ?[xX] ?(?=[\d(])|(?<=\))(?=[\d(])|(?<=\d)(?=\()")
_INSIDE = re.compile(
    r"(?<![\d,.'_])\d{1,3}(?:([,.'_])\d{3})(?:\1\d{3})*(?![\d,'_]|\.\d)"
    r"|(?<!\d)\d{1,3}(?: \d{3})+(?! ?\d)"
)
#: A number, and what stands behind it in brackets.
_ASIDE = re.compile(r"(?P<number>[^()\[\]]*[^\s()\[\]])(?:\s+|(?P<joined>))[(\[](?P<aside>.*)[)\]]")
#: Words in brackets behind a number of a calculation.
_WORDS_INSIDE = re.compile(r"(?<=\d) *\([a-zäöüéíóñ ]+\)")
#: A number, and the calculation of it behind it.
_WORKED = re.compile(r"(\d[\d.,'_]*) +(?=\(.*[-+*xX])(.+)")
_ENCLOSED = re.compile(r"[(\[]([^()\[\]]*)[)\]]")
#: A number to another base, which is no product with 0.
_OTHER_BASE = re.compile(r"(?i)(?<![\w.,)])0(?:x[\da-f]+|o[0-7]+|b[01]+)(?![\w.,])")
#: What gives a result: an equals sign, an arrow, a sign for about between two numbers.
_GIVES = re.compile(r"=>|[-=]+>|→|⇒|⟹|=|(?<=[\d)])\s*~\s*(?=\d)")

#: How spreadsheets show numbers that are too long for their column, and save them.
_SHORTENED = re.compile(r"\d(?:[.,]\d+)?E\+\d\d")
_BY_SPREADSHEET = to_say("spreadsheets shorten long numbers so; give the column a number format")
#: How a spreadsheet saves whole numbers of 12 digits and more, of which it leaves three.
_SPREADSHEET = re.compile(r"\d(?:[.,]\d{1,5})?E\+(?:1[1-9]|[2-9]\d)")


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
        return Unreadable(say("more than {count} characters; write one number", count=LONGEST))
    return _read(raw, unit, kilobyte)


@kept_by_language(8192)  # a class answers with the same texts again and again
def _read(raw: str, unit: str, kilobyte: int) -> tuple[ReadNumber, ...] | Unreadable | Blank:
    what, struck = standing(raw)
    text = tidy(what)
    nothing = blank(text)
    if nothing is not None:
        return Unreadable(say(ALL_STRUCK)) if struck else nothing
    text, doubt = without_doubt(text)
    if (nothing := blank(text)) is not None:
        return nothing
    read = _readings(text, raw, unit, kilobyte)
    if isinstance(read, Unreadable | Blank):
        return read
    read = _noted(read, doubt) if doubt else read
    return _noted(read, say(LEFT_OUT)) if struck else read


def _numbers(read: tuple[ReadNumber, ...] | Unreadable | Blank) -> tuple[ReadNumber, ...]:
    """Return the numbers of what was read, if it has any."""
    return () if isinstance(read, Unreadable | Blank) else read


def _noted(numbers: tuple[ReadNumber, ...], note: str) -> tuple[ReadNumber, ...]:
    """Add to what had to be understood of numbers."""
    return tuple(
        number._replace(plain=False, note="; ".join(filter(None, (number.note, note))))
        for number in numbers
    )


def _readings(
    text: str, raw: str, unit: str, kilobyte: int
) -> tuple[ReadNumber, ...] | Unreadable | Blank:
    text = NAMES_AHEAD.sub(
        "", text.removeprefix("=").strip().removesuffix(",-").rstrip(".;,!").strip()
    )
    if _SPREADSHEET.fullmatch(text):
        return Unreadable(
            say(
                "'{text}' is what a spreadsheet leaves of 12 digits: show the cell as a number"
                " without decimals and save it anew",
                text=text,
            )
        )
    if _OTHER_BASE.fullmatch(text):
        return _of_other_base(text)
    aside = _ASIDE.fullmatch(text)
    if (
        aside is not None
        and _closes_last(aside["aside"])
        and _NUMERAL.fullmatch(_plainly(aside["number"]))
    ):
        return _with_aside(aside, unit, kilobyte)
    if _GIVES.search(text):
        return _result(text, unit, kilobyte)
    if (words := WITH_WORDS.search(text)) is not None:
        left = say("'{text}' was left out", text=_short(words[0].strip(" ,")))
        counted = read_number(text[: words.start()], unit=unit, kilobyte=kilobyte)
        return counted if isinstance(counted, Unreadable | Blank) else _noted(counted, left)
    if (enclosed := _ENCLOSED.fullmatch(text)) is not None:
        return read_number(enclosed[1], unit=unit, kilobyte=kilobyte)
    bare = _without_names(text)
    about = ABOUT.match(bare)
    bare = bare[about.end() :] if about else bare
    match = _NUMERAL.fullmatch(bare)
    if match is None:
        worked = _WORKED.fullmatch(text)
        if worked is not None and _is_sum(worked[2]):
            return _result(f"{worked[2]} = {worked[1]}", unit, kilobyte)
        return _sum(NAMES_INSIDE.sub("", _WORDS_INSIDE.sub("", bare)))
    numbers = _numerals(match, unit, kilobyte, about=about is not None)
    if not numbers:
        groups = say(
            "'{text}' groups its digits in no usual way; write digits only", text=_short(text)
        )
        return Unreadable(groups)
    if _SHORTENED.fullmatch(text):
        numbers = [number._replace(note=say(_BY_SPREADSHEET)) for number in numbers]
    plain = bare == text and bool(re.fullmatch(r"\d+|\d{1,3}(?:,\d{3})+", raw.strip()))
    if any(
        abs(number.value) > BEYOND or sum(map(str.isdigit, bare)) > DIGITS for number in numbers
    ):
        return Unreadable(say("a number beyond 10^18; is it one number?"))
    return tuple(number._replace(plain=plain and not number.half) for number in numbers)


def _closes_last(inside: str) -> bool:
    """Tell whether the bracket before a text is open to its end: not in `weights) + 96 (biases`."""
    depths = accumulate((sign in "([") - (sign in ")]") for sign in inside)
    return min(depths, default=0) >= 0


def _is_sum(text: str) -> bool:
    """Tell whether a text is a calculation."""
    return not isinstance(_sum(text), Unreadable)


def _without_names(text: str) -> str:
    """Take off the words behind a number that only say what is counted."""
    bare = NAMES_BEHIND.sub("", text)
    while bare != text:
        text, bare = bare, NAMES_BEHIND.sub("", bare)
    return bare


def _plainly(text: str) -> str:
    """Take off all words around a number that multiply nothing."""
    return ABOUT.sub("", _without_names(WITH_WORDS.sub("", text)))


def _with_aside(
    match: re.Match[str], unit: str, kilobyte: int
) -> tuple[ReadNumber, ...] | Unreadable | Blank:
    """Read a number with something in brackets behind it: a unit, a working, or words."""
    number, aside = match["number"], match["aside"].strip().removeprefix("=").strip()
    if UNIT.fullmatch(aside) and _plainly(number)[-1:].isdigit():
        return read_number(number + aside, kilobyte=kilobyte)
    numbers = read_number(number, unit=unit, kilobyte=kilobyte)
    if isinstance(numbers, Unreadable | Blank):
        return numbers
    other = _numbers(read_number(aside, unit=unit, kilobyte=kilobyte))
    if other:
        added = aside.startswith(("+", "-", "±"))
        if not added and any(a.fits(b.value, b.half) for a in numbers for b in other):
            return _noted(numbers, say("what stands in brackets is the same"))
        if match["joined"] is not None and not added and not aside.isdigit():
            return _sum(match[0])
        two = say(
            "two numbers, '{one}' and '{other}'; keep one", one=_short(number), other=_short(aside)
        )
        return Unreadable(two)
    if aside.startswith("+"):
        added = say("is '{text}' to be added? write one number", text=_short(aside))
        return Unreadable(added)
    return _noted(numbers, say("'{text}' was left out", text=_short(aside)))


def _result(text: str, unit: str, kilobyte: int) -> tuple[ReadNumber, ...] | Unreadable | Blank:
    """Read a calculation with its result: the result counts, on whichever side it stands."""
    sides = [side.strip() for side in _GIVES.split(text) if side.strip()]
    read = [read_number(side, unit=unit, kilobyte=kilobyte) for side in sides]
    if not read:
        return _no_number(text)
    last = read.pop()
    before = next(filter(None, map(_numbers, reversed(read))), ())
    if isinstance(last, Unreadable | Blank):
        unread = say("'{text}' was not read", text=_short(sides[-1]))
        return _noted(before, unread) if before else last
    note = say("the number after the = counts")
    if before and any(a.fits(b.value, b.half) for a in last for b in before):
        if last[0].half > before[0].half:  # rounded behind the number itself
            last = before
    elif before:
        note += f"; {say(GIVES, value=figures(before[0].text))}"
    return tuple(number._replace(plain=False, note=note) for number in last)


def _numerals(match: re.Match[str], unit: str, kilobyte: int, *, about: bool) -> list[ReadNumber]:
    """Return what a numeral may mean: with a power of ten its mark is a decimal one first."""
    exponent = int(match["exp"] or match["ten"] or 0)
    if exponent > 18:
        return [ReadNumber(Fraction(BEYOND + 1))]
    word = match["unit"] or unit
    power = match["exp"] is not None or match["ten"] is not None
    numbers = []
    for unit_scale in scales(word, kilobyte):
        scale = 10**exponent * unit_scale.factor
        scaled = scale != 1 or power
        for value, places in _magnitudes(match["body"].strip(), scaled=scaled):
            half = Fraction(0)
            if scaled:
                half = Fraction(scale, 2 * 10**places)
            elif about and value:
                zeros = len(str(int(value))) - len(str(int(value)).rstrip("0"))
                half = Fraction(10**zeros, 2) if places == 0 else Fraction(1, 2 * 10**places)
            signed = -value if match["sign"] == "-" else value
            note = ""
            if scaled and word and not power:
                note = say("{unit} stands for {number}", unit=word, number=figures(f"{scale:,}"))
            elif word.lower() == "b" and not (kilobyte or power):
                note = say("'{text}' was left out", text=word)
            numbers.append(ReadNumber(signed * scale, half, note=note, other=unit_scale.other))
    if unit and not match["unit"] and not power:  # a number in full under a heading with a unit
        full = (
            _numerals(match, "", kilobyte, about=about) if scales(unit, kilobyte)[0][0] > 1 else ()
        )
        numbers += [
            number._replace(note=say("read in full, without the {unit} of the heading", unit=unit))
            for number in full
            if number.value.denominator == 1 and number.value >= scales(unit, kilobyte)[0].factor
        ]
    return numbers


def _magnitudes(body: str, *, scaled: bool) -> list[tuple[Fraction, int]]:
    """Return the numbers that digits with marks may mean, each with its decimal places."""
    if body.isdigit():
        return [(Fraction(int(body[:60])), 0)]
    digits = re.sub(r"\D", "", body)[:60]
    grouped = [(Fraction(int(digits)), 0)] if _GROUPED.fullmatch(body) else []
    if re.fullmatch(r"\d+(?:_\d+)+", body) or _LAKHS.fullmatch(body):
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


def _of_other_base(text: str) -> tuple[ReadNumber, ...] | Unreadable:
    """Read a number as programs write one in another base."""
    value, base = int(text, 0), {"x": 16, "o": 8, "b": 2}[text[1].lower()]
    if value > BEYOND:
        return Unreadable(say("a number beyond 10^18; is it one number?"))
    return (
        ReadNumber(
            Fraction(value), plain=False, note=say("read as a number to base {base}", base=base)
        ),
    )


def _sum(text: str) -> tuple[ReadNumber, ...] | Unreadable:
    """Read a calculation with + - * and brackets in whole numbers."""
    plain = _INSIDE.sub(lambda match: re.sub(r"\D", "", match[0]), text).replace("[", "(")
    plain = _PRODUCT.sub("*", plain.replace("]", ")")).replace("^", "**")
    if (base := _OTHER_BASE.search(text)) is not None:
        question = say(
            "is '{text}' a product, or to base 16? write it with *", text=_short(base[0])
        )
        return Unreadable(question)
    if any(len(digits) > DIGITS for digits in re.findall(r"\d+", plain)):
        return Unreadable(say("a number beyond 10^18; is it one number?"))
    try:
        value = evaluate(parse(plain), _no_name)
    except ExpressionError as error:
        if re.search(r"\d\s*[eE][+-]?\d", text) or not re.search(r"\d", text):
            return _no_number(text)
        if spoken() != ENGLISH:  # the reason is in English
            return Unreadable(say("'{text}' cannot be computed", text=_short(text)))
        return Unreadable(f"'{_short(text)}' cannot be computed: {_short(error.message)}")
    assert isinstance(value, int)
    note = say("computed: {value}", value=figures(fraction_text(Fraction(value))))
    return (ReadNumber(Fraction(value), plain=False, note=note),)


def _no_number(text: str) -> Unreadable:
    return Unreadable(say("'{text}' is no number", text=_short(text)))


def _no_name(name: str) -> Dim:
    raise ExpressionError(f"'{_short(name)}' is no number")


def _short(text: str) -> str:
    return text if len(text) <= 40 else text[:39] + "…"
