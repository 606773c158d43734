"""Python code that is laid out as formatters lay it out, in lines of 88 characters."""

from __future__ import annotations

import keyword
import re
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

#: The longest line of the usual formatters.
LONGEST = 88
_INDENT = "    "


class SlotCode(NamedTuple):
    """A literal that may be an argument of a class instead; `hint` is what it would be called.

    As an argument it is left out where it is the `usual` one.
    """

    value: object
    hint: str
    usual: object = ...


class CallCode(NamedTuple):
    """A call: its function and its arguments, by keyword unless that is empty.

    Where there are `comments`, there is one for each argument.
    """

    function: Code
    arguments: tuple[tuple[str, Code], ...] = ()
    comments: tuple[str, ...] = ()

    def written(self) -> list[tuple[str, Code, str]]:
        """Return the arguments that are not the usual ones, with their comments."""
        comments = self.comments or ("",) * len(self.arguments)
        return [
            (word, code, comment)
            for (word, code), comment in zip(self.arguments, comments, strict=True)
            if not (isinstance(code, SlotCode) and code.value == code.usual)
        ]


class Behind(NamedTuple):
    """What stands right behind some code: a method with its arguments, or an index."""

    owner: Code
    text: str


class Items(NamedTuple):
    """A list of items, each with a comment behind it."""

    items: tuple[tuple[Code, str], ...]
    brackets: str = "[]"


class PairCode(NamedTuple):
    """A key of a dict with its value."""

    key: str
    value: Code


class SumCode(NamedTuple):
    """Operands with one operator between them."""

    operator: str
    operands: tuple[Code, ...]


Code: TypeAlias = "str | SlotCode | CallCode | Behind | Items | PairCode | SumCode"


def call(function: Code, *positional: Code, **named: Code | None) -> CallCode:
    """Make a call; keywords that are None are left out."""
    arguments = [("", code) for code in positional]
    arguments += [(word, code) for word, code in named.items() if code is not None]
    return CallCode(function, tuple(arguments))


def literal(value: object) -> str:
    """Write a literal as formatters do.

    >>> literal((3, 3)), literal("a"), literal(float("-inf"))
    ('(3, 3)', '"a"', 'float("-inf")')
    """
    if isinstance(value, str):
        return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
    if isinstance(value, tuple):
        inner = ", ".join(map(literal, value))
        return f"({inner},)" if len(value) == 1 else f"({inner})"
    if isinstance(value, list):
        return f"[{', '.join(map(literal, value))}]"
    if isinstance(value, float) and abs(value) == float("inf"):
        return f'float("{value}")'
    return repr(value)


def flat(code: Code) -> str:
    """Write code in one line."""
    if isinstance(code, str):
        return code
    if isinstance(code, SlotCode):
        return literal(code.value)
    if isinstance(code, CallCode):
        return f"{flat(code.function)}({', '.join(_arguments(code))})"
    if isinstance(code, Behind):
        owner = flat(code.owner)
        return (f"({owner})" if isinstance(code.owner, SumCode) else owner) + code.text
    if isinstance(code, Items):
        inner = ", ".join(flat(item) for item, _ in code.items)
        return f"{code.brackets[0]}{inner}{code.brackets[1]}"
    if isinstance(code, PairCode):
        return f"{literal(code.key)}: {flat(code.value)}"
    return f" {code.operator} ".join(map(flat, code.operands))


def _arguments(code: CallCode) -> Iterator[str]:
    for word, argument, _ in code.written():
        yield f"{word}={flat(argument)}" if word else flat(argument)


def _commented(code: Code) -> bool:
    """Tell whether comments stand inside, so that it takes several lines."""
    if isinstance(code, CallCode):
        inner = any(comment or _commented(item) for _, item, comment in code.written())
        return inner or _commented(code.function)
    if isinstance(code, Items):
        return any(comment or _commented(item) for item, comment in code.items)
    if isinstance(code, PairCode):
        return _commented(code.value)
    return isinstance(code, Behind) and _commented(code.owner)


def lines(
    code: Code, indent: int, before: str = "", after: str = "", comment: str = ""
) -> list[str]:
    """Lay out code with a text before it and one after it; a comment goes where it fits."""
    margin = _INDENT * indent
    behind = f"  # {comment}" if comment else ""
    whole = f"{margin}{before}{flat(code)}{after}"
    if not _commented(code):
        if len(whole + behind) <= LONGEST:
            return [whole + behind]
        if comment and len(whole) <= LONGEST:
            return [f"{margin}# {comment}", whole]
    made = _split(code, indent, before, after)
    return [f"{margin}# {comment}", *made] if comment else made


