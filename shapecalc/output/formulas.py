"""Formulas as trees of signs, made from what they are made of, and written in LaTeX."""

from __future__ import annotations

import ast
import re
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, TypeAlias

from shapecalc.algebra.traced import value_text
from shapecalc.output.cells import split_times

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Sequence

    from shapecalc.algebra.traced import Formula
    from shapecalc.output.document import Chain, Form

#: Numbers in expressions below this have no commas, as `notation` writes them.
UNSEPARATED = 10_000
#: How tightly an operation binds: a part that binds less than its place asks for is bracketed.
_SUM, _PRODUCT, _ATOM = 1, 2, 3
#: The words in dimensions that are no symbols.
_FUNCTIONS = frozenset(["floor", "ceil", "max", "min"])


class Number(NamedTuple):
    """Digits, with a comma between thousands."""

    text: str


class Name(NamedTuple):
    """A letter, perhaps with a number, or words."""

    text: str

    @property
    def letter(self) -> tuple[str, str] | None:
        """The letter and its number; None for words."""
        match = re.fullmatch(r"([^\W\d_])(\d*)", self.text)
        return (match[1], match[2]) if match else None


class Sign(NamedTuple):
    """What stands between two parts."""

    text: Literal["+", "-", "*", " x ", "mod", ", "]


class MathRow(NamedTuple):
    """Parts beside each other."""

    parts: tuple[Math, ...]


class Ratio(NamedTuple):
    """One part over another."""

    over: Math
    under: Math


class Power(NamedTuple):
    """A part with an exponent."""

    base: Math
    exponent: Math


class Fenced(NamedTuple):
    """A part in brackets, whole below or whole above."""

    kind: Literal["()", "floor", "ceil"]
    inside: Math


class Call(NamedTuple):
    """A function of several parts."""

    word: str
    arguments: tuple[Math, ...]

    @property
    def bracketed(self) -> Fenced:
        """The arguments in their brackets."""
        parts = (part for argument in self.arguments for part in (Sign(", "), argument))
        return Fenced("()", MathRow(tuple(parts)[1:]))


def tall(math: Math) -> bool:
    """Tell whether a part is more than a line high, so that brackets around it must grow."""
    match math:
        case Ratio():
            return True
        case MathRow(parts) | Call(_, parts):
            return any(map(tall, parts))
        case Power(part, _) | Fenced(_, part):
            return tall(part)
    return False


Math: TypeAlias = Number | Name | Sign | MathRow | Ratio | Power | Fenced | Call
_Bound: TypeAlias = tuple[Math, int]


# -- formulas to trees ----------------------------------------------------------------------------


def tree_of(form: Form, times: str) -> Math:
    """Return a formula as a tree; `times` is the sign of a multiplication."""
    return _tree(form.formula, form.letters, times)[0]


def _tree(made: Formula, letters: bool, times: str) -> _Bound:
    """Return a tree, and how tightly it binds."""

    def part(index: int, least: int) -> Math:
        return _bracketed(_tree(made.parts[index], letters, times), least)

    every = range(len(made.parts))
    match made.kind:
        case "number":
            return (Name(made.name), _ATOM) if letters and made.name else _number(made)
        case "sum":
            return _sum(made, letters, times), _SUM
        case "product":
            return _joined([part(at, _ATOM) for at in every], times), _PRODUCT
        case "mod":
            return _joined([part(at, _ATOM) for at in every], "mod"), _PRODUCT
        case "quotient":
            return Ratio(part(0, _SUM), part(1, _SUM)), _ATOM
        case "floor" | "ceil":
            return Fenced(made.kind, part(0, _SUM)), _ATOM
        case _:
            return Call(made.kind, tuple(part(at, _SUM) for at in every)), _ATOM


def _bracketed(bound: _Bound, least: int) -> Math:
    tree, binding = bound
    return tree if binding >= least else Fenced("()", tree)


def _joined(parts: Sequence[Math], sign: str) -> Math:
    signs: list[Math] = [Sign(sign)] * len(parts)  # type: ignore[arg-type]
    return MathRow(tuple(part for pair in zip(signs, parts, strict=True) for part in pair)[1:])


