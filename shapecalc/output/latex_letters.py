"""Letters and signs that LaTeX's usual fonts lack, as pdfLaTeX, LuaLaTeX and XeLaTeX set them.

Signs and Greek letters are those of mathematics.  Of other letters each engine sets what it has:
one with Unicode's fonts asks its font, and pdfLaTeX what its document has made known, or T1, or
what is built of a letter and an accent.  For what an engine has not, its number stands in brackets:
nothing is lost in silence, and nothing ends a run.
"""

from __future__ import annotations

import re
from functools import cache
from unicodedata import category, combining, decomposition, normalize

_MATHS = {
    "\N{MULTIPLICATION SIGN}": r"\times",
    "\N{VECTOR OR CROSS PRODUCT}": r"\times",
    "\N{MIDDLE DOT}": r"\cdot",
    "\N{DOT OPERATOR}": r"\cdot",
    "\N{BULLET OPERATOR}": r"\bullet",
    "\N{MINUS SIGN}": "-",
    "\N{PLUS-MINUS SIGN}": r"\pm",
    "\N{DIVISION SIGN}": r"\div",
    "\N{DIVISION SLASH}": "/",
    "\N{FRACTION SLASH}": "/",
    "\N{RATIO}": ":",
    "\N{ASTERISK OPERATOR}": r"\ast",
    "\N{LESS-THAN OR EQUAL TO}": r"\leq",
    "\N{LESS-THAN OR SLANTED EQUAL TO}": r"\leq",
    "\N{GREATER-THAN OR EQUAL TO}": r"\geq",
    "\N{GREATER-THAN OR SLANTED EQUAL TO}": r"\geq",
    "\N{MUCH LESS-THAN}": r"\ll",
    "\N{MUCH GREATER-THAN}": r"\gg",
    "\N{NOT EQUAL TO}": r"\neq",
    "\N{ALMOST EQUAL TO}": r"\approx",
    "\N{IDENTICAL TO}": r"\equiv",
    "\N{TILDE OPERATOR}": r"\sim",
    "\N{ASYMPTOTICALLY EQUAL TO}": r"\simeq",
    "\N{APPROXIMATELY EQUAL TO}": r"\cong",
    "\N{PROPORTIONAL TO}": r"\propto",
    "\N{ELEMENT OF}": r"\in",
    "\N{NOT AN ELEMENT OF}": r"\notin",
    "\N{SUBSET OF OR EQUAL TO}": r"\subseteq",
    "\N{LOGICAL AND}": r"\wedge",
    "\N{LOGICAL OR}": r"\vee",
    "\N{FOR ALL}": r"\forall",
    "\N{THERE EXISTS}": r"\exists",
    "\N{EMPTY SET}": r"\emptyset",
    "\N{INFINITY}": r"\infty",
    "\N{SQUARE ROOT}": r"\surd",
    "\N{N-ARY SUMMATION}": r"\sum",
    "\N{N-ARY PRODUCT}": r"\prod",
    "\N{PARTIAL DIFFERENTIAL}": r"\partial",
    "\N{NABLA}": r"\nabla",
    "\N{INCREMENT}": r"\Delta",
    "\N{CIRCLED PLUS}": r"\oplus",
    "\N{CIRCLED TIMES}": r"\otimes",
    "\N{CIRCLED DOT OPERATOR}": r"\odot",
    "\N{MIDLINE HORIZONTAL ELLIPSIS}": r"\cdots",
    "\N{VERTICAL ELLIPSIS}": r"\vdots",
    "\N{PRIME}": r"^{\prime}",
    "\N{DOUBLE PRIME}": r"^{\prime\prime}",
    "\N{LEFT CEILING}": r"\lceil",
    "\N{RIGHT CEILING}": r"\rceil",
    "\N{RIGHTWARDS ARROW}": r"\rightarrow",
    "\N{LEFTWARDS ARROW}": r"\leftarrow",
    "\N{LEFT RIGHT ARROW}": r"\leftrightarrow",
    "\N{UPWARDS ARROW}": r"\uparrow",
    "\N{DOWNWARDS ARROW}": r"\downarrow",
    "\N{RIGHTWARDS DOUBLE ARROW}": r"\Rightarrow",
    "\N{LEFTWARDS DOUBLE ARROW}": r"\Leftarrow",
    "\N{LEFT RIGHT DOUBLE ARROW}": r"\Leftrightarrow",
    "\N{LONG RIGHTWARDS ARROW}": r"\longrightarrow",
    "\N{RIGHTWARDS ARROW FROM BAR}": r"\mapsto",
    "\N{CHECK MARK}": r"\surd",
    "\N{HEAVY CHECK MARK}": r"\surd",
    "\N{GREEK LUNATE EPSILON SYMBOL}": r"\epsilon",
    "\N{GREEK THETA SYMBOL}": r"\vartheta",
    "\N{GREEK PHI SYMBOL}": r"\phi",
    "\N{GREEK PI SYMBOL}": r"\varpi",
}
#: Greek from alpha on, as Unicode orders it: commands, and letters that Latin has, too.
_SMALL = (
    *("alpha", "beta", "gamma", "delta", "varepsilon", "zeta", "eta", "theta", "iota", "kappa"),
    *("lambda", "mu", "nu", "xi", "o", "pi", "rho", "varsigma", "sigma", "tau", "upsilon"),
    *("varphi", "chi", "psi", "omega"),
)
_CAPITAL = (
    *("A", "B", "Gamma", "Delta", "E", "Z", "H", "Theta", "I", "K", "Lambda", "M", "N", "Xi", "O"),
    *("Pi", "P", "", "Sigma", "T", "Upsilon", "Phi", "X", "Psi", "Omega"),
)
_GREEK = {
    chr(first + at): name
    for first, names in ((0x3B1, _SMALL), (0x391, _CAPITAL))
    for at, name in enumerate(names)
    if name
}
_MATHS |= {sign: rf"\{name}" for sign, name in _GREEK.items() if len(name) > 1}

