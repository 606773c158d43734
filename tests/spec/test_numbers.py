"""Expressions, `let`, `--set`, and the order in which names shadow each other."""

from __future__ import annotations

import pytest

from shapecalc.spec.expression import MAX_LENGTH, ExpressionError, evaluate, parse
from tests.spec.support import codes_of, output_of, place_of, problems_of, report_of


def units(expression: str, let: str = "{a: 5, b: 2}") -> int:
    report = report_of(f"input: 3\nlet: {let}\nlayers: [dense: {{units: {expression}}}]\n")
    return report["fc1"].output.size


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("a + b", 7),
        ("a - b", 3),
        ("a*b", 10),
        ("a // b", 2),
        ("a ** b", 25),
        ("2 + 3*4", 14),
        ("(2 + 3)*4", 20),
        ("20 - 5 - 3", 12),  # from the left
        ("100 // 7 // 2", 7),  # from the left
        ("2**3**2", 512),  # from the right
        ("-a + 9", 4),
        ("9 - -a", 14),
        ("-(a - 9)", 4),
        ("(-7) // 2 + 9", 5),  # floor, as in Python: -4 + 9
        ("-2**2 + 9", 5),  # the power first
        ("min(a, b)", 2),
        ("max(a, b, 9)", 9),
        ("min(max(a, 7), b*10)", 7),
        ("  a  +  b  ", 7),
        ("a+b", 7),
        ("4*a // 2**b", 5),
    ],
)
def test_expressions_compute_as_arithmetic_does(expression: str, value: int) -> None:
    assert units(f'"{expression}"') == value


@pytest.mark.parametrize(
    "expression",
    [
        "a b",
        "a +",
        "+ a",
        "* a",
        "(a",
        "a)",
        "min()",
        "min(a",
        "min a",
        "a,b",
        "a % b",
        "a / b",
        "a ^ b",
        "a = b",
        "a if b",
        "a.b",
        "a[0",
        "__import__('os')",
        "1 2",
        "²",
        "٣",
    ],
)
def test_what_is_no_expression(expression: str) -> None:
    assert codes_of(f'input: 3\nlet: {{a: 5, b: 2}}\nlayers: [dense: "{expression}"]\n') == ["E115"]


@pytest.mark.parametrize(
    "expression",
    [
        "10**18*10",
        "9**99",
        "2**2**2**2**2**2",
        "(10**9)**9",
        "2**(10**9)",
        "-(10**18) - 1",
        "1 // (a - a)",
        "0**(0-1)",
        "9" * 400,
        "(" * 60 + "1" + ")" * 60,
        "-" * 60 + "1",
    ],
)
def test_expressions_that_explode_are_refused_at_once(expression: str) -> None:
    assert codes_of(f"input: 3\nlet: {{a: 5}}\nlayers: [dense: {expression}]\n") == ["E115"]


def test_names_stand_for_numbers_words_sizes_and_lists() -> None:
    report = report_of(
        """
        input: 13x17x3
        let: {n: 4, k: 3x5, p: same, s: [2, 1], b: false}
        layers:
          - conv: {filters: n, kernel: k, pad: p, stride: s, bias: b}
        """
    )
    assert output_of(report, "conv1") == "7x17x4"
    assert (report["conv1"].weights, report["conv1"].biases) == (180, 0)  # 4 x 3 x 3 x 5


def test_names_may_be_defined_by_other_names_in_any_order() -> None:
    assert units("c", "{c: 2*d + 1, d: e, e: 4}") == 9


def test_a_thousand_names_in_a_row() -> None:
    chain = "".join(f"  a{i}: a{i - 1} + 1\n" for i in range(1, 1000))
    spec = f"input: 3\nlet:\n  a0: 1\n{chain}layers: [dense: a999]\n"
    assert report_of(spec)["fc1"].output.size == 1000


def test_names_that_double_each_other_are_computed_once_each() -> None:
    # 2**50 additions if every use were computed anew
    chain = "".join(f"  a{i}: a{i - 1} + a{i - 1}\n" for i in range(1, 51))
    spec = f"input: 3\nlet:\n  a0: 0\n{chain}layers: [dense: a50 + 1]\n"
    assert report_of(spec)["fc1"].output.size == 1


