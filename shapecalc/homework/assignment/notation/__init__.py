"""How numbers and volumes are written: by students, by teachers, and on a sheet.

Here is what is common to reading cells: results, limits, and the text made tidy; and how values and
marks are written.
"""

from __future__ import annotations

import re
from fractions import Fraction
from typing import TYPE_CHECKING, NamedTuple, TypeAlias
from unicodedata import normalize

from shapecalc.homework.assignment.notation.typesetting import unset
from shapecalc.homework.languages import say, to_say
from shapecalc.layers.shape import as_text

if TYPE_CHECKING:
    from shapecalc.homework.assignment.conventions import Conventions
    from shapecalc.homework.assignment.quantities import Value

#: What is noted of what was worked out wrong before an equals sign.
GIVES = to_say("what stands before it gives {value}")
#: A cell of more characters is not read.
LONGEST = 200
#: A number of more digits is not read, nor one beyond this.
DIGITS = 24
BEYOND = 10**18


class ReadNumber(NamedTuple):
    """A number as read.

    `half` is half a unit of the last place where the answer is rounded, else 0.  `plain`: written
    as the sheet asks.  `note` says what had to be understood; `other`: by another way to count than
    the homework's.
    """

    value: Fraction
    half: Fraction = Fraction(0)
    plain: bool = True
    note: str = ""
    other: bool = False

    def fits(self, wanted: int | Fraction, slack: Fraction = Fraction(0)) -> bool:
        """Tell whether the number is `wanted`, at its own precision and that of `wanted`."""
        if not self.half and not slack:
            return self.value == wanted
        return abs(self.value - wanted) <= self.half + slack

    @property
    def text(self) -> str:
        """The number as it was understood."""
        shown = fraction_text(self.value)
        if self.half and self.half > Fraction(1, 2):
            return f"{shown} ± {fraction_text(self.half)}"
        return shown


def at_digits(number: ReadNumber, digits: int) -> tuple[ReadNumber, ...]:
    """Return what a number may mean where so many significant digits are enough.

    First it is what it says, then what rounds to it at its own zeros; what was rounded to fewer
    digits is no more than it says.

    >>> [each.text for each in at_digits(ReadNumber(Fraction(34900)), 3)]
    ['34,900', '34,900 ± 50']
    >>> [each.text for each in at_digits(ReadNumber(Fraction(35000), Fraction(500)), 3)]
    ['35,000']
    """
    value = number.value
    if value.denominator > 1 or not value:
        return (number,)
    places = len(str(abs(value.numerator)))
    unit = 10 ** max(places - digits, 0)
    if number.half > Fraction(unit, 2):
        rounded = say("rounded to fewer than {digits} digits", digits=digits)
        note = "; ".join(filter(None, (number.note, rounded)))
        return (number._replace(half=Fraction(0), note=note),)
    zeros = places - len(str(abs(value.numerator)).rstrip("0"))
    own = min(unit, 10**zeros)
    if number.half or own == 1:
        return (number,)
    return number, number._replace(half=Fraction(own, 2))


class ReadExtents(NamedTuple):
    """A volume as read, without the batch, in the order written.

    `channels_first` is None where the notation does not say.  `batch`: a batch axis was left out.
    """

    dims: tuple[Fraction, ...]
    channels_first: bool | None = None
    batch: bool = False
    plain: bool = True
    note: str = ""

    @property
    def text(self) -> str:
        """The extents as they were understood."""
        shown = "x".join(map(fraction_text, self.dims))
        if len(self.dims) == 1:
            return shown
        return f"{shown}, channels first" if self.channels_first else shown


class Unreadable(NamedTuple):
    """Why a cell could not be read, and what to write."""

    reason: str


class Blank(NamedTuple):
    """A cell without an answer; `dash` when it holds a dash or a word for nothing."""

    dash: bool = False


Reading: TypeAlias = ReadNumber | ReadExtents

