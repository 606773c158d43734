"""Inputs that someone made to hurt: refused politely or computed exactly, in bounded time."""

from __future__ import annotations

import json
import tracemalloc
from time import perf_counter

import pytest
import yaml

from shapecalc import summarize
from shapecalc.errors import MAX_PROBLEMS, SpecErrors
from shapecalc.graph import expand_statements as walk
from shapecalc.layers import BUILTIN
from shapecalc.layers.fields import LARGEST, Choice, Flag
from shapecalc.output.formats import write
from shapecalc.spec.built_in import BLOCKS
from shapecalc.spec.find import find
from shapecalc.spec.yaml_compose import MAX_BYTES, MAX_ROWS
from tests.fuzz.growth import PROBES, growth, spec
from tests.fuzz.support import harmless, judge, well_told
from tests.spec.support import problems_of, report_of


def refusal(text: str | bytes) -> str:
    """Return the one code that an input is refused with."""
    (code,) = set(judge(text))
    return code


@pytest.fixture(autouse=True)
def _in_bounded_time():
    """Every test here ends in a minute, on a machine that does other things too."""
    began = perf_counter()
    yield
    assert perf_counter() - began < 60


# --- size ---------------------------------------------------------------------------------------


def test_file_just_over_the_limit(tmp_path):
    path = tmp_path / "large.yaml"
    path.write_bytes(b"#" * (MAX_BYTES + 1))
    with pytest.raises(SpecErrors) as caught:
        find(str(path))
    assert [problem.code for problem in caught.value.problems] == ["E005"]
    path.write_bytes(b"input: 4\nlayers: [relu]\n#".ljust(MAX_BYTES, b"#"))
    assert summarize(path).rows[-1].units == 4


def test_endless_file():
    with pytest.raises(SpecErrors, match="E005"):
        find("/dev/zero")


def test_100_000_layers_compute():
    report = report_of(spec("  - conv: {filters: 3, kernel: 3, pad: 1}\n" * 100_000))
    assert len(report.rows) == 100_001
    assert report.totals.params == 100_000 * 84


@pytest.mark.parametrize(
    "repeat",
    [
        "{times: 10**9, layers: [relu]}",
        "{times: 1000000, layers: [relu]}",
        "{times: 10**9, layers: []}",
        "{name: r, times: 10**9, layers: []}",
        "{times: 10**5, layers: [repeat: {times: 99, layers: [repeat: {times: 0, layers: []}]}]}",
        "{times: 10**9, layers: [side: [[]]]}",
        "{times: 10**9, layers: [concat: [[], []]]}",
    ],
)
def test_repeat_without_end(monkeypatch, repeat):
    monkeypatch.setattr(walk, "MAX_LAYERS", 10_000)
    tracemalloc.start()
    try:
        assert refusal(spec(f"  - repeat: {repeat}\n")) == "E153"
        assert tracemalloc.get_traced_memory()[1] < 50e6
    finally:
        tracemalloc.stop()


def test_repeat_beyond_what_a_field_holds():
    assert refusal(spec("  - repeat: {times: 10**12, layers: [relu]}\n")) == "E114"


def test_blocks_that_double_and_double(monkeypatch):
    monkeypatch.setattr(walk, "MAX_LAYERS", 50_000)
    blocks = "".join(f"  b{i}: {{layers: [b{i + 1}, b{i + 1}]}}\n" for i in range(40))
    more = f"blocks:\n{blocks}  b40: {{layers: []}}\n"
    assert refusal(spec("  - b0\n", more)) == "E153"


def test_join_of_10_000():
    report = report_of(spec(f"  - concat: [{'[], ' * 10_000}]\n"))
    assert report["concat1"].output.channels == 30_000
    report = report_of(spec(f"  - add: {{from: [{'input, ' * 10_000}]}}\n"))
    assert report["add1"].output.channels == 3


# --- depth --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("opened", "closed"), [("[", "]"), ("{a: ", "}"), ("- ", ""), ("concat: [[", "]]")]
)
def test_a_thousand_nested_lists(opened, closed):
    text = spec(f"  - {opened * 1000}{closed * 1000}\n")
    assert refusal(text) == "E103"


def test_100_nested_blocks():
    blocks = "".join(f"  b{i}: {{layers: [b{i + 1}]}}\n" for i in range(100))
    more = f"blocks:\n{blocks}  b100: {{layers: [relu]}}\n"
    assert refusal(spec("  - b0\n", more)) == "E103"