def test_a_name_defined_by_itself() -> None:
    for let in ("{a: a}", "{a: a + 1}", "{a: b, b: a}", "{a: b*2, b: c, c: a - 1}"):
        (problem,) = problems_of(f"input: 3\nlet: {let}\nlayers: [dense: a]\n")
        assert problem.code == "E118", let


def test_an_unknown_name_gets_a_suggestion_and_its_place() -> None:
    (problem,) = problems_of("input: 3\nlet: {width: 5}\nlayers: [dense: 2*widht]\n")
    assert problem.code == "E116"
    assert problem.hint == "did you mean 'width'?"
    assert place_of(problem) == "2*widht"


@pytest.mark.parametrize(
    "name",
    [
        "same",
        "valid",
        "floor",
        "ceil",
        "free",
        "input",
        "channels",
        "from",
        "name",
        "min",
        "max",
        "true",
        "false",
    ],
)
def test_words_of_the_language_cannot_be_defined(name: str) -> None:
    assert codes_of(f"input: 3\nlet: {{{name}: 5}}\nlayers: [dense: 2]\n") == ["E117"]
    spec = f"input: 3\nblocks: {{b: {{fields: [{name}], layers: []}}}}\nlayers: [b: 3]\n"
    assert "E117" in codes_of(spec)
    spec = f"input: 3\nlayers: [repeat: {{times: 1, index: {name}, layers: [relu]}}]\n"
    assert codes_of(spec) == ["E117"]
    spec = f"input: 3\nlayers: [repeat: {{for: {{{name}: [1]}}, layers: [relu]}}]\n"
    assert codes_of(spec) == ["E117"]


@pytest.mark.parametrize("name", ["2k", "k-1", "a.b", '"a b"', '""', "é", "k/2"])
def test_names_of_constants_are_letters_digits_and_underscores(name: str) -> None:
    assert codes_of(f"input: 3\nlet: {{{name}: 5}}\nlayers: [dense: 2]\n") == ["E117"]


def test_a_setting_overrides_a_constant() -> None:
    spec = "input: 3\nlet: {k: 5, twice: 2*k}\nlayers: [dense: k, dense: twice]\n"
    report = report_of(spec, settings={"k": "7"})
    assert [row.output.size for row in report.rows] == [3, 7, 14]


def test_a_setting_may_be_an_expression_and_use_other_constants() -> None:
    spec = "input: 3\nlet: {k: 5, m: 4}\nlayers: [dense: k]\n"
    assert report_of(spec, settings={"k": "2*m + 1"})["fc1"].output.size == 9


def test_a_setting_may_be_any_value_that_the_constant_may_be() -> None:
    spec = "input: 9x9x3\nlet: {p: valid}\nlayers: [conv: {filters: 1, kernel: 3, pad: p}]\n"
    assert output_of(report_of(spec), "conv1") == "7x7x1"
    assert output_of(report_of(spec, settings={"p": "same"}), "conv1") == "9x9x1"
    assert output_of(report_of(spec, settings={"p": "[2, 0]"}), "conv1") == "11x7x1"


@pytest.mark.parametrize(
    ("settings", "code"),
    [
        ({"kk": "3"}, "E303"),
        ({"units": "3"}, "E303"),
        ({"k": "0"}, "E114"),
        ({"k": "x"}, "E116"),
        ({"k": "k"}, "E118"),
        ({"k": "[1"}, "E101"),
        ({"k": ""}, "E303"),
        ({"k": "  "}, "E303"),
        ({"k": "{a: 1}"}, "E110"),
        ({"k": "\udcff"}, "E004"),
    ],
)
def test_settings_that_cannot_be(settings: dict[str, str], code: str) -> None:
    assert codes_of("input: 3\nlet: {k: 5}\nlayers: [dense: k]\n", settings=settings) == [code]