def _split(code: Code, indent: int, before: str, after: str) -> list[str]:
    """Lay out code over several lines."""
    margin = _INDENT * indent
    if isinstance(code, PairCode):
        return _split(code.value, indent, f"{before}{literal(code.key)}: ", after)
    if isinstance(code, Items):
        first = f"{margin}{before}{code.brackets[0]}"
        return [first, *_item_lines(code.items, indent + 1), f"{margin}{code.brackets[1]}{after}"]
    if isinstance(code, CallCode) and code.written():
        first = f"{margin}{before}{flat(code.function)}("
        if isinstance(code.function, CallCode) and len(first) > LONGEST:
            inner = f"({', '.join(_arguments(code))}){after}"
            return _split(code.function, indent, before, inner)
        inner = _INDENT + margin + ", ".join(_arguments(code))
        if len(inner) <= LONGEST and not _commented(code):
            return [first, inner, f"{margin}){after}"]
        arguments = code.written()
        comma = "," if len(arguments) > 1 else ""
        made = []
        for word, argument, note in arguments:
            made += lines(argument, indent + 1, f"{word}=" if word else "", comma, note)
        return [first, *made, f"{margin}){after}"]
    if isinstance(code, SumCode):
        first, *others = (flat(operand) for operand in code.operands)
        inner = margin + _INDENT
        split = [f"{inner}{first}", *(f"{inner}{code.operator} {other}" for other in others)]
        one = f"{inner}{flat(code)}"
        return [
            f"{margin}{before}(",
            *([one] if len(one) <= LONGEST else split),
            f"{margin}){after}",
        ]
    return [f"{margin}{before}{flat(code)}{after}"]


def _item_lines(items: Iterable[tuple[Code, str]], indent: int) -> list[str]:
    made = []
    for item, comment in items:
        made += lines(item, indent, "", ",", comment)
    return made


def signature(indent: int, name: str, parameters: Sequence[str], result: str) -> list[str]:
    """Lay out the head of a function."""
    margin = _INDENT * indent
    one = f"{margin}def {name}({', '.join(parameters)}) -> {result}:"
    if len(one) <= LONGEST:
        return [one]
    inner = f"{margin}{_INDENT}{', '.join(parameters)}"
    body = [inner] if len(inner) <= LONGEST else [f"{margin}{_INDENT}{p}," for p in parameters]
    return [f"{margin}def {name}(", *body, f"{margin}) -> {result}:"]


def slots_of(code: Code) -> Iterator[SlotCode]:
    """Yield the literals of code, in order."""
    if isinstance(code, SlotCode):
        yield code
    elif isinstance(code, CallCode):
        yield from slots_of(code.function)
        for _, argument in code.arguments:
            yield from slots_of(argument)
    elif isinstance(code, Behind):
        yield from slots_of(code.owner)
    elif isinstance(code, Items):
        for item, _ in code.items:
            yield from slots_of(item)
    elif isinstance(code, PairCode):
        yield from slots_of(code.value)
    elif isinstance(code, SumCode):
        for operand in code.operands:
            yield from slots_of(operand)


def filled(code: Code, words: Iterator[str | None]) -> Code:
    """Put words in the places of literals, in order; None leaves a literal as it is."""
    if isinstance(code, SlotCode):
        word = next(words)
        return code if word is None else word
    if isinstance(code, CallCode):
        function = filled(code.function, words)
        named = tuple((word, filled(argument, words)) for word, argument in code.arguments)
        return code._replace(function=function, arguments=named)
    if isinstance(code, Behind):
        return code._replace(owner=filled(code.owner, words))
    if isinstance(code, Items):
        return code._replace(items=tuple((filled(item, words), note) for item, note in code.items))
    if isinstance(code, PairCode):
        return code._replace(value=filled(code.value, words))
    if isinstance(code, SumCode):
        return code._replace(operands=tuple(filled(item, words) for item in code.operands))
    return code


def skeleton(code: Code) -> str:
    """Write code without its literals; the usual ones count as any other."""
    count = sum(1 for _ in slots_of(code))
    return flat(filled(code, iter(["\0"] * count)))


def identifier(name: str, prefix: str) -> str:
    """Make a name of Python of any name; `prefix` stands before one that begins with a digit.

    >>> identifier("3x3", "branch"), identifier("a.b", "x"), identifier("class", "x")
    ('branch_3x3', 'a_b', 'class_')
    """
    plain = re.sub(r"[^A-Za-z0-9_]+", "_", name).strip("_") or prefix
    if plain[0].isdigit():
        plain = f"{prefix}_{plain}"
    return f"{plain}_" if keyword.iskeyword(plain) or keyword.issoftkeyword(plain) else plain


def class_name(name: str, usual: str) -> str:
    """Make a class's name of any name.

    >>> class_name("ResNet-50", "Net"), class_name("conv_bn", "Net"), class_name("50 layers", "Net")
    ('ResNet50', 'ConvBn', 'Net50Layers')
    >>> class_name("none", "Net")
    'NetNone'
    """
    words = re.findall(r"[A-Za-z0-9]+", name)
    plain = "".join(word[0].upper() + word[1:] for word in words)
    free = plain and not plain[0].isdigit() and not keyword.iskeyword(plain)
    return plain if free else usual + plain


def unique(name: str, taken: set[str]) -> str:
    """Return the name, or one with a number behind it that nobody has, and take it."""
    free, number = name, 1
    while free in taken:
        number += 1
        free = f"{name}_{number}" if name[-1:].isdigit() else f"{name}{number}"
    taken.add(free)
    return free
