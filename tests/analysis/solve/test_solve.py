"""Solutions of questions to shipped networks, and what they are made of."""

from __future__ import annotations

import json

import pytest

import shapecalc
from shapecalc import solve
from shapecalc.algebra.integer_sets import Integers, Stretch
from shapecalc.analysis.solve.answer import compress, listed, size, tidied
from shapecalc.analysis.solve.question import read_question
from shapecalc.errors import SpecErrors


def said(network: str, question: str, **options: object) -> dict[str, str]:
    """Return the one box of a solution in words."""
    solution = solve(network, question, **options)  # type: ignore[arg-type]
    (box,) = solution.boxes
    return {name: numbers.text("n") for name, numbers in box.items()}


def test_the_sizes_that_lead_to_a_volume() -> None:
    solution = solve("alexnet", "pool3 = 6x6")
    (box,) = solution.boxes
    assert {name: each.text(name) for name, each in box.items()} == {
        "H": "H from 227 to 258",
        "W": "W from 227 to 258",
    }
    assert solution.total() == 32 * 32
    (why,) = solution.why
    assert [row[0] for row in why.rows] == [
        "pool3",
        "pool2 to relu5",
        "pool1 to relu2",
        "conv1 to relu1",
        "input",
    ]
    assert [row[2] for row in why.rows] == ["6", "13 or 14", "27 to 30", "55 to 62", "227 to 258"]


@pytest.mark.parametrize("shape", ["6x6", "6x6x256", "6"])
def test_a_volume_may_be_written_with_and_without_channels(shape: str) -> None:
    assert said("alexnet", f"pool3 = {shape}")["H"] == "n from 227 to 258"


def test_a_vector_is_compared_by_its_units() -> None:
    assert solve("alexnet", "fc7 = 4096 and fc7 = fc6 and 2*output = 2000")
    assert not solve("alexnet", "output = 999")


def test_sides_are_answered_each_by_itself() -> None:
    assert said("alexnet", "pool3 = 6x7") == {"H": "n from 227 to 258", "W": "n from 259 to 290"}


@pytest.mark.parametrize(
    "question",
    [
        "params <= 5M",
        "params <= 5,000,000",
        "params < 5000001",
        "5_000_000 >= params",
        "params <= 5M and 1 <= k <= 10_000",
    ],
)
def test_ranges_include_both_ends(question: str) -> None:
    assert said("alphago", question, over="k=16:512") == {"k": "n from 16 to 218"}
    assert said("alphago", question, over="k=16:218") == {"k": "n from 16 to 218"}
    assert said("alphago", question, over="k=218:219") == {"k": "n = 218"}
    assert said("alphago", question, over={"k": range(200, 300, 9)}) == {
        "k": "n mod 9 = 2, from 200 to 218"
    }


def test_the_numbers_at_the_border_are_those_of_the_networks() -> None:
    (table,) = solve("alphago", "params <= 5M", over="k=16:512").why
    shown = {int(row[0]): int(row[2].replace(",", "")) for row in table.rows}
    assert shown == {
        k: shapecalc.summarize("alphago", settings={"k": k}).totals.params for k in (218, 219)
    }


def test_padding_that_keeps_a_size() -> None:
    over = "conv2.pad=0:5"
    assert said("alexnet", "conv2.output = conv2.input", over=over) == {"conv2.pad": "n = 2"}


def test_output_is_input_of_a_network_of_one_layer() -> None:
    graph = shapecalc.loads("input: 12x17x3\nlayers: [conv: {filters: 5, kernel: 7}]")
    solution = solve(graph, "output = input", over="conv1.pad=0:10")
    assert [box["conv1.pad"].text("p") for box in solution.boxes] == ["p = 3"]


def test_fields_of_blocks_and_repeats() -> None:
    spec = (
        "input: 9x9x3\nblocks: {unit: {fields: [f], layers: [conv: {filters: f, kernel: 1}]}}\n"
        "layers:\n- unit: {name: u, f: 4}\n"
        "- repeat: {name: r, times: 2, layers: [conv: {filters: 5, kernel: 3}]}\n"
    )
    graph = shapecalc.loads(spec)
    assert solve(graph, "u.params <= 40", over="u.f=1:99").boxes[0]["u.f"].text("f") == (
        "f from 1 to 10"
    )
    times = solve(graph, "output = 3x3", over="r.times=0:9")
    assert times.boxes[0]["r.times"].text("t") == "t = 3"
    assert any("5 of them do not exist" in remark for remark in times.remarks)