def _sum(made: Formula, letters: bool, times: str) -> Math:
    parts: list[Math] = []
    for factor, part in zip(made.factors, made.parts, strict=True):
        size, bound = abs(factor), _tree(part, letters, times)
        if parts or factor < 0:
            parts.append(Sign("-" if factor < 0 else "+"))
        if size == 1:
            parts.append(_bracketed(bound, _PRODUCT if parts else _SUM))
            continue
        inside = _bracketed(bound, _ATOM)
        beside = times == "*" and isinstance(inside, Name) and len(inside.text) <= 2
        parts += [Number(str(size)), *([] if beside else [Sign(times)]), inside]  # type: ignore[arg-type]
    if made.constant:
        parts += [Sign("-" if made.constant < 0 else "+"), Number(f"{abs(made.constant):,}")]
    return MathRow(tuple(parts))


def _number(made: Formula) -> _Bound:
    """Set a number: one that was given as it was written, one that was computed for reading."""
    value: Any = made.value
    if isinstance(value, int):
        text = str(abs(value)) if made.given else f"{abs(value):,}"
        return _signed(Number(text), value < 0)
    if not isinstance(value, Fraction):
        return _expression(str(value))
    if 1000 % value.denominator == 0:
        return _signed(Number(value_text(abs(value))), value < 0)
    whole, rest = divmod(abs(value), 1)
    ratio = Ratio(Number(f"{rest.numerator:,}"), Number(f"{rest.denominator:,}"))
    return _signed(MathRow((Number(f"{whole:,}"), ratio)) if whole else ratio, value < 0)


def _signed(tree: Math, negative: bool) -> _Bound:
    return (MathRow((Sign("-"), tree)), _SUM) if negative else (tree, _ATOM)


def tree_of_text(text: str) -> Math:
    """Return a dimension as a tree."""
    return _expression(text)[0]


def _expression(text: str) -> _Bound:
    """Return a dimension in symbols by what `notation` writes: Python's grammar, but for signs."""
    try:
        return _node(ast.parse(_code(text), mode="eval").body)
    except SyntaxError:  # a symbol has the name of a word of Python's
        return Name(text), _SUM


def _code(text: str) -> str:
    """Write a dimension in Python's grammar."""
    code = re.sub(r"(?<=\d),(?=\d{3})", "", text.replace("^", "**"))
    return re.sub(r"(?<![\w.])(\d+)(?=[^\W\d])", r"\1*", code)


def tree_in_symbols(text: str, symbols: Collection[str]) -> Math | None:
    r"""Return a formula, or extents, as a tree; None for what holds none of the symbols, or more.

    >>> latex(tree_in_symbols("(H + 3) x h2 x 64", ["H", "h2"])), tree_in_symbols("3x3", ["H"])
    ('(H + 3) \\times h_{2} \\times 64', None)
    >>> latex(tree_in_symbols("19x19xk", ["k"]))
    '19 \\times 19 \\times k'
    """
    texts = text.split("x")
    if not all(part.isdigit() or part in symbols for part in texts):  # not extents without spaces
        texts = [part.strip() for part in split_times(text)]
    letters = {name for part in texts for name in re.findall(r"[^\W\d]\w*", part)} - _FUNCTIONS
    if not letters or not letters <= set(symbols) or not text.isascii():
        return None
    bounds = [_sole(part) for part in texts]
    if None in bounds:
        return None
    least = _SUM if len(bounds) == 1 else _PRODUCT
    return _joined([_bracketed(bound, least) for bound in bounds if bound], " x ")


def _sole(text: str) -> _Bound | None:
    """Return what is a formula and nothing else."""
    try:
        body = ast.parse(_code(text), mode="eval").body
    except SyntaxError:
        return None
    known = (ast.BinOp, ast.UnaryOp, ast.Call, ast.Name, ast.Constant)
    return _node(body) if isinstance(body, known) else None


def _node(node: ast.expr) -> _Bound:
    match node:
        case ast.Constant():
            value: Any = node.value
            return Number(f"{value:,}" if value >= UNSEPARATED else str(value)), _ATOM
        case ast.Name():
            return Name(node.id), _ATOM
        case ast.UnaryOp():
            return MathRow((Sign("-"), _bracketed(_node(node.operand), _PRODUCT))), _SUM
        case ast.Call(func=ast.Name(id="floor"), args=[inside]):
            return Fenced("floor", _node(inside)[0]), _ATOM
        case ast.Call(func=ast.Name(id=word)):
            return Call(word, tuple(_node(argument)[0] for argument in node.args)), _ATOM
        case ast.BinOp():
            return _operation(node.op, _node(node.left), _node(node.right))
    raise AssertionError(ast.dump(node))