def test_a_free_name_is_a_symbol_until_it_is_set() -> None:
    spec = "input: 3\nlet: {k: free, m: 2*k}\nlayers: [dense: m]\n"
    assert output_of(report_of(spec), "fc1") == "2k"
    assert report_of(spec, settings={"k": "7"})["fc1"].output.size == 14
    freed = report_of("input: 3\nlet: {k: 5}\nlayers: [dense: k]\n", settings={"k": "free"})
    assert output_of(freed, "fc1") == "k"


@pytest.mark.parametrize(
    "layer",
    [
        "repeat: {times: k, layers: [relu]}",
        "conv: {filters: 4, kernel: 3, groups: k}",
        "lrn: {beta: k}",
    ],
)
def test_where_the_structure_needs_a_number_a_symbol_is_refused(layer: str) -> None:
    spec = f"input: 9x9x3\nlet: {{k: free}}\nlayers: [{layer}]\n"
    (problem,) = problems_of(spec)
    assert problem.code == "E121"
    assert "--set k=" in problem.hint


def test_a_symbol_of_the_input_can_be_set() -> None:
    spec = "input: HxWx3\nlayers: [conv: {filters: W, kernel: 3}]\n"
    report = report_of(spec, settings={"H": "9", "W": "11"})
    assert output_of(report, "conv1") == "7x9x11"
    half = report_of(spec, settings={"H": "9"})
    assert output_of(half, "conv1") == "7 x (W - 2) x W"
    assert half.graph.symbols == ("W",)


def test_the_inner_name_shadows_the_outer() -> None:
    # let k = 1; the block's field k = 10; the repeat's index k = 0, 1
    report = report_of(
        """
        input: 3
        let: {k: 1}
        blocks:
          b:
            fields: {k: 10}
            layers:
              - dense: k
              - repeat: {times: 2, index: k, layers: [dense: k + 100]}
              - dense: k
        layers: [dense: k, b, b: 20, dense: k]
        """
    )
    sizes = [row.output.size for row in report.rows if row.type == "dense"]
    assert sizes == [1, 10, 100, 101, 10, 20, 100, 101, 20, 1]


def test_a_block_sees_the_files_constants_but_not_its_callers_names() -> None:
    inner = "inner: {layers: [dense: k]}"
    outer = "outer: {fields: [k], layers: [inner]}"
    spec = f"input: 3\nlet: {{k: 5}}\nblocks: {{{inner}, {outer}}}\nlayers: [outer: 7]\n"
    assert report_of(spec)["outer1/inner1/fc1"].output.size == 5
    spec = f"input: 3\nblocks: {{{inner}, {outer}}}\nlayers: [outer: 7]\n"
    assert codes_of(spec) == ["E116"]


def test_an_argument_is_read_where_it_was_written() -> None:
    # `k + 1` belongs to the caller, whose k is 7; inside the block k is 8
    report = report_of(
        """
        input: 3
        blocks:
          inner: {fields: [k], layers: [dense: k]}
          outer: {fields: [k], layers: [inner: k + 1]}
        layers: [outer: 7]
        """
    )
    assert report["outer1/inner1/fc1"].output.size == 8


def test_a_name_is_never_an_expression() -> None:
    report = report_of("input: 3\nlet: {k: 5}\nlayers: [dense: {name: k, units: k}]\n")
    assert report["k"].output.size == 5
    assert codes_of("input: 3\nlet: {k: 5}\nlayers: [dense: {name: k*2, units: 5}]\n") == ["E117"]


def test_numbers_that_are_shapes_of_layers_may_be_expressions() -> None:
    report = report_of(
        """
        input: [2*n + 1, n, 3]
        let: {n: 6}
        layers:
          - conv: {filters: 2, kernel: [n - 3, 3], pad: [[0, n // 6], [1, n - 5]]}
          - reshape: [2*n, 12]
        """
    )
    assert output_of(report, "input") == "13x6x3"
    assert output_of(report, "conv1") == "12x6x2"  # 13 + 1 - 3 + 1, 6 + 2 - 3 + 1
    assert output_of(report, "reshape1") == "12x12"