@pytest.mark.parametrize("backwards", [False, True])
def test_chain_of_10_000_constants(backwards):
    chain = [f"  k{i + 1}: k{i} + 1\n" for i in range(10_000)]
    more = "let:\n  k0: 1\n" + "".join(reversed(chain) if backwards else chain)
    report = report_of(spec("  - dense: k10000\n", more))
    assert report["fc1"].units == 10_001


def test_constants_in_a_long_circle():
    more = "let:\n" + "".join(f"  k{i}: k{(i + 1) % 1000}\n" for i in range(1000))
    assert refusal(spec("  - dense: k0\n", more)) in ("E115", "E118")


def test_constants_that_double_in_length():
    more = "let:\n  k0: 1\n" + "".join(f"  k{i + 1}: k{i} + k{i} - k{i}\n" for i in range(500))
    assert report_of(spec("  - dense: k500\n", more))["fc1"].units == 1


def test_arguments_handed_down_through_blocks():
    blocks = "".join(
        f"  b{i}: {{fields: [f], layers: [b{i + 1}: {{f: f + f - f}}]}}\n" for i in range(50)
    )
    more = f"blocks:\n{blocks}  b50: {{fields: [f], layers: [dense: f]}}\n"
    assert report_of(spec("  - b0: 7\n", more)).rows[-1].units == 7


def test_extends_that_circle(tmp_path):
    for name, base in (("a", "b"), ("b", "c"), ("c", "a"), ("self", "self")):
        (tmp_path / f"{name}.yaml").write_text(f"extends: {base}.yaml\n")
    for name in ("a", "self"):
        with pytest.raises(SpecErrors) as caught:
            summarize(tmp_path / f"{name}.yaml")
        well_told(caught.value.problems)
        assert [problem.code for problem in caught.value.problems] == ["E118"]


def test_extends_by_ever_other_paths(tmp_path):
    (tmp_path / "a.yaml").write_text("extends: ./a.yaml\n")
    with pytest.raises(SpecErrors, match="E118"):
        summarize(tmp_path / "a.yaml")


# --- aliases ------------------------------------------------------------------------------------


@pytest.mark.parametrize("use", ["layers: *a9", "layers: [concat: *a9]", "let: {k: *a9}", "x-b: 1"])
def test_alias_bomb(use):
    lines = ["input: 8x8x3", "x-a: &a0 [relu, relu]"]
    lines += [f"x-{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]" for i in range(1, 10)]
    assert refusal("\n".join([*lines, use])) == "E104"


@pytest.mark.parametrize(
    "where",
    ["let:\n  t: {}", "layers:\n  - repeat: {{layers: [], for: {{'a, b': {}}}}}"],
    ids=["let", "for"],
)
def test_a_table_without_end(where):
    rows = MAX_ROWS + 1
    began = perf_counter()
    assert refusal(f"input: 8x8x3\n{where.format('[' + '[1, 2], ' * 10 * rows + ']')}") == "E104"
    assert perf_counter() - began < 5  # of a tenth of it
    flat = f"input: 8x8x3\n{where.format('[' + '1, ' * MAX_ROWS + ']')}".replace("'a, b'", "a")
    assert judge(flat + ("\nlayers: [relu]" if "layers" not in flat else ""), ["csv"]) == ()


def test_alias_of_itself():
    assert refusal("input: 8x8x3\nlayers: &a [relu, *a]\n") in ("E101", "E104", "E110")


# --- texts --------------------------------------------------------------------------------------

EVIL = "\x1b]0;owned\x07\u202eabc\u2066\x9b31m\r\n\x00"


@pytest.mark.parametrize("character", ["\\e", "\\0", "\\x9b", "\\u202e", "\\u2066", "\\r", "\\n"])
@pytest.mark.parametrize(
    "layer",
    [
        '"{0}"',
        '{{"{0}": 3}}',
        '{{conv: {{filters: "{0}", kernel: 1}}}}',
        '{{conv: {{filters: 1, kernel: 1, "{0}": 2}}}}',
        '{{relu: {{name: "{0}"}}}}',
        '{{relu: {{from: "{0}"}}}}',
        '{{concat: {{"{0}": [relu]}}}}',
        '{{repeat: {{for: {{"{0}": [1]}}, layers: [relu]}}}}',
    ],
)
def test_control_characters_in_messages(layer, character):
    text = f"input: 8x8x3\nlayers: [{layer.format(f'a{character}b')}]\n"
    assert judge(text)