#: What a sign is as LaTeX, wherever it stands in a text.
SIGNS: dict[str, str] = {
    **{sign: f"${maths}$" for sign, maths in _MATHS.items()},
    **{sign: name for sign, name in _GREEK.items() if len(name) == 1},
    # No cross of multiplication: it would stand behind extents.
    "\N{BALLOT X}": r"\textsf{\bfseries X}",
    "\N{HEAVY BALLOT X}": r"\textsf{\bfseries X}",
    "\N{MULTIPLICATION X}": r"\textsf{\bfseries X}",
    "\N{HEAVY MULTIPLICATION X}": r"\textsf{\bfseries X}",
    "\N{HYPHEN}": "-",
    "\N{NON-BREAKING HYPHEN}": "-",
    "\N{FIGURE DASH}": "--",
    "\N{HORIZONTAL BAR}": "---",
    "\N{BLACK SQUARE}": r"\rule{1ex}{1ex}",
    "\N{WHITE SQUARE}": r"\fbox{\phantom{\rule{1ex}{1ex}}}",
    "\N{BALLOT BOX}": r"\fbox{\phantom{\rule{1ex}{1ex}}}",
    **{mark: rf"\textsuperscript{{{sign}}}" for mark, sign in zip("⁺⁻⁼⁽⁾ⁿ", "+-=()n", strict=True)},
    **{mark: rf"\textsubscript{{{digit}}}" for digit, mark in enumerate("₀₁₂₃₄₅₆₇₈₉")},
}

# pdfLaTeX sets these without further packages.
LATIN = (
    "(?![«»ÐÞðþĄąĐđĘęĦħĮįĸĿŀŉŊŋŦŧŲųſ\u2017\u201a\u201b\u201e\u201f\u2023-\u2025])"
    "[\0-\u017f\u2013-\u2026]"
)
_OTHER = re.compile(f"(?!{LATIN})(?s:.)")
#: Those that pdfLaTeX has in the encoding T1, which it always knows.
_OF_T1 = frozenset("«»ÐÞðþĄąĐđĘęĮįŊŋŲųǪǫ\u02db\u2039\u203a\u201a\u201e")
#: An accent's command, by its sign; those below a letter stand around those above it.
_ACCENTS = {
    "\u0300": r"\`", "\u0301": r"\'", "\u0302": r"\^", "\u0303": r"\~", "\u0304": r"\=",
    "\u0306": r"\u", "\u0307": r"\.", "\u0308": r"\"", "\u030a": r"\r", "\u030b": r"\H",
    "\u030c": r"\v", "\u0323": r"\d", "\u0327": r"\c", "\u0326": r"\c", "\u0331": r"\b",
}  # fmt: skip
_MATHS_ACCENTS = {
    "\u0300": r"\grave", "\u0301": r"\acute", "\u0304": r"\bar", "\u0306": r"\breve",
    "\u0308": r"\ddot", "\u0342": r"\tilde",
}  # fmt: skip
#: Decompositions that leave what a letter says: of another width, or a ligature.
_ALIKE = ("<wide", "<narrow", "<compat", "<font", "<noBreak", "<vertical", "<small")

