"""The key to a sheet's notation: every layer can be read back from what stands on the sheet."""

from __future__ import annotations

import csv
import re
from io import StringIO
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pytest

from shapecalc.homework.answers.files import read_answers
from shapecalc.homework.assignment.teacher import read_homework
from shapecalc.homework.diagnosis.check import check
from shapecalc.homework.diagnosis.wording import general_rule
from shapecalc.homework.sheets import described, key_of, stated
from shapecalc.homework.sheets.sheet import sheet
from shapecalc.layers import BUILTIN
from shapecalc.layers.attention import RelativePosition
from shapecalc.layers.axes import Cut, End, PartOf
from shapecalc.layers.conv import Windowed
from shapecalc.layers.fields import CAUSAL, MODES, REQUIRED, Padding, Rational
from shapecalc.layers.merge import Elementwise
from shapecalc.layers.partition import Partition
from shapecalc.layers.pool import BlurPool
from shapecalc.layers.reduce import L2Norm, Reduction
from shapecalc.layers.reshape import Crop, Upsample
from shapecalc.layers.shape import as_text, shape_of
from shapecalc.layers.slicing import PadChannels, PixelShuffle, PixelUnshuffle, Slice
from shapecalc.text import Source
from tests.kinds import NEED_SEQUENCES, copies
from tests.layers.test_does import INPUTS, numbers, values_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from shapecalc.homework.assignment.model import Homework
    from shapecalc.layers.base import Layer
    from shapecalc.layers.shape import Shape

#: What the words after "not written" say of the fields.
UNSAID: dict[str, dict[str, Any]] = {
    "stride 1": {"stride": (1,)},
    "no padding": {"pad": Padding(((0, 0),))},
    "dilation 1": {"dilation": (1,)},
    "sides rounded down": {"rounding": "floor"},
    "a trained scale": {"scale": True},
    "one recurrent layer": {"layers": 1},
    "one direction": {"bidirectional": False},
    "outputs of all steps": {"returns": "all"},
    "two biases per gate": {"biases": 2},
    "one group": {"groups": 1},
    "one bias per filter": {"bias": True},
    "one bias per unit": {"bias": True},
    "filters over all channels": {"connections": None},
    "one kernel per channel": {"multiplier": 1},
    "no output padding": {"output_padding": None},
    "padding counts in a mean": {"count_include_pad": True},
    "a trained scale and shift": {"affine": True, "scale": True, "shift": True},
    "running statistics": {"statistics": True},
    "a slope per channel": {"shared": False},
    "softmax over channels": {"over": ("channels",)},
    "all channels together": {"heads": 1},
    "alpha 0.0001": {"alpha": 1e-4},
    "beta 0.75": {"beta": 0.75},
    "k 1": {"k": 1.0},
    "the channels of a place side by side": {"order": "crd"},
    "pixels are areas": {"align": "centres"},
    "no bias": {"bias": False},
    "init 1": {"init": 1.0},
    "axes over which a layer reduces go": {"keep": False},
    "units over the whole input": {"over": "all"},
    "nothing transposed": {"transpose": "none"},
    "no heads": {"heads": None},
    "as many heads of the second operand": {"groups": None},
    "heads as a side of their own": {"merge": "none"},
    "no windows": {"windows": False},
    "all channels of the first": {"first": None},
    "all channels of the second": {"second": None},
    "no root": {"root": False},
    "windows not shifted": {"shift": (0,)},
    "windows of neighbours": {"grid": False},
}
#: What marks without a number say.
WORDS: dict[str, dict[str, Any]] = {
    "no bias": {"bias": False},
    "with bias": {"bias": True},
    "axes kept": {"keep": True},
    "bias per position": {"bias": "per_position"},
    "padding not averaged": {"count_include_pad": False},
    "no scale or shift": {"affine": False},
    "no scale": {"scale": False},
    "no shift": {"shift": False},
    "no running statistics": {"statistics": False},
    "both directions": {"bidirectional": True},
    "last step": {"returns": "last"},
    "one slope": {"shared": True},
    "ceil": {"rounding": "ceil"},
    "ceil_caffe": {"rounding": "ceil_caffe"},
    "ceil_full": {"rounding": "ceil_full"},
    "order dcr": {"order": "dcr"},
    "at every position": {"over": "channels"},
    "first transposed": {"transpose": "first"},
    "second transposed": {"transpose": "second"},
    "both transposed": {"transpose": "both"},
    "heads merged": {"merge": "sequence"},
    "heads merged on the sides of the second": {"merge": "map"},
    "window by window": {"windows": True},
    "by the root": {"root": True},
    "grid": {"grid": True},
    "corners aligned": {"align": "corners"},
}


