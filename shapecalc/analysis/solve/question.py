"""Questions about a network: read by hand into conditions, never evaluated by Python.

question  = condition (("and" | ",") condition)*
condition = "no loss" | "exact fit" | side (relation side)+ | side "divisible" "by" side
relation  = "=" | "==" | "!=" | "<" | "<=" | ">" | ">="
side      = shape | sum           (the sums are those of the spec language, and "%")
atom      = number | name | "(" sum ")" | ("min" | "max") "(" sum ("," sum)* ")"
"""

from __future__ import annotations

import re
from fractions import Fraction
from typing import NamedTuple, NoReturn, TypeAlias

from shapecalc.errors import refuse
from shapecalc.spec.expression import ExpressionError, Parsed, Parser
from shapecalc.text import Origin, Source, Span
from shapecalc.text.words import must_be_text

MAX_LENGTH = 1000
#: What a number's suffix multiplies by; a B for bytes may follow.
SUFFIXES = {
    **{word: 1000**power for power, word in enumerate(("K", "M", "G", "T"), 1)},
    **{f"{word}i": 1024**power for power, word in enumerate(("K", "M", "G", "T"), 1)},
    "k": 1000,
}
_NUMBER = re.compile(
    r"(\d{1,3}(?:,\d{3})+|\d+(?:_\d+)*)(\.\d+)?([eE]\+?\d{1,2}(?!\w))?"
    r"(?:([KMGT]i?|k)(?!\w)|\s*((?:[KMGT]i?|k)?B))?",
    re.ASCII,
)
#: What people write for a unit, in small letters, and what it is here.
_MEANT_UNITS = {
    **{word.lower(): word for word in ("K", "M", "G", "T", "Ki", "Mi", "Gi", "Ti")},
    **{f"{word}b".lower(): f"{word}B" for word in ("", "K", "M", "G", "T", "Ki", "Mi", "Gi", "Ti")},
    **{
        f"{word.lower()}byte{end}": f"{word}B"
        for word in ("", "K", "M", "G", "T", "Ki", "Mi", "Gi", "Ti")
        for end in ("", "s")
    },
}
_TOKEN = re.compile(
    r"\s*(?:(?P<shape>\d+(?:\s*[x\u00d7]\s*\d+)+)(?![\w.])"
    rf"|(?P<number>{_NUMBER.pattern})(?!\w|\.\d)"
    r"|(?P<name>(?:'[^']*'|[A-Za-z_]\w*)(?:/\w+|\.[A-Za-z_]\w*)*)"
    r"|(?P<sign>[=!<>]=|[=<>≤≥≠]|\*\*|//|[-+*%(),]))",
    re.ASCII,
)
_RELATIONS = {"==": "=", "≤": "<=", "≥": ">=", "≠": "!="}
RELATIONS = ("=", "!=", "<", "<=", ">", ">=")
#: The conditions that speak of the whole network.
WHOLE = ("no loss", "exact fit")
_EXAMPLE = 'ask like "pool3 = 6x6", "params <= 5M" or "no loss"'


class ByteCount(int):
    """A number of bytes, as it was written: ``512KB``, and where that stands."""

    written: str
    span: Span

    @property
    def unit(self) -> str:
        """The unit that it was written in."""
        return self.written.lstrip("0123456789_,. ")


class WrittenShape(NamedTuple):
    """A shape written out: `6x6`, `6x6x256`."""

    values: tuple[int, ...]


#: One side of a relation.
Side: TypeAlias = "Parsed | WrittenShape"


class QuestionCondition(NamedTuple):
    """Something that must hold: a relation of two sides, or one of `WHOLE`.

    `text` is how it was written, `places` where the names in it stand.
    """

    text: str
    span: Span
    relation: str = "no loss"
    left: Side = 0
    right: Side = 0


class Question(NamedTuple):
    """Conditions that must hold together, and where they and the names in them were written."""

    source: Source
    conditions: tuple[QuestionCondition, ...]
    places: dict[str, Span]

    def refuse(self, code: str, message: str, span: Span, hint: str) -> NoReturn:
        """Complain about a place of the question."""
        raise refuse(code, message, Origin(self.source, span), hint)


def read_question(text: str) -> Question:
    """Read a question.  Raises `SpecErrors` (E343) with the place that cannot be read.

    >>> [condition.text for condition in read_question("pool3 = 6x6 and params <= 5M").conditions]
    ['pool3 = 6x6', 'params <= 5M']
    """
    must_be_text(text, "a question", "pool3 = 6x6")
    source = Source("question", text)
    if len(text) > MAX_LENGTH:
        message = f"the question has {len(text):,} characters"
        raise refuse("E343", message, Origin(source), rule=f"at most {MAX_LENGTH:,}")
    reader = None
    try:
        reader = _QuestionReader(text)
        return Question(source, tuple(reader.question()), reader.places)
    except _StoppedError as stop:
        start, end, message, hint = stop.start, stop.end, stop.message, stop.hint
    except ExpressionError as error:
        start, end = (reader.start, reader.end) if reader else (0, 0)
        message, hint = error.message, error.hint
    origin = Origin(source, Span(0, start, 0, max(end, start)))
    raise refuse("E343", message, origin, hint or _EXAMPLE)


class _StoppedError(ExpressionError):
    """What cannot be read, and from where to where it stands."""

    def __init__(self, message: str, hint: str, start: int, end: int) -> None:
        super().__init__(message, hint)
        self.start, self.end = start, end