#: Defines what the letters are set by; no command of it need be known to a list of tables.
_DEFINITIONS = {
    r"\letterofTone": (
        r"\providecommand{\letterofTone}[1]{\ifdefined\Umathchar#1\else"
        r"{\fontencoding{T1}\fontfamily{lmr}\selectfont#1}\fi}"
    ),
    r"\otherletter": (
        r"\providecommand{\otherletter}[3]{\ifdefined\Umathchar"
        r'\iffontchar\font"#2 #1\else{\tiny[#2]}\fi\else'
        r"\ifcsname u8:\detokenize{#1}\endcsname#1\else#3\fi\fi}"
    ),
}


def definitions(text: str) -> list[str]:
    """Return the lines that must stand before a text that has other letters."""
    return [line for command, line in _DEFINITIONS.items() if command in text]


def plainer(text: str) -> str:
    """Write accents with their letters, and signs of another width as usual: before escaping.

    >>> plainer("\ufb01ve \uff11\uff10\uff05")
    'five 10%'
    """
    if text.isascii():
        return text
    return _OTHER.sub(lambda match: _usual(match[0]), normalize("NFC", text))


def _usual(sign: str) -> str:
    alike = sign not in SIGNS and decomposition(sign).startswith(_ALIKE)
    return normalize("NFKC", sign) if alike else sign


def with_letters(text: str) -> str:
    r"""Set what LaTeX does not have by itself; what is escaped already stays so.

    >>> with_letters("Zoë"), with_letters("ą")
    ('Zoë', '\\letterofTone{ą}')
    >>> with_letters("ж"), with_letters("ạ")
    ('\\otherletter{ж}{0436}{{\\tiny[0436]}}', '\\otherletter{ạ}{1EA1}{\\d{a}}')
    """
    return text if text.isascii() else _OTHER.sub(lambda match: _letter(match[0]), text)


def as_written(latex: str) -> str:
    r"""Set what is written in LaTeX already: signs as well in a formula as in a text.

    >>> as_written("≤ 3 and $n ≤ 3$")
    '\\ensuremath{\\leq} 3 and $n \\ensuremath{\\leq} 3$'
    """
    if latex.isascii():
        return latex
    signs = (
        rf"\ensuremath{{{_MATHS[sign]}}}" if sign in _MATHS else SIGNS.get(sign, sign)
        for sign in normalize("NFC", latex)
    )
    return with_letters("".join(signs))


@cache
def _letter(letter: str) -> str:
    """Set a letter that is none of LaTeX's."""
    if letter in _OF_T1:
        return rf"\letterofTone{{{letter}}}"
    if category(letter) in ("Cf", "Cc"):  # which shows nothing
        return ""
    number, built = f"{ord(letter):04X}", _built(letter)
    if built.startswith("$"):
        return built
    instead = built or rf"{{\tiny[{number}]}}"
    return rf"\otherletter{{{letter}}}{{{number}}}{{{instead}}}"


def _built(letter: str) -> str:
    """Build a letter of its accents and what bears them; empty where there is no such."""
    base, *marks = list(normalize("NFD", letter))
    if not marks:
        return ""
    above = sorted(marks, key=lambda mark: combining(mark) < 230)
    if base in _MATHS and all(mark in _MATHS_ACCENTS for mark in marks):
        maths = _MATHS[base]
        for mark in above:
            maths = rf"{_MATHS_ACCENTS[mark]}{{{maths}}}"
        return f"${maths}$"
    if not base.isascii() or not all(mark in _ACCENTS for mark in marks):
        return ""
    for mark in above:
        base = f"{_ACCENTS[mark]}{{{base}}}"
    return base