def sizes(text: str) -> tuple[int, ...]:
    return tuple(map(int, text.split("x")))


def factors(text: str) -> tuple[int | Rational, ...]:
    return (Rational(3, 2),) if text == "1.5" else sizes(text)


def padding(text: str) -> Padding:
    if text in (modes := MODES | {"causal": CAUSAL}):
        return modes[text]
    if "(" in text:
        pairs = re.findall(r"\((\d+),(\d+)\)", text)
        return Padding(tuple((int(before), int(after)) for before, after in pairs))
    return Padding(tuple((size, size) for size in sizes(text)))


#: An axis, with what is taken of it.
AXES_TEXT = re.compile(r"(channels|height|width|length|depth) (\d+ of \S+|\S+)")


def part_of_axis(text: str) -> Cut | PartOf:
    """Read what is taken of an axis."""
    if " of " in text:
        number, of = text.split(" of ")
        return PartOf(int(number), tuple(map(int, of.split("+"))) if "+" in of else int(of))
    first, last, *step = text.split(":")
    start, stop = (
        End(abs(int(end)), "end" if end.startswith("-") else "start") if end else None
        for end in (first, last)
    )
    return Cut(start or End(0), stop or End(0, "end"), int(step[0]) if step else 1)


def _over(words: str) -> tuple[str, ...]:
    """Read axes: `height, width and channels`."""
    return tuple(re.split(r",? and |, ", words))


def head(cls: type[Layer], text: str) -> dict[str, Any]:
    """Read what stands before the first mark."""
    if issubclass(cls, Windowed):
        words = text.split(" ")
        stride = {"stride": sizes(words.pop()[1:])} if words[-1].startswith("/") else {}
        filters = {"filters": int(words.pop(0))} if len(words) > 1 else {}
        return filters | {"kernel": sizes(words[0])} | stride
    if issubclass(cls, Slice):
        return {axis: part_of_axis(part) for axis, part in AXES_TEXT.findall(text)}
    if issubclass(cls, PadChannels):
        return {"channels": tuple(map(int, text.split("+")))}
    if issubclass(cls, PixelShuffle | PixelUnshuffle):
        return {"factor": sizes(text.removeprefix("by "))}
    if issubclass(cls, Partition):
        size, _, shift = text.partition(" shifted by ")
        return {"size": sizes(size)} | ({"shift": sizes(shift)} if shift else {})
    if issubclass(cls, RelativePosition):
        return {"size": sizes(text)}
    if issubclass(cls, Elementwise):
        left, right = re.split(r"\bx\b", text)
        numbers = {"left": left, "right": right}
        found = {name: re.search(r"-?[\d.]+", part) for name, part in numbers.items()}
        return {name: float(match[0]) for name, match in found.items() if match}
    if issubclass(cls, Crop):
        if not text.startswith("to "):
            return {"crop": padding(text)}
        size, _, offset = text[3:].partition(" after ")
        return {"to": sizes(size), "offset": sizes(offset) if offset else None}
    if issubclass(cls, Upsample):
        how, mode = text.split()[-2:]
        size = {"to": sizes(how)} if text.startswith("to ") else {"factor": factors(how[1:])}
        return size | {"mode": mode}
    readers: dict[str, tuple[str, Any]] = {
        "units": (r"(\d+)", int),
        "size": (r"to (.+)" if cls.type != "lrn" else r"over (\d+) channels?", sizes),
        "shape": (r"(?:to )?(.+)", sizes),
        "exponent": (r"to the (.+)", float),
        "range": (r"(.+)", lambda words: tuple(map(float, words.split(" to ")))),
        "per": (r"(?:per )?(\w+)(?: for all)?", str),
        "count": (r"(\d+) in front", int),
        "order": (r"(.+)", lambda words: tuple(map(int, words.split()))),
        "pad": (r"(.+)", padding),
        "shift": (r"by (.+)", sizes),
        "pieces": (r"(\d+) pieces", int),
        "groups": (r"(\d+) groups?", int),
        "over": (r"over (.+)", _over if issubclass(cls, Reduction | L2Norm) else str),
        "slope": (r"slope (.+)", float),
        "alpha": (r"alpha (.+)", float),
        "rate": (r"(.+)", float),
    }
    pattern, read = readers[cls.principal]
    match = re.fullmatch(pattern, text)
    assert match, text
    value = read(match[1])
    return {cls.principal: value[0] if cls.type == "lrn" else value}