class _QuestionReader(Parser):
    """Recursive descent over a question's tokens; `start` and `end` are the current one's."""

    def __init__(self, text: str) -> None:
        self.start = self.end = self.behind = 0
        self.kind = ""
        self.places: dict[str, Span] = {}
        super().__init__(text)

    def advance(self) -> str:
        left, self.behind = self.token, self.end
        rest = self.text[self.position :]
        if not rest.strip():
            self.kind = ""
            self.token = ""
            self.start = self.end = len(self.text.rstrip())
            return left
        match = _TOKEN.match(rest)
        if match is None:
            self.start = self.position + len(rest) - len(rest.lstrip())
            self.end = self.start + 1
            self.stranger(rest.strip())
        self.kind = str(match.lastgroup if match["number"] is None else "number")
        self.token = match[self.kind]
        self.start, self.end = self.position + match.start(self.kind), self.position + match.end()
        self.position += match.end()
        return left

    def stranger(self, rest: str) -> NoReturn:
        """Complain about what is no token."""
        if rest[0].isdigit():
            word = re.match(r"[\w.]+", rest)
            assert word is not None
            self.end = self.start + word.end()
            message = f"'{word[0]}' is neither a number nor a shape"
            self.stop(message, _unit_hint(word[0]) or _DIGIT_HINT)
        if rest[0] == "/":
            self.stop("'/' would give a fraction", "use // for whole division")
        self.stop(f"'{rest[0]}' means nothing in a question", _EXAMPLE)

    def stop(self, message: str, hint: str = "") -> NoReturn:
        raise _StoppedError(message, hint, self.start, self.end)

    def question(self) -> list[QuestionCondition]:
        conditions = self.conditions()
        while self.accept("and", ","):
            conditions += self.conditions()
        if self.token:
            message = f"'{self.token}' is not expected here"
            before = re.search(r"[\d_,.]+\s*$", self.text[: self.start], re.ASCII)
            unit = _unit_hint(before[0].strip() + self.token) if before else ""
            self.stop(message, unit or "conditions are joined by `and` or a comma")
        return conditions

    def conditions(self) -> list[QuestionCondition]:
        """Read a condition; a chain like 16 <= k <= 64 makes several."""
        start = self.start
        if self.accept("lossless"):
            return [self.condition(start)]
        for words in WHOLE:
            first, second = words.split()
            if self.token == first and re.match(rf"\s*{second}\b", self.text[self.end :]):
                self.advance()
                self.advance()
                return [self.condition(start, words)]
        left = self.side()
        if self.token == "divisible":  # noqa: S105
            self.advance()
            if not self.accept("by"):
                self.stop("'by' is missing after 'divisible'", "write: divisible by 32")
            return [self.condition(start, "divisible by", left, self.side())]
        relations = []
        while (sign := _RELATIONS.get(self.token, self.token)) in RELATIONS:
            self.advance()
            after = self.start
            right = self.side()
            relations.append(self.condition(start, sign, left, right))
            left, start = right, after
        if not relations:
            where = f"before '{self.token}'" if self.token else "at the end"
            hint = "=, !=, <, <=, >, >= or `divisible by`: " + _EXAMPLE
            self.stop(f"a relation is missing {where}", hint)
        return relations

    def condition(
        self, start: int, relation: str = "no loss", left: Side = 0, right: Side = 0
    ) -> QuestionCondition:
        text = " ".join(self.text[start : self.behind].split())
        return QuestionCondition(text, Span(0, start, 0, self.behind), relation, left, right)

    def side(self) -> Side:
        if self.kind != "shape":
            return self.sum(0)
        values = tuple(map(int, re.split(r"\s*[x\u00d7]\s*", self.token)))
        self.advance()
        return WrittenShape(values)

    def product(self, depth: int) -> Parsed:
        left = self.unary(depth)
        while operator := self.accept("*", "//", "%"):
            right = self.unary(depth)
            if operator == "%":  # a mod b = a - a//b*b
                left = ("-", (left, ("*", (("//", (left, right)), right))))
            else:
                left = (operator, (left, right))
        return left

    def atom(self, depth: int) -> Parsed:
        kind, token, start = self.kind, self.token, self.start
        if kind == "shape":
            self.stop("a shape cannot be computed with", "compare it as it is: pool3 = 6x6")
        if kind == "number":
            value = _value(token)
            if value is None:
                self.stop(f"'{token}' is not a whole number", "1.5M is one, 1.5 is not")
            self.advance()
            if token.endswith("B"):
                value = ByteCount(value)
                value.written, value.span = token, Span(0, start, 0, self.behind)
            return value
        if token in ("min", "max") or kind == "sign":
            return super().atom(depth)
        if kind != "name" or token in ("and", "divisible", "by"):
            where = f"before '{token}'" if token else "at the end"
            self.stop(f"a number or a name is missing {where}", _EXAMPLE)
        self.advance()
        self.places.setdefault(token, Span(0, start, 0, self.behind))
        return token


def _value(token: str) -> int | None:
    """Return the whole number that a token stands for; None for a fraction."""
    match = _NUMBER.fullmatch(token)
    assert match is not None
    digits = re.sub("[,_]", "", match[1])
    suffix = match[4] or (match[5] or "").removesuffix("B")
    value = Fraction(digits + (match[2] or "") + (match[3] or "")) * SUFFIXES.get(suffix, 1)
    return int(value) if value.denominator == 1 else None


_DIGIT_HINT = (
    "numbers may end in K, M, G, T, Ki, Mi, Gi or Ti, and B for bytes; a name that begins with a"
    " digit stands in quotes: '3x3'.params"
)


def _unit_hint(word: str) -> str:
    """Say which unit is meant by a number with another one."""
    match = re.fullmatch(r"([\d_,.]+)([A-Za-z]+)", word, re.ASCII)
    unit = match and _MEANT_UNITS.get(match[2].lower())
    return f"did you mean {match[1]}{unit}?" if match and unit else ""