def test_coupled_sides_are_answered_for_squares_and_say_so() -> None:
    solution = solve("alexnet", "macs <= 1G")
    assert solution.tied == (("H", "W"),)
    assert solution.boxes[0]["H"].text("H") == "H from 67 to 218"
    assert "H = W" in solution.remarks[0]
    assert solution.admits(H=100, W=100)
    assert not solution.admits(H=100, W=101)


def test_coupled_sides_within_ranges_are_answered_for_every_pair() -> None:
    over = ["H=67:90:3", "W=67:99"]
    solution = solve("alexnet", "100M <= macs <= 130M", over=over)
    assert json.loads(solution.render("json"))["solved"]
    for h in range(67, 91, 3):
        for w in range(67, 100):
            macs = shapecalc.summarize("alexnet", input=f"{h}x{w}x3").totals.macs
            assert solution.admits(H=h, W=w) == (100_000_000 <= macs <= 130_000_000)
    total = solution.total()
    assert total is not None
    assert 0 < total < 8 * 33


def test_inputs_that_must_agree_are_tied_side_by_side() -> None:
    spec = (
        "inputs: {left: 33x35x3, right: 33x35x3}\nlayers:\n"
        "- conv: {name: a, from: left, filters: 4, kernel: 3, stride: 2}\n"
        "- conv: {name: b, from: right, filters: 4, kernel: 3, stride: 2}\n"
        "- add: {name: s, from: [a, b]}\n"
    )
    solution = solve(shapecalc.loads(spec), "s = 16x17")
    assert solution.tied == (("left_H", "right_H"), ("left_W", "right_W"))
    assert solution.admits(left_H=33, right_H=33, left_W=35, right_W=35)
    assert solution.answer() == (
        "left_H = right_H from 33 to 34; left_W = right_W from 35 to 36 (4 combinations)",
    )


@pytest.mark.parametrize("name", ["x", "xx", "X", "my-ray"])
def test_the_names_of_sides_are_words_and_no_shapes(name: str) -> None:
    spec = (
        f"inputs: {{{name}: 7x12, mem: 11x20}}\nlayers:\n"
        "- dense: {name: b, from: mem, units: 3, over: channels}\n"
        f"- dense: {{name: a, from: {name}, units: 2, over: channels}}\n"
        "- matmul: {from: [a, a], transpose: second}\n"
    )
    letter = f"{name}_L" if name != "my-ray" else "input_L0"
    solution = solve(shapecalc.loads(spec), "macs <= 1000", over=[f"{letter}=1:50", "mem_L=1:9"])
    for length in (1, 8, 9, 40):
        for memory in (1, 9):  # dense layers of 12 x 2 and 20 x 3, and L x L products of 2
            macs = 24 * length + 60 * memory + 2 * length**2
            assert solution.admits(**{letter: length, "mem_L": memory}) == (macs <= 1000)


def test_sides_of_vectors_are_their_units() -> None:
    spec = "inputs: {q: 10, k: 7}\nlayers: [concat: {from: [q, k]}, dense: 4]\n"
    solution = solve(shapecalc.loads(spec), "macs <= 100")  # 4 x (q + k)
    assert solution.answer() == ("q_N = k_N from 1 to 12 (12 in all)",)


def test_a_question_may_hold_whatever_the_sizes() -> None:
    assert solve("alexnet", "pool3.height = pool3.height and H = H")
    assert not solve("alexnet", "pool3.height > pool3.height")


def test_expressions_that_grow_too_large_are_refused() -> None:
    with pytest.raises(SpecErrors) as caught:
        solve("resnet50", "macs**16 > 3")
    assert caught.value.problems[0].code == "E122"


def test_numbers_beyond_machine_integers() -> None:
    spec = "input: NxMx1\nlayers: [conv: {filters: 999999937, kernel: 1}]"
    over = {"N": [3000, 3001, 4000000], "M": [3000, 3007, 5000000]}
    solution = solve(shapecalc.loads(spec), "macs <= 9Ti*1Ki", over=over)
    exact = {(n, m): 999999937 * n * m for n in over["N"] for m in over["M"]}
    assert max(exact.values()) > 2**63
    for (n, m), macs in exact.items():
        assert solution.admits(N=n, M=m) == (macs <= 9 * 2**50)