def mark(text: str) -> dict[str, Any]:
    """Read one mark."""
    if text in WORDS:
        return WORDS[text]
    if match := re.fullmatch(r"(\d+) heads( of the second)?", text):
        return {"groups" if match[2] else "heads": int(match[1])}
    if match := re.fullmatch(r"(first|second) (.+)", text):
        return {match[1]: part_of_axis(match[2].replace(" to ", ":"))}
    if match := re.fullmatch(r"over (.+)", text):
        return {"over": _over(match[1])}
    if match := re.fullmatch(r"(\d+) entries of (\d+)", text):
        return {"entries": int(match[1]), "size": int(match[2])}
    name, _, value = text.rpartition(" ")
    if match := re.fullmatch(r"x(\d+)", text):
        return {"multiplier": int(match[1])}
    if name in ("alpha", "beta", "k", "init"):
        return {name: float(value)}
    if name in ("groups", "layers", "biases", "heads"):
        return {name: int(value)}
    if name == "pad":
        return {"pad": padding(value)}
    assert name in ("dilation", "output padding"), text
    return {name.replace(" ", "_"): sizes(value)}


def read_back(text: str, unsaid: list[str]) -> Layer:
    """Make the layer that a sheet's row describes, from that and what holds where nothing stands."""
    word, _, rest = text.partition(" ")
    cls = BUILTIN[word]
    names = {field.name for field in cls.fields()}
    usual = {name: value for words in unsaid for name, value in UNSAID[words].items()}
    values = {name: value for name, value in usual.items() if name in names}
    marks = rest.split(", ") if rest else []
    always = cls.principal and not any(f.name == cls.principal and f.unsaid for f in cls.fields())
    if marks and always:
        values |= head(cls, marks.pop(0))
    for words in marks:
        if match := re.fullmatch(r"(\d+) connected pairs", words):
            values["connections"] = _pairs(int(match[1]), values["filters"])
        else:
            values |= mark(words)
    if cls is BlurPool:
        values.pop("pad", None)  # it follows from the kernel
    absent = (field for field in cls.fields() if field.default is None and not field.unsaid)
    values = {field.name: None for field in absent} | values
    assert values.keys() == names, f"{text}: nothing says {names - values.keys()}"
    return cls(**values)