def test_control_characters_in_tables():
    text = (
        'input: 8x8x3\nname: "a\\e[31m\\u202eb"\nlayers: [relu: {note: "\\e]0;x\\a\\x9b\\u2066"}]\n'
    )
    report = report_of(text)
    assert not judge(text)
    assert "\u202e" not in write(report, "terminal", width=100)
    assert "\x1b]" not in write(report, "terminal", width=100)
    assert json.loads(write(report, "json"))["network"] == "a\x1b[31m\u202eb"
    assert harmless(write(report, "json"))


def test_control_characters_in_options():
    for settings, inputs in (({"k": EVIL}, None), ({EVIL: "3"}, None), (None, {"": EVIL})):
        well_told(problems_of(spec("  - relu\n"), settings=settings, inputs=inputs))


@pytest.mark.parametrize(
    "data",
    [
        b"\xff\xfe\x00i", b"\x7fELF\x02\x01\x01\0\0\0", b"\x89PNG\r\n\x1a\n\0", b"\xc3\x28", b"\0",
        "input: 8\nlayers: [relu]\n".encode("utf-16"), b"input: 8\nlayers: [\xe9]\n",
        b"input: 8\0\nlayers: [relu]\n", "input: \ud800\n".encode("utf-8", "surrogatepass"),
    ],
)  # fmt: skip
def test_what_is_no_text(data):
    assert refusal(data) in ("E004", "E101")


def test_surrogates_in_a_text():
    assert refusal("input: 8\nlayers: [\ud800]\n") == "E004"


def test_directory(tmp_path):
    for name in (tmp_path, tmp_path.parent):
        with pytest.raises(SpecErrors) as caught:
            find(str(name))
        assert [problem.code for problem in caught.value.problems] == ["E002"]


@pytest.mark.parametrize("name", ["", "\0", "a\0b", "x" * 5000, EVIL, "nowhere/../..", "\ud800"])
def test_names_of_no_file(name):
    with pytest.raises(SpecErrors) as caught:
        find(name)
    well_told(caught.value.problems)


def test_extends_of_no_file():
    for name in ('"\\0"', '"a\\0b"', "x" * 5000, ".", "/", "..", '"\\e[31m"'):
        assert judge(f"extends: {name}\n")[0] in ("E001", "E002", "E003")


@pytest.mark.parametrize(
    "text",
    [
        spec(f"  - relu: {{name: {'n' * 100_000}}}\n"),
        spec(f"  - {'n' * 100_000}\n"),
        spec(f"  - relu: {{from: {'n' * 100_000}}}\n"),
        spec(f"  - relu: {{{'n' * 100_000}: 1}}\n"),
        spec(f"  - dense: {'1+' * 50_000}1\n"),
        spec(f"  - dense: {'(' * 50_000}\n"),
        spec(f"  - dense: {'9' * 100_000}\n"),
        spec(f"  - dense: {'-' * 100_000}1\n"),
        spec(f"  - dense: {'9' * 290}\n"),
        spec(f"  - maxpool: {'1x' * 50_000}1\n"),
        f"input: {'1x' * 50_000}1\nlayers: [relu]\n",
        f"input: {'9' * 5000}\nlayers: [relu]\n",
        f"input: 8\nlayers: [relu]\n{'k' * 100_000}: 1\n",
        f"input: 8\nlayers: [relu]\nexpect: {{params: {'9' * 5000}}}\n",
        spec(f"  - dropout: {'9' * 5000}\n"),
        spec(f"  - dropout: 1e{'9' * 5000}\n"),
    ],
)
def test_long_names_lines_and_expressions(text):
    with pytest.raises(SpecErrors) as caught:
        report_of(text)
    well_told(caught.value.problems)
    assert all(len(problem.message) < 1000 for problem in caught.value.problems)


def test_long_texts_are_shown():
    long = "word " * 20_000
    judge(f"input: 8x8x3\nname: {long}\nnote: {long}\nlayers: [relu: {{note: {long}}}]\n")


# --- numbers ------------------------------------------------------------------------------------


def test_products_beyond_64_bits_are_exact():
    n, k = 10**9, 10**9 - 1
    text = f"input: {n}x{n}x{n}\nlayers: [conv: {{filters: {n}, kernel: {k}, bias: false}}]\n"
    report = report_of(text)
    assert not judge(text)
    assert report.totals.params == k * k * n * n
    assert report.totals.macs == 2 * 2 * n * k * k * n
    assert json.loads(write(report, "json"))["totals"]["macs"] == 4 * n * n * k * k


