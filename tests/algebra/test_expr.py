"""The algebra against Python's ints, and each of its identities by itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shapecalc.algebra import add_up, ceil_div, common_divisor, larger, product, smaller
from shapecalc.algebra.expr import (
    MAX_PARTS,
    Expr,
    Floor,
    constant_of,
    evaluate,
    floor,
    one,
    substitute,
    symbol,
)
from shapecalc.errors import RuleError
from tests.algebra.expressions import Twin, twins, values

if TYPE_CHECKING:
    from shapecalc.algebra import Dim

H, W, K = map(symbol, "HWk")
SLOW = settings(max_examples=600, deadline=None, suppress_health_check=[HealthCheck.too_slow])
naturals = st.integers(1, 60)
wholes = st.integers(-500, 500)


@SLOW
@given(twin=twins(), points=st.lists(values, min_size=8, max_size=8))
def test_an_expression_has_the_value_that_python_computes(
    twin: Twin, points: list[dict[str, int]]
) -> None:
    dim, compute = twin
    for point in points:
        assert evaluate(dim, point) == compute(point)


def test_the_comparison_with_python_bites() -> None:
    wrong = one(Floor(H + 1, 2))  # whoever forgets the constant in floor(H/2)
    assert any(evaluate(wrong, {"H": n}) != n // 2 for n in range(10))


@SLOW
@given(a=twins(), b=twins())
def test_sums_and_products_look_alike_in_any_order(a: Twin, b: Twin) -> None:
    (x, _), (y, _) = a, b
    assert x + y == y + x
    assert x * y == y * x
    assert hash(x + y) == hash(y + x)
    assert x - x == 0
    assert (x + y) - y == x


@given(d=naturals, y=wholes, r=wholes)
def test_multiples_of_the_divisor_leave_the_floor(d: int, y: int, r: int) -> None:
    assert (H + r + d * y * K) // d == y * K + (H + r) // d
    assert (H + r + d * y) // d == y + (H + r) // d


@given(c=naturals, d=naturals, r=wholes)
def test_a_common_factor_is_divided_out(c: int, d: int, r: int) -> None:
    assert (c * H + r) // (c * d) == (H + r // c) // d


@given(c=naturals, d=naturals, a=wholes)
def test_a_floor_in_a_floor_is_one_floor(c: int, d: int, a: int) -> None:
    assert (H // c + a) // d == (H + a * c) // (c * d)
    assert (H // c + 3 * W + a) // d == (H + 3 * c * W + a * c) // (c * d)


@given(a=wholes, d=naturals, n=wholes)
def test_ceilings(a: int, d: int, n: int) -> None:
    assert evaluate(ceil_div(H + a, d), {"H": n}) == -(-(n + a) // d)


@given(b=st.integers(1, 24), n=st.integers(1, 400))
def test_the_common_divisor_is_a_sum_of_floors(b: int, n: int) -> None:
    assert evaluate(common_divisor(H, b), {"H": n}) == np.gcd(n, b)


def test_whole_networks_collapse_to_one_floor() -> None:
    vgg = resnet = H
    for _ in range(5):
        vgg = vgg // 2
        resnet = (resnet + 2 - 3) // 2 + 1
    alexnet = H
    for kernel, stride in ((11, 4), (3, 2), (3, 2), (3, 2)):
        alexnet = (alexnet - kernel) // stride + 1
    assert vgg == H // 32
    assert resnet == (H + 31) // 32
    assert alexnet == (H - 35) // 32


def test_numbers_come_out_as_numbers() -> None:
    assert H - H == 0
    assert isinstance((2 * H + 1) // 2 - H, int)
    assert H * 0 == 0
    assert product([2, 3]) == 6
    assert smaller(H, H + 1) == H
    assert larger(H, H + 1) == H + 1
    assert larger(larger(H, W), 3) == larger(W, larger(3, H))
    assert constant_of((H - 35) // 32 + 7) == 5  # the floor's own constant is from 0 to 31
    assert H // 1 == H
    assert H**3 == H * H * H
    assert H**0 == 1
    assert (H * 7 + 5) % 7 == 5


@pytest.mark.parametrize(
    "question",
    [lambda: bool(H), lambda: H < W, lambda: H // 0.5, lambda: 0.5 // H, lambda: H + 0.5,
     lambda: H * "x", lambda: 1 - (H - 0.5)],
)  # fmt: skip
def test_what_has_no_answer_is_refused(question: Any) -> None:
    with pytest.raises(TypeError):
        question()


def test_nothing_is_divided_by_zero() -> None:
    with pytest.raises(ZeroDivisionError):
        floor(H, 0)


def test_an_expression_may_grow_only_so_far() -> None:
    def deep(steps: int) -> Dim:
        return (3 * deep(steps - 1) + steps) // 2 * K if steps else K

    with pytest.raises(RuleError, match="grows to") as caught:
        deep(200)
    assert caught.value.code == "E122"
    wide = [symbol(f"s{i}") for i in range(80)]
    with pytest.raises(RuleError, match="grows to"):
        sum(wide[1:], start=wide[0]) ** 3


@given(a=twins(depth=3), points=st.lists(values, min_size=2, max_size=6))
def test_arrays_pass_through(a: Twin, points: list[dict[str, int]]) -> None:
    dim, compute = a
    arrays = {name: np.array([point[name] for point in points]) for name in "HWk"}
    found = np.broadcast_to(evaluate(dim, arrays), len(points))
    assert found.tolist() == [compute(point) for point in points]


@given(a=twins(depth=3), b=twins(depth=2), point=values)
def test_expressions_can_be_put_in_place_of_symbols(
    a: Twin, b: Twin, point: dict[str, int]
) -> None:
    (dim, compute), (other, inner) = a, b
    put = substitute(dim, {"H": other})
    assert evaluate(put, point) == compute({**point, "H": inner(point)})


def test_a_symbol_without_a_value_is_missed() -> None:
    with pytest.raises(KeyError):
        evaluate(H + W, {"H": 1})


def test_expressions_show_themselves() -> None:
    assert repr((H - 35) // 32) == "floor((H - 35)/32)"
    assert f"{1213 * K + 361:,}" == "1213k + 361"
    assert isinstance(H, Expr)


def test_a_sum_may_be_large_on_its_way() -> None:
    """What comes out counts: two thirds of the most, added and taken away, leave the other."""
    many = MAX_PARTS // 3
    first, second = (add_up(symbol(f"{word}{n}") for n in range(many)) for word in "ab")
    assert add_up([first, second, first * -1]) == second
    with pytest.raises(RuleError, match="parts"):
        add_up([first, second])