def test_sizes_without_loss() -> None:
    assert said("alexnet", "no loss") == said("alexnet", "lossless")
    assert said("alexnet", "no loss") == dict.fromkeys("HW", "n mod 32 = 3, from 67")
    assert said("vgg16", "no loss") == dict.fromkeys("HW", "n a multiple of 32")
    # padding takes the rest that 224 leaves; an exact fit would be 225
    assert said("resnet50", "exact fit") == dict.fromkeys("HW", "n mod 32 = 1")
    assert "224" in json.dumps(solve("resnet50", "no loss").data())


def test_a_loss_is_shown_at_the_specs_own_size() -> None:
    graph = shapecalc.loads("input: 12x13x1\nlayers: [maxpool: 3, conv: {filters: 1, kernel: 2}]")
    (table,) = solve(graph, "no loss").why
    assert [row[2:] for row in table.rows] == [
        ("height", "(H - 3) mod 3", "12", "0", "0"),
        ("width", "(W - 3) mod 3", "13", "1", "1"),
    ]


def test_nothing_found_comes_with_the_nearest() -> None:
    solution = solve("alexnet", "pool3 = 6x6 and H >= 300")
    assert not solution
    (apart,) = solution.nearest
    assert ("H >= 300", "H >= 300") in apart.rows
    graph = shapecalc.loads("input: 8x9x1\nlayers: [upsample: 2]")
    misses = solve(graph, "output.height = 15")
    assert not misses
    assert [row[0] for row in misses.nearest[0].rows] == ["6", "7", "8"]
    assert [row[-1] for row in misses.nearest[0].rows] == ["off by 3", "off by 1", "off by 1"]
    tried = solve("alexnet", "conv1 = 56x56", over="conv1.pad=0:1")
    assert not tried
    assert tried.nearest[0].rows[0][:3] == ("0", "conv1 height", "55")


def test_json_holds_the_whole_solution() -> None:
    record = json.loads(solve("alexnet", "no loss").render("json"))
    stretch = {"from": 67, "to": None, "modulus": 32, "residues": [3]}
    assert record["solutions"] == [{"H": [stretch], "W": [stretch]}]
    assert record["solved"]


@pytest.mark.parametrize("format_", ["text", "terminal", "markdown", "html", "json"])
def test_every_format_holds_the_answer(format_: str) -> None:
    text = solve("alexnet", "pool3 = 6x6").render(format_)
    assert "227" in text
    assert "258" in text
    assert text.endswith("\n")


def test_a_specs_text_is_no_markup() -> None:
    graph = shapecalc.loads("name: <b>*x*\ninput: 9x9x1\nlayers: [maxpool: {name: a_b, kernel: 2}]")
    solution = solve(graph, "a_b = 3x3")
    assert "<b>" not in solution.render("html")
    assert "<b>" not in solution.render("markdown")


@pytest.mark.parametrize(
    ("question", "code", "place"),
    [
        ("pool3 = ", "E343", ""),
        ("pool3 6x6", "E343", "6x6"),
        ("pool3 = 6x6x6x6", "E343", "pool3 = 6x6x6x6"),
        ("pool3 + 1 = 7", "E344", "pool3"),
        ("pool3 != 6x6", "E343", "pool3 != 6x6"),
        ("conv1.params/2 = 3", "E344", "conv1.params/2"),
        ("macs = 1.5", "E343", "1.5"),
        ("paramz = 3", "E344", "paramz"),
        ("macs > 3 and conv9.params < 3", "E344", "conv9.params"),
        ("conv1.filterz = 3", "E344", "conv1.filterz"),
        ("macs divisible by params", "E343", "macs divisible by params"),
        ("macs divisible 3", "E343", "3"),
        ("macs > 3 or macs < 2", "E343", "or"),
        ("(macs > 3", "E343", ">"),
        ("output = input", "E343", "output = input"),
        ("fc7 = 4096x1", "E343", "fc7 = 4096x1"),
        ("macs = 6x6", "E343", "macs = 6x6"),
        ("36 = 6x6", "E343", "36 = 6x6"),
        ("macs ~ 3", "E343", "~"),
        ("macs // 0 = 3", "E343", "macs // 0 = 3"),
        ("'conv1.params = 3", "E343", "'"),
    ],
)
def test_what_cannot_be_asked_is_told_with_its_place(question: str, code: str, place: str) -> None:
    with pytest.raises(SpecErrors) as caught:
        solve("alexnet", question)
    (problem,) = caught.value.problems
    assert problem.code == code
    assert problem.hint
    assert problem.origin is not None
    span = problem.origin.span
    assert span is not None
    assert question[span.column : span.end_column] == place


