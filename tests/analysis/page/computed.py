"""A page's data computed anew in Python, by what `forms.py` says of it and nothing else."""

from __future__ import annotations

import re
from fractions import Fraction
from math import ceil, floor, gcd, prod
from typing import Any

HOLDS = {
    "at least": lambda a, b: a >= b,
    "equal to": lambda a, b: a == b,
    "divisible by": lambda a, b: a % b == 0,
    "joined with": lambda a, b: a == b or 1 in (a, b),
}


def numbers(data: dict[str, Any], values: dict[str, int]) -> list[int]:
    """Compute all forms for values of the symbols."""
    out: list[int] = []

    def product(parts: list[int]) -> int:
        return prod(out[at] ** power for at, power in zip(parts[::2], parts[1::2], strict=True))

    for form in data["forms"]:
        match form:
            case int() | str():
                out.append(int(form))
            case ["=", name]:
                out.append(values[name])
            case ["+", *terms]:
                pairs = zip(terms[::2], terms[1::2], strict=True)
                out.append(sum(int(factor) * product(parts) for factor, parts in pairs))
            case ["/", over, by]:
                out.append(out[over] // out[by])
            case ["min", *parts]:
                out.append(min(out[at] for at in parts))
            case ["max", *parts]:
                out.append(max(out[at] for at in parts))
            case _:
                raise AssertionError(form)
    return out


def formulas(data: dict[str, Any], forms: list[int]) -> list[Fraction]:
    """Compute all formulas from the forms."""
    out: list[Fraction] = []
    for formula in data["formulas"]:
        match formula:
            case ["#", form, str(), 0 | 1]:
                out.append(Fraction(forms[form]))
            case ["%", over, under, str()]:
                out.append(Fraction(int(over), int(under)))
            case ["sum", constant, *terms]:
                pairs = zip(terms[::2], terms[1::2], strict=True)
                out.append(int(constant) + sum(int(f) * out[at] for f, at in pairs))
            case [kind, *parts]:
                out.append(Fraction(_operation(kind, [out[at] for at in parts])))
    return out


def _operation(kind: str, parts: list[Fraction]) -> Fraction | int:
    match kind:
        case "product":
            return prod(parts)
        case "quotient":
            return parts[0] / parts[1]
        case "floor":
            return floor(parts[0])
        case "ceil":
            return ceil(parts[0])
        case "min":
            return min(parts)
        case "max":
            return max(parts)
        case "gcd":
            return gcd(*(int(part) for part in parts))
        case "mod":
            return parts[0] % parts[1]
    raise AssertionError(kind)


def text(data: dict[str, Any], place: int, forms: list[int]) -> str:
    """Write a text with its numbers, behind the articles that they have."""
    parts = data["texts"][place]
    written = [part if isinstance(part, str) else among(forms[part]) for part in parts]
    for at, part in enumerate(parts[1:], 1):
        if not isinstance(part, str):
            vowel = re.match(r"8|1[18](,|$)", written[at])
            written[at - 1] = re.sub(r"\b([Aa])n? $", r"\1n " if vowel else r"\1 ", written[at - 1])
    return "".join(written)


def among(number: int) -> str:
    return f"{number:,}" if number >= 10_000 else str(number)


def failing(data: dict[str, Any], forms: list[int]) -> list[Any] | None:
    """Return the first need that does not hold."""
    for need in data["needs"]:
        _, value, relation, bound, *_ = need
        if not HOLDS[relation](forms[value], forms[bound]):
            return need
    return None