def _operation(op: ast.operator, left: _Bound, right: _Bound) -> _Bound:
    match op:
        case ast.Add() | ast.Sub():
            sign = Sign("+" if isinstance(op, ast.Add) else "-")
            return MathRow((left[0], sign, _bracketed(right, _PRODUCT))), _SUM
        case ast.Mult() if isinstance(left[0], MathRow) and left[0].parts[0] == Sign("-"):
            return MathRow(
                (Sign("-"), _operation(op, (left[0].parts[1], _PRODUCT), right)[0])
            ), _SUM
        case ast.Mult():
            first, second = _bracketed(left, _PRODUCT), _bracketed(right, _PRODUCT)
            base = second.base if isinstance(second, Power) else second
            beside = isinstance(first, Number) and isinstance(base, Name) and base.letter
            return MathRow((first, *(() if beside else (Sign("*"),)), second)), _PRODUCT
        case ast.Div():
            return Ratio(left[0], right[0]), _ATOM
    return Power(_bracketed(left, _ATOM), right[0]), _ATOM


# -- trees to LaTeX -------------------------------------------------------------------------------

_SIGNS = {
    "+": " + ",
    "-": " - ",
    "*": r" \cdot ",
    " x ": r" \times ",
    "mod": r" \bmod ",
    ", ": ", ",
}
_FENCES = {"()": ("(", ")"), "floor": (r"\lfloor ", r"\rfloor"), "ceil": (r"\lceil ", r"\rceil")}
#: What has no meaning in LaTeX, nor in Markdown; an underscore is escaped in both.
_PLAIN = re.compile(r"[^\w .:;,/()+=!?'-]")


def latex(math: Math) -> str:
    r"""Write a tree in LaTeX's mathematics.

    >>> latex(Fenced("floor", Ratio(MathRow((Name("n"), Sign("-"), Name("kernel"))), Number("2"))))
    '\\left\\lfloor \\frac{n - \\text{kernel}}{2}\\right\\rfloor'
    """
    match math:
        case Number(text):
            return text.replace(",", "{,}")
        case Name(text):
            return _latex_name(math)
        case Sign(text):
            return _SIGNS[text]
        case MathRow((Sign(text), *parts)):
            return text + "".join(map(latex, parts))
        case MathRow(parts):
            return "".join(map(latex, parts))
        case Ratio(over, under):
            return rf"\frac{{{latex(over)}}}{{{latex(under)}}}"
        case Power(base, exponent):
            return f"{{{latex(base)}}}^{{{latex(exponent)}}}"
        case Fenced(kind, inside):
            begin, end = _FENCES[kind]
            grow, shrink = (r"\left", r"\right") if tall(inside) else ("", "")
            return f"{grow}{begin}{latex(inside)}{shrink}{end}"
        case Call(word):
            return rf"\{word}{latex(math.bracketed)}"


def _latex_name(name: Name) -> str:
    if name.letter is None:
        return rf"\text{{{latex_words(name.text)}}}"
    letter, number = name.letter
    return f"{letter}_{{{number}}}" if number else letter


def latex_words(text: str) -> str:
    """Write words for LaTeX's mathematics, and in Markdown: a sign with a meaning becomes `?`."""
    return _PLAIN.sub("?", text).replace("_", r"\_")


def inline(forms: Iterable[str]) -> str:
    """Write equalities as formulas of Markdown, each a formula of its own, so that lines break."""
    first, *rest = forms
    return " ".join([f"$= {first}$", *(f"$= {form}$" for form in rest)])


def letters_text(chain: Chain, words: Callable[[str], str]) -> str:
    """Say what the letters of a chain are, for LaTeX and Markdown; `words` escapes a text."""
    return "with " + ", ".join(
        f"${latex(Name(letter))} = {latex(tree_of_text(number))}$ ({words(meaning)})"
        for letter, number, meaning in chain.letters
    )
