"""How expressions are written: short, and with the value that they have."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, reject, settings

from shapecalc.algebra import larger
from shapecalc.algebra.expr import evaluate, symbol
from shapecalc.algebra.notation import Notation, as_factor, code_of, notation_of, text_of
from shapecalc.spec.expression import ExpressionError, parse
from shapecalc.spec.expression import evaluate as evaluate_text
from tests.algebra.expressions import Twin, twins, values

if TYPE_CHECKING:
    from collections.abc import Mapping

    from shapecalc.algebra import Dim

H, W, K = map(symbol, "HWk")


@pytest.mark.parametrize(
    ("dim", "text", "code"),
    [
        (H // 32, "floor(H/32)", "H//32"),
        ((H + 31) // 32, "floor((H + 31)/32)", "(H + 31)//32"),
        ((H - 35) // 32, "floor((H - 35)/32)", "(H - 35)//32"),
        (99 * K * K + 1213 * K + 361, "99k^2 + 1213k + 361", "99*k**2 + 1213*k + 361"),
        (
            256 * ((H - 35) // 32) * ((W - 35) // 32),
            "256*floor((H - 35)/32)*floor((W - 35)/32)",
            "256*((H - 35)//32)*((W - 35)//32)",
        ),
        (
            64 * (16 * (H // 16) - 4) * (16 * (W // 16) - 4),
            "1024*(4*floor(H/16) - 1)*(4*floor(W/16) - 1)",
            "1024*(4*(H//16) - 1)*(4*(W//16) - 1)",
        ),
        (((H - 35) // 32) * ((H - 35) // 32), "floor((H - 35)/32)^2", "((H - 35)//32)**2"),
        (3 * H * W, "3*H*W", "3*H*W"),
        (361 * K * K + 361 * K, "361k^2 + 361k", "361*k*(k + 1)"),
        (3 * (H - 2) * (W - 2), "3*(H - 2)*(W - 2)", "3*(H - 2)*(W - 2)"),
        (14_714_688 * K, "14,714,688k", "14714688*k"),
        (larger(H * W, 3 * H), "max(3H, H*W)", "max(3*H, H*W)"),
        (-2 * H, "-2H", "-2*H"),
        (7, "7", "7"),
    ],
)
def test_what_is_written(dim, text, code) -> None:
    assert text_of(dim) == text
    assert code_of(dim) == code


def test_what_recurs_gets_one_name() -> None:
    side, other = (H - 35) // 32, (W - 35) // 32
    notation = notation_of([256 * side * other, 4096 * side * other + 1])
    assert notation.text(256 * side * other) == "256*h32*w32"
    assert notation.where() == {"h32": "floor((H - 35)/32)", "w32": "floor((W - 35)/32)"}


def test_a_name_is_never_that_of_a_symbol() -> None:
    taken = symbol("h2")
    notation = notation_of([H // 2 + taken, H // 2 * taken])
    assert notation.where() == {"h2b": "floor(H/2)"}


@pytest.mark.parametrize(
    ("text", "factor"), [("H", "H"), ("H + 1", "(H + 1)"), ("floor((H - 1)/2)",) * 2]
)
def test_a_sum_is_set_in_brackets(text: str, factor: str) -> None:
    assert as_factor(text) == factor


def read_back(text: str, point: Mapping[str, int]) -> Dim:
    """Compute a text in the language, whose whole numbers end at 10^18.

    An example that leaves them, in between or at its end, is refused there and shows nothing here.
    """
    try:
        return evaluate_text(parse(text), point.__getitem__)
    except ExpressionError as error:
        if "exceeds" not in str(error):
            raise
        reject()


SOME = settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@SOME
@given(twin=twins(depth=4), point=values)
def test_the_text_for_programs_is_an_expression_of_the_language(
    twin: Twin, point: dict[str, int]
) -> None:
    dim, compute = twin
    text = code_of(dim)
    if len(text) <= 300:  # the language's own limit
        assert read_back(text, point) == compute(point)


@SOME
@given(twin=twins(depth=4), point=values)
def test_the_text_for_people_says_the_same(twin: Twin, point: dict[str, int]) -> None:
    dim, compute = twin
    text = text_of(dim).replace(",", "") if "m" not in text_of(dim) else ""
    if not text or len(text) > 250:
        return
    text = re.sub(r"(\d)([HWk])", r"\1*\2", text.replace("^", "**").replace("/", "//"))
    plain = text.replace("floor(", "(")
    assert read_back(plain, point) == compute(point)


@SOME
@given(a=twins(depth=3), b=twins(depth=3), point=values)
def test_names_stand_for_what_the_legend_says(a: Twin, b: Twin, point: dict[str, int]) -> None:
    dims = [a[0], b[0], a[0] * b[0]]
    found = notation_of(dims)
    notation = Notation(found.shifts, found.names, "code")
    named = {name: atom for atom, name in notation.names.items()}
    known = {name: evaluate(atom.over, point) // atom.by for name, atom in named.items()} | point
    for dim in dims:
        text = notation.text(dim)
        if len(text) <= 300:
            assert read_back(text, known) == evaluate(dim, point)


def test_a_square_with_a_number_beside_it_is_written_in_steps() -> None:
    assert text_of(3 * (H - 6) * (H - 6) + 5) == "3*(H - 6)^2 + 5"
    assert text_of((H - 6) * (H - 6) + 7) == "(H - 6)^2 + 7"