@pytest.mark.parametrize(
    ("over", "code"),
    [
        ("q=1:2", "E345"),
        ("conv9.pad=1:2", "E345"),
        ("conv1.padding=1:2", "E345"),
        ("conv1.rounding=1:2", "E345"),
        ("conv1.stride=1:1000001", "E342"),
        ("k=3:1", "E341"),
        ("k", "E340"),
    ],
)
def test_ranges_of_nothing(over: str, code: str) -> None:
    with pytest.raises(SpecErrors) as caught:
        solve("alexnet", "pool3 = 6x6", over=over)
    assert [problem.code for problem in caught.value.problems] == [code]


ATTENTION = """
input: 16x24
layers:
- attention: {heads: 4, bias: false}
- group: {name: rest, layers: [relu]}
"""


def test_a_field_of_a_built_in_block_is_asked_over() -> None:
    """24 channels fall into 1, 2, 3, 4, 6, 8, 12 and 24 heads, as a sweep finds."""
    answer = solve(shapecalc.loads(ATTENTION), "params <= 3000", over="attention1.heads=1:24")
    divisors = [n for n in range(1, 25) if 24 % n == 0]
    assert [n for n in range(1, 25) if answer.admits(**{"attention1.heads": n})] == divisors
    # Keys and values of k channels in 4 heads: 3 x 24 x 4k and 4k x 24 weights.
    answer = solve(shapecalc.loads(ATTENTION), "params <= 2000", over="attention1.key=1:24")
    held = [n for n in range(1, 25) if answer.admits(**{"attention1.key": n})]
    assert held == [n for n in range(1, 25) if 4 * 24 * 4 * n <= 2000]


@pytest.mark.parametrize(
    ("over", "message"),
    [
        ("rest.units=1:2", "'rest' is a group: it has no fields"),
        ("attention1.bias=1:2", "attention1 has no field 'bias' that takes a number"),
    ],
)
def test_what_has_no_such_field(over: str, message: str) -> None:
    with pytest.raises(SpecErrors) as caught:
        solve(shapecalc.loads(ATTENTION), "params <= 3000", over=over)
    (problem,) = caught.value.problems
    assert problem.message == message


def test_many_points_are_refused_with_their_count() -> None:
    with pytest.raises(SpecErrors) as caught:
        solve("alexnet", "macs <= 1G", over=["H=67:1000066", "W=67:1000066"])
    (problem,) = caught.value.problems
    assert problem.code == "E342"
    assert "1,000,000,000,000 points" in problem.message


def test_symbols_that_nothing_bounds_are_asked_for() -> None:
    with pytest.raises(SpecErrors) as caught:
        solve("alphago", "macs <= 1G", input="HxHx48", free=["k"])
    (problem,) = caught.value.problems
    assert problem.code == "E346"
    assert "--over H=1:512" in problem.hint


def test_suffixes_and_separators() -> None:
    def bound(text: str) -> object:
        return read_question(f"macs <= {text}").conditions[0].right

    assert bound("1.5M") == bound("1.5e6") == bound("15E+5") == bound("1500k") == 1_500_000
    assert bound("4.1G") == bound("4.1e9") == 4_100_000_000
    assert bound("2Ki") == 2048
    assert bound("3GiB") == 3 * 2**30
    assert bound("12,345,678") == bound("12_345_678") == 12345678


def test_sets_are_compressed_to_what_they_are() -> None:
    for step in (1, 2, 7):
        universe = range(3, 200, step)
        for chosen in (universe, universe[3:9], [n for n in universe if n % 14 in (3, 10)], []):
            numbers = compress(chosen, universe)
            assert listed(numbers) == list(chosen)
            assert size(numbers) == len(chosen)
            assert tidied(numbers) == numbers
    assert tidied(Integers(())) == Integers(())


def test_a_set_that_is_not_written_shorter_stays_as_it_is() -> None:
    numbers = Integers((Stretch(10, 18), Stretch(2, None, 3, (0, 2))))
    assert tidied(numbers) == numbers
    assert numbers.text("n") == "n from 10 to 18 or n mod 3 in {0, 2}"