_SPACES = re.compile(r"[\s\u00a0\u2000-\u200b\u202f\u205f\u3000\ufeff]+")
_SIGNS = str.maketrans(
    {
        "−": "-",
        "‐": "-",
        "‑": "-",
        "×": "x",
        "✕": "x",
        "✖": "x",
        "⨯": "x",
        "⨉": "x",
        "╳": "x",
        "☓": "x",
        "\N{ARABIC COMMA}": ",",
        "\N{ARABIC THOUSANDS SEPARATOR}": ",",
        "\N{ARABIC DECIMAL SEPARATOR}": ".",
        "·": "*",
        "⋅": "*",
        "∗": "*",
        "’": "'",
        "‘": "'",
        "´": "'",
        "˙": "'",
        "≈": "~",
        "≃": "~",
        "∼": "~",
    }
)
#: What somebody puts beside an answer that was checked.
_TICKS = " \u2713\u2714\u2611\u2705\ufe0f"
#: Letters of other alphabets that stand for Latin ones behind a number: a cross, and units.
_CROSS = re.compile(
    "(?<=[\\d)\\]]) ?[\u0445\u0425\u03c7\u03a7\u2717\u2718\u274c\U0001f5d9] ?(?=[\\d(\\[])"
)
_CYRILLIC = re.compile(
    "(?<=\\d)( ?)([\u041a\u043a\u041c\u043c])([\u0411\u0431]?)(?![\u0400-\u04ff])"
)
_OF_WHAT = r"(?: (?:learnable )?(?:par[aá]m\w*|weights?|gewichte|pesos))?"
_NO = r"none|no|nil|null|nothing|keine?|zero|cero|zéro|ninguno|ninguna|ning[uú]n|sin|aucun|sans"
_NOTHING = re.compile(rf"(?i)[-–—_./\\ ]+|n\.?/?a\.?|(?:{_NO}){_OF_WHAT}")

#: Words in brackets behind a word for nothing, or a dash.
_WHY_NOTHING = re.compile(r"(?<=\S) ?\([^()\d]*\)$")


def tidy(raw: str) -> str:
    """Take typesetting off, and write signs of one meaning, and stretches of blanks, in one way."""
    text = normalize("NFKC", unset(raw).translate(_SIGNS)).translate(_SIGNS)
    if not text.isascii():
        text = _CYRILLIC.sub(_latin_unit, _CROSS.sub("x", text))
    text = _SPACES.sub(" ", text).strip().strip('*_`"“”„').strip(_TICKS)
    bare = text.removeprefix("'")
    return (bare.removesuffix("'") if bare != text else bare).strip()


def _latin_unit(match: re.Match[str]) -> str:
    letter = "K" if match[2] in "\u041a\u043a" else "M"
    return f"{match[1]}{letter}{'B' if match[3] else ''}"


def blank(text: str) -> Blank | None:
    """Tell whether a tidy text is no answer, or a word for nothing."""
    if not text or re.fullmatch(r"[?_ .…]+", text):
        return Blank()
    bare = _WHY_NOTHING.sub("", text)
    return Blank(dash=True) if len(bare) < 40 and _NOTHING.fullmatch(bare) else None


#: Marks of doubt behind what can be read.
_DOUBT = re.compile(r"(?<=[\w)\]%])(\s*)\(?[?!]+\)?$")


def without_doubt(text: str) -> tuple[str, str]:
    """Take a question mark off what stands before it, and say so; not one in a place of its own.

    >>> without_doubt("34,944?"), without_doubt("55, 55, ?")
    (('34,944', "'?' was left out"), ('55, 55, ?', ''))
    """
    match = _DOUBT.search(text)
    if match is None or (match[1] and not re.search(r"\dx\d|^\S+$", text[: match.start()])):
        return text, ""
    return text[: match.start()], say("'{text}' was left out", text=match[0].strip())


def fraction_text(value: Fraction) -> str:
    """Write a number with separators; a decimal where it ends soon.

    >>> fraction_text(Fraction(34944)), fraction_text(Fraction(217, 4))
    ('34,944', '54.25')
    """
    if value.denominator == 1:
        return f"{value.numerator:,}"
    return f"{float(value):,.3f}".rstrip("0")


def value_text(value: Value, conventions: Conventions) -> str:
    """Write a value of the key as the sheet asks for it."""
    if value is None:
        return "\N{EN DASH}"
    if isinstance(value, int):
        return f"{value:,}"
    return as_text(value, "chw" if conventions.layout == "chw" else "hwc")


def marks_number(marks: Fraction) -> int | float:
    """Return marks as a number of JSON, rounded once."""
    return marks.numerator if marks.denominator == 1 else round(float(marks), 6)


def marks_text(marks: Fraction) -> str:
    """Write marks with at most two decimals.

    >>> from fractions import Fraction
    >>> marks_text(Fraction(31)), marks_text(Fraction(1, 3)), marks_text(Fraction(5, 2))
    ('31', '0.33', '2.5')
    """
    if marks.denominator == 1:
        return str(marks.numerator)
    return f"{float(round(marks, 2)):.2f}".rstrip("0")