def _pairs(count: int, filters: int) -> tuple[tuple[int, ...], ...]:
    """Return a table with so many pairs; which they are changes no number."""
    ends = [count * number // filters for number in range(filters + 1)]
    return tuple(tuple(range(end - start)) for start, end in pairwise(ends))


def yaml_of(value: object) -> str:
    if isinstance(value, Padding):
        if value.mode != "given":
            return value.mode
        return yaml_of(value.pairs)
    if isinstance(value, Rational):
        return str(value)
    if isinstance(value, PartOf):
        return f"{{part: {value.number}, of: {yaml_of(value.of)}}}"
    if isinstance(value, Cut):
        ends = (
            ("-" if end.side == "end" and end.distance else "", end.distance) for end in value[:2]
        )
        start, stop = (f"{sign}{distance}" for sign, distance in ends)
        step = "" if value.step == 1 else f", {value.step}"
        return f"[{start}, {'null' if value.stop == End(0, 'end') else stop}{step}]"
    if isinstance(value, tuple):
        return f"[{', '.join(map(yaml_of, value))}]"
    return str(value).lower() if isinstance(value, bool) else str(value)


def variants(cls: type[Layer]) -> Iterator[dict[str, Any]]:
    """Yield the fields of layers: every field with every value, the others as usual."""
    usual = {field.name: values_of(field)[0] for field in cls.fields()}
    for field in cls.fields():
        for value in values_of(field):
            yield usual | {field.name: value}
    if not usual:
        yield {}


def homework_of(word: str, shape: Shape, folder: Path) -> tuple[Homework, int]:
    """Make a homework about a layer of every kind that fits, each on the input."""
    cls = BUILTIN[word]
    inputs = copies(word, shape)
    source = {1: "from: input, ", 0: ""}.get(len(inputs), "from: [input, input], ")
    lines = []
    for fields in variants(cls):
        if numbers(cls(**fields), inputs) is None:
            continue
        if fields.get("like") is not None:  # the name of a layer of that size
            continue
        given = [f"{name}: {yaml_of(v)}" for name, v in fields.items() if v is not None]
        name = f"{source}name: row{len(lines) + 1}"
        lines.append(f"  - {word}: {{{', '.join([name, *given])}}}\n")
    spec = folder / "net.yaml"
    spec.write_text(f"input: {as_text(shape)}\nlayers:\n{''.join(lines)}", encoding="utf-8")
    names = [f"row{number}" for number in range(1, len(lines) + 1)]
    text = f"spec: {spec}\nlayers: [{', '.join(names)}]\ncolumns: [output, params, flops]\n"
    text += "conventions: {operations: full}\n"
    return read_homework(Source("homework.yaml", text)) if lines else None, len(lines)


#: The types that work on scores, or on windows and the map that these were cut from.
SCORED = ("causal_mask", "window_mask", "relative_position", "window_merge")


def of_sides(word: str) -> Shape:
    """Return an input with the number of sides that a type can do with."""
    if word in SCORED:
        return INPUTS[3]
    if word == "embedding":  # indices
        return INPUTS[5]
    return INPUTS[2 if word in NEED_SEQUENCES else 0]


@pytest.mark.parametrize("shape", INPUTS, ids=as_text)
@pytest.mark.parametrize("word", list(BUILTIN))
def test_every_layer_can_be_read_back_from_the_sheet(
    word: str, shape: Shape, tmp_path: Path
) -> None:
    homework, count = homework_of(word, shape, tmp_path)
    if not count:
        assert shape != of_sides(word), f"no {word} was tried"
        return
    lines = list(csv.reader(StringIO(sheet(homework, "csv"))))
    at = next(number for number, line in enumerate(lines) if line[0] == "layer")
    terms = {line[0]: line[1] for line in lines[1:at]}
    flows = re.fullmatch(r"The input is (.+)\.", terms["input"])
    assert flows
    inputs = copies(word, shape_of(sizes(flows[1])))
    unsaid = terms["not written"].split(", ") if "not written" in terms else []
    assert len(lines) - at - 1 == count
    for name, text, *_ in lines[at + 1 :]:
        does = re.sub(r", from input(, input)?$", "", text)
        layer = homework.rows[name].layer
        assert layer is not None
        assert numbers(read_back(does, unsaid), inputs) == numbers(layer, inputs), text


@pytest.mark.parametrize("word", list(BUILTIN))
def test_every_mark_is_in_the_key(word: str, tmp_path: Path) -> None:
    homework, _ = homework_of(word, of_sides(word), tmp_path)
    words = {part for term in key_of(homework) for part in re.split(r", (?![^(]*\))", term)}
    known = {part.removeprefix(f"{word}: ") for part in words}
    for name in homework.layers:
        row = homework.rows[name]
        _, *marks = row.does.split(", ")
        marks += re.findall(r"/\S+(?=,|$)", row.does)
        for text in marks:
            assert text in known or {"no", "not"} & set(text.split()), f"{text} of {row.does}"
    assert any(part.split(" ")[0] == word for part in words)


def test_the_key_holds_what_occurs_and_nothing_else(tmp_path: Path) -> None:
    spec = tmp_path / "net.yaml"
    spec.write_text(
        "input: 16x12x3\n"
        "layers:\n"
        "- conv: {filters: 8, kernel: [3, 5], pad: same, bias: false}\n"
        "- maxpool: {kernel: 2, rounding: ceil}\n"
        "- transposed: {filters: 4, kernel: 3, stride: 2, pad: same}\n"
        "- dense: {units: 10, bias: false}\n"
    )
    homework = read_homework(Source("homework.yaml", f"spec: {spec}\n"))
    assert key_of(homework) == {
        "conv 8 3x5": "convolution, plain or grouped; kernel 3x5 (height x width), 8 filters",
        "maxpool 2x2": "maximum of every window; kernel 2x2 (height x width)",
        "transposed 4 3x3": 'transposed convolution ("deconvolution"); kernel 3x3'
        " (height x width), 4 filters",
        "dense 10": "fully connected layer; flattens a volume by itself; 10 units",
        "pad same": "zeros so that a side becomes n/stride, rounded up; an odd one at the end",
        "/2": "stride, every side",
        "ceil": "sides rounded up, but no window starts in the padding behind",
        "transposed: pad same": "a side becomes n*stride",
        "not written": "stride 1, no padding, dilation 1, sides rounded down, one group,"
        " one bias per filter, filters over all channels, no output padding, one bias per unit,"
        " units over the whole input",
    }


@pytest.mark.parametrize(
    ("shape", "volumes", "rf"),
    [
        ("28x3", "length x channels", "positions"),
        ("28x28x3", "height x width x channels", "pixels"),
        ("8x28x28x3", "depth x height x width x channels", "pixels"),
    ],
)
def test_the_axes_are_those_of_the_input(shape: str, volumes: str, rf: str, tmp_path: Path) -> None:
    spec = tmp_path / "net.yaml"
    spec.write_text(f"input: {shape}\nlayers: [conv: {{filters: 4, kernel: 3}}, flatten]\n")
    text = f"spec: {spec}\ncolumns: [output, rf]\n"
    terms = stated(read_homework(Source("homework.yaml", text)))
    assert terms["volumes"] == f"{volumes}; channels first is accepted"
    assert rf in terms["rf"]
    assert (
        f"({volumes.removesuffix(' x channels')})"
        in terms["conv 4 " + "x".join(["3"] * volumes.count(" x "))]
    )


@pytest.mark.parametrize(
    ("layers", "macs", "flops"),
    [
        ("dense: 4", "convolutions and dense layers", "and dense layers"),
        ("attention: 4", "dense layers and products of activations (matmul)", "(matmul)"),
        ("lstm: 4", "and the products of recurrent layers with inputs and state", "and state"),
        ("subsampling: 2", "and 1 per output of subsampling", "of subsampling"),
    ],
)
def test_the_key_names_all_that_the_asked_macs_are_of(
    layers: str, macs: str, flops: str, tmp_path: Path
) -> None:
    spec = tmp_path / "net.yaml"
    spec.write_text(f"input: 16x24\nlayers: [{{{layers}}}]\n")
    text = f"spec: {spec}\ncolumns: [macs, flops]\n"
    terms = stated(read_homework(Source("homework.yaml", text)))
    assert f"{macs}, without bias adds" in terms["MACs"]
    assert terms["FLOPs"].endswith(flops)


@pytest.mark.parametrize(
    ("layers", "meaning"),
    [
        (["dense: 72"], "fully connected layer; flattens a volume by itself; 72 units"),
        (["dense: {units: 72, over: channels}"], "fully connected layer; 72 units"),
        (
            ["dense: {units: 72, over: channels}", "dense: 5"],
            "fully connected layer; flattens a volume by itself, unless at every position;"
            " 72 units",
        ),
    ],
)
def test_a_dense_layer_that_keeps_its_places_flattens_nothing(
    layers: list[str], meaning: str, tmp_path: Path
) -> None:
    spec = tmp_path / "net.yaml"
    spec.write_text("input: 16x24\nlayers:\n" + "".join(f"  - {layer}\n" for layer in layers))
    terms = stated(read_homework(Source("homework.yaml", f"spec: {spec}\n")))
    assert terms["dense 72"] == meaning


def test_a_field_without_a_default_is_always_on_the_sheet() -> None:
    for cls in BUILTIN.values():
        for field in cls.fields():
            if field.default is not REQUIRED and field.unsaid:
                assert field.unsaid in UNSAID, f"{cls.type}: {field.unsaid}"


def test_what_is_frozen_is_in_the_key(tmp_path: Path) -> None:
    net = "input: 16x8\nlayers: [conv: {filters: 4, kernel: 3, trainable: false}, dense: 3]\n"
    homework = of_net(net, tmp_path)
    assert dict(described(homework))["conv1"] == "conv 4 3, frozen"
    meaning = "weights and biases that are not trained; they count all the same"
    assert key_of(homework)["frozen"] == meaning


NETS = {
    "several inputs": (
        "inputs: {audio: 64x2, image: 16x16x3}\n"
        "layers:\n"
        "- conv: {from: audio, filters: 4, kernel: 3}\n"
        "- flatten\n"
        "- conv: {from: image, filters: 4, kernel: 3, bias: false}\n"
        "- flatten\n"
        "- concat: {from: [flatten1, flatten2]}\n"
        "- dense: {units: 4, bias: false}\n"
    ),
    "a vector": "input: 100\nlayers: [dense: 30, batchnorm: {affine: false}, dense: 4]\n",
    "shared": (
        "input: 16x16x8\n"
        "layers:\n"
        "- conv: {filters: 8, kernel: 3, pad: 1}\n"
        "- conv: {filters: 8, kernel: 3, pad: 1, share: conv1}\n"
    ),
}


def of_net(net: str, folder: Path, more: str = "") -> Homework:
    (folder / "net.yaml").write_text(net, encoding="utf-8")
    return read_homework(Source("homework.yaml", f"spec: {folder / 'net.yaml'}\n{more}"))


@pytest.mark.parametrize("form", ["csv", "markdown", "yaml"])
@pytest.mark.parametrize("name", NETS)
def test_a_sheet_with_its_key_is_still_read(name: str, form: str, tmp_path: Path) -> None:
    homework = of_net(NETS[name], tmp_path)
    suffix = {"csv": "csv", "markdown": "md", "yaml": "yaml"}[form]
    text = sheet(homework, form, solution=True)
    checked = check(homework, read_answers(text.encode(), f"answers.{suffix}"))
    assert checked.marks == checked.out_of > 0


def test_of_several_inputs_the_one_that_is_read_is_named(tmp_path: Path) -> None:
    rows = dict(described(of_net(NETS["several inputs"], tmp_path)))
    assert rows["conv1"] == "conv 4 3, from audio"
    assert rows["conv2"] == "conv 4 3x3, no bias, from image"
    key = key_of(of_net(NETS["shared"], tmp_path))
    assert key["weights of"] == "the layer whose weights are used, which count there only"
    assert "from" not in key


def test_a_sum_of_all_operations_has_a_row_for_every_layer_that_counts(tmp_path: Path) -> None:
    net = "input: 8x8x3\nlayers: [conv3-4, relu, lrn: {k: 2}, dropout, dense: 4]\n"
    full = "conventions: {operations: full}\ncolumns: [flops]\nlayers: [conv1, total]\n"
    homework = of_net(net, tmp_path, full)
    assert [name for name, _ in described(homework)] == ["conv1", "relu1", "norm1", "fc1", "total"]
    key = key_of(homework)
    assert key["relu"] == "rectifier; per element: compares 1"
    assert key["k 2"] == "constant added to the scaled squares; AlexNet's paper has 2"
    assert [name for name, _ in described(of_net(net, tmp_path))] == ["conv1", "fc1"]


def test_a_rule_in_words_names_the_axes_of_the_network(tmp_path: Path) -> None:
    signal = of_net("input: 28x3\nlayers: [conv: {filters: 4, kernel: 3}]\n", tmp_path)
    assert general_rule("units", signal) == "length x channels"
    assert general_rule("memory", signal) == "bytes per number x length x channels"
    assert "volumes" not in stated(of_net(NETS["a vector"], tmp_path))