def test_kxk_is_a_size_when_k_is_a_number() -> None:
    spec = "input: 13x17x3\nlet: {k: 3}\nlayers: [conv: {filters: 2, kernel: %s}]\n"
    assert output_of(report_of(spec % "kx1"), "conv1") == "11x17x2"
    assert output_of(report_of(spec % "1xk"), "conv1") == "13x15x2"
    assert output_of(report_of(spec % "kxk"), "conv1") == "11x15x2"


def test_a_name_with_an_x_in_it_is_one_name_when_it_is_defined() -> None:
    spec = "input: 13x17x3\nlet: {maxk: 3x5}\nlayers: [conv: {filters: 2, kernel: maxk}]\n"
    assert output_of(report_of(spec), "conv1") == "11x13x2"


def test_decimal_fields_take_decimals_and_names() -> None:
    for rate in ("0", "0.5", "1", ".25", "5e-1", "1.", "half"):
        report_of(f"input: 3\nlet: {{half: 1}}\nlayers: [dropout: {rate}]\n")
    assert codes_of("input: 3\nlayers: [dropout: 1.5]\n") == ["E114"]
    assert codes_of("input: 3\nlayers: [dropout: -0.1]\n") == ["E114"]
    assert codes_of("input: 3\nlayers: [dropout: half]\n") == ["E110"]
    assert codes_of("input: 3\nlayers: [dropout: 1e999]\n") == ["E114"]
    assert codes_of("input: 3\nlayers: [dropout: nan]\n") == ["E110"]


#: Expressions of a decimal field, with k = 6, g = 0.25 through another name, and a list.
DECIMALS = {
    "k - 2": 4.0, "1/2*k": 3.0, "k/4": 1.5, "-k/4 + 0.5": -1.0, "(k + 1)/2": 3.5, "g*k": 1.5,
    "far + 1": 1.25, "k//4": 1.0, "k//4*0.5": 0.5, "2**-1": 0.5, "max(k/4, g)": 1.5, "sizes[1]/4": 0.75,
    "make_divisible(k, 4)/8": 1.0, "channels/2": 1.5, ".5*k": 3.0,
}  # fmt: skip


@pytest.mark.parametrize("expression", DECIMALS)
def test_decimal_fields_take_expressions_and_fractions(expression: str) -> None:
    let = "{k: 6, g: 0.25, far: g, sizes: [2, 3], text: same}"
    spec = f"input: 3\nlet: {let}\nlayers: [add: {{right: '{expression}'}}]\n"
    assert report_of(spec).rows[-1].layer.right == DECIMALS[expression]


@pytest.mark.parametrize(
    ("expression", "code"),
    [
        ("1/0", "E115"), ("k/(k - 6)", "E115"), ("k//0", "E115"), ("0**-1", "E115"),
        ("2**0.5", "E115"), ("9**99", "E115"), ("(9**16)**16", "E115"), ("1 +", "E115"),
        ("1/2 3", "E115"), ("q/2", "E116"), ("s/2", "E121"), ("k/2 ?", "E115"), ("word/2", "E116"),
        ("1e10 - 1", "E115"), ("10**9*2", "E114"), ("nope", "E110"), ("5.5.5/1", "E115"),
    ],
)  # fmt: skip
def test_decimal_fields_refuse_what_is_no_number(expression: str, code: str) -> None:
    let = "{k: 6, s: free, word: same}"
    spec = f"input: 3\nlet: {let}\nlayers: [add: {{right: '{expression}'}}]\n"
    assert codes_of(spec) == [code]


def test_an_expression_may_have_the_longest_length() -> None:
    longest = ("k" + "+1" * ((MAX_LENGTH - 1) // 2)).ljust(MAX_LENGTH)
    assert evaluate(parse(longest), lambda name: 7) == 7 + (MAX_LENGTH - 1) // 2
    with pytest.raises(ExpressionError, match=f"more than {MAX_LENGTH} characters"):
        parse(longest + " ")


def test_an_expression_may_be_as_long_as_is_said() -> None:
    longest = f"{'1+' * 9}1".rjust(MAX_LENGTH)
    assert evaluate(parse(longest), lambda _: 0) == 10
    with pytest.raises(ExpressionError, match=f"more than {MAX_LENGTH} characters"):
        parse(f"{longest} ")