@pytest.mark.parametrize(
    "layer",
    [
        "{upsample: 1000}", "{pad: 10**9}", "{transposed: {filters: 1, kernel: 9, stride: 1000}}",
        "{concat: [[], [], [], []]}", "flatten", "{maxpool: {kernel: 1, stride: 10**9}}",
    ],
)  # fmt: skip
def test_growth_without_end(layer):
    codes = judge(f"input: 9x9x9\nlayers: [repeat: {{times: 300, layers: [{layer}]}}]\n")
    assert set(codes) <= {"E114", "E201"}


@pytest.mark.parametrize(
    "expression",
    ["2**2**2**2**2**2", "9**9**9", "10**18**18", "(-1)**(10**18)", "0**(10**18)", "1**10**18",
     "2**-1", "1//0", "10**18*10**18", "-(10**18)*10**18", "9**(9**9)"],
)  # fmt: skip
def test_expressions_that_explode(expression):
    judge(spec(f"  - dense: {expression}\n"))


#: What flows into a layer whose field holds a billion: so much that some of it may divide.
_INPUTS = ("24", "10x24", "8x12x24", "1000000000", "10x1000000000", "8x12x1000000000")


@pytest.mark.parametrize("word", [*BUILTIN, *BLOCKS])
def test_a_billion_in_every_field(word):
    """No field's number is a number of steps of ours: each is computed with, or refused."""
    made = BLOCKS[word] if word in BLOCKS else BUILTIN[word]
    (example,) = yaml.safe_load(f"[{made.example if ':' in made.example else word + ': '}]")
    given = example[word] if isinstance(example[word], dict) else {made.principal: example[word]}
    given = {name: value for name, value in given.items() if name and value is not None}
    if made.inputs not in (0, 1):
        given["from"] = ["input", "input"]
    for declared in made.fields():
        if not isinstance(declared.kind, Choice | Flag):
            fields = yaml.safe_dump({**given, declared.name: LARGEST}, default_flow_style=True)
            for size in _INPUTS:
                began = perf_counter()
                judge(f"input: {size}\nlayers:\n  - {word}: {fields}", ["text"])
                assert perf_counter() - began < 5, (declared.name, size)


# --- found by fuzzing -----------------------------------------------------------------------------


def test_use_of_a_block_that_could_not_be_read():
    more = "blocks: {blk: {fields: [f]}, other: 3}\n"
    problems = problems_of(spec("  - blk: {f: 3, name: b}\n  - other\n  - relu: {from: b}\n", more))
    assert [problem.code for problem in problems] == ["E113", "E110"]


def test_named_side_folds_to_a_row():
    report = report_of(spec("  - side: {name: aux, one: [relu], head: [dense: 10]}\n  - relu\n"))
    assert "aux" in write(report, "text", depth=1)
    report = report_of(spec("  - side: {name: aux, head: [dense: 10]}\n  - relu: {from: aux}\n"))
    assert report["relu1"].output.size == 10


@pytest.mark.parametrize(
    "level", ["group: {name: g, layers: []}", "repeat: {name: g, times: 0, layers: [relu]}"]
)
@pytest.mark.parametrize(
    "reader", ["layers: [{0}, relu: {{from: g}}]", "layers: [{0}]\noutputs: g"]
)
def test_reading_from_where_nothing_flows(level, reader):
    problems = problems_of("inputs: {a: 8x8x3, b: 8x8x3}\n" + reader.format(level))
    assert [problem.code for problem in problems] == ["E155"]
    assert problems[0].message == "nothing flows out of 'g'"


# --- many ---------------------------------------------------------------------------------------


def test_10_000_problems_in_one_file():
    problems = problems_of(spec("".join(f"  - relo{i}\n" for i in range(10_000))))
    well_told(problems)
    assert len(problems) == MAX_PROBLEMS


def test_typos_in_a_large_network():
    lost = "".join(f"  - relu: {{from: lost{i}}}\n" for i in range(900))
    problems = problems_of(spec("  - relu\n" * 50_000 + lost))
    assert {problem.code for problem in problems} == {"E150"}


#: A quadratic would be at 16 or more, and these take long enough to time.
TIMED = ("forward references", "named branches", "constants", "constants backwards", "shares")


@pytest.mark.parametrize("name", TIMED)
def test_cost_is_linear(name):
    make, size = PROBES[name]
    assert growth(make, size // 2)[1] < 12


def test_telling_what_is_kept_is_linear():
    """Text says of the peak what is alive there: here every part of a split."""
    make, size = PROBES["split"]
    assert growth(make, size, "text")[1] < 8
