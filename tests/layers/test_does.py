"""What a layer says of itself: two whose numbers can differ never read the same."""

from __future__ import annotations

from itertools import combinations, product
from typing import TYPE_CHECKING, Any

import pytest

from shapecalc import loads, summarize
from shapecalc.errors import RuleError
from shapecalc.layers import BUILTIN
from shapecalc.layers.axes import Axes, AxisPart, Cut, End, PartOf
from shapecalc.layers.base import arity_error
from shapecalc.layers.fields import (
    MODES,
    REQUIRED,
    Choice,
    Connections,
    Count,
    Decimal,
    Declared,
    Extents,
    FactorSizes,
    Flag,
    Indices,
    Interval,
    Pad,
    Padding,
    Rational,
    SidesOf,
    Sizes,
)
from shapecalc.layers.shape import Map, Shape, Vector
from shapecalc.layers.slicing import Ends
from tests.kinds import copies

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shapecalc.layers.base import Layer

#: What flows in: even and odd sides, one to three of them, and none.
INPUTS: tuple[Shape, ...] = (
    Map((9, 8), 4),
    Map((7, 7), 6),
    Map((8,), 4),
    Map((4, 4), 4),
    Map((6, 5, 4), 2),
    Vector(12),
)


def values_of(field: Declared) -> list[Any]:
    """Return values that a field may have, its default first."""
    kind = field.kind
    given: list[Any] = [] if field.default is REQUIRED else [field.default]
    if isinstance(kind, Pad):
        pairs = [((0, 0),), ((1, 1),), ((0, 1),), ((1, 0),), ((1, 1), (0, 0)), ((0, 1), (1, 1))]
        given += [Padding(pair) for pair in pairs] + list(kind.modes.values())
    elif isinstance(kind, SidesOf):
        given += [(3,), (2, 1)]
    elif isinstance(kind, Sizes):
        given += [(Rational(3, 2),)] if isinstance(kind, FactorSizes) else []
        given += [(0,)] if kind.least == 0 else []
        given += [(1,), (2,), (3,), (4,), (1, 2), (2, 1), (2, 2)]
    elif isinstance(kind, Flag):
        given += [True, False]
    elif isinstance(kind, Choice):
        given += kind.options.values()
    elif isinstance(kind, Decimal):
        given += [0.125, 0.1250001, 0.5]
    elif isinstance(kind, Connections):
        given += [((0,), (1, 2)), ((0, 1), (1,), (0, 1))]
    elif isinstance(kind, Indices):
        given += [(0, 1, 2), (1, 0, 2), (2, 0, 1), (0, 1), (1, 0), (3, 0, 1, 2)]
    elif isinstance(kind, AxisPart):
        given += [Cut(End(1)), Cut(End(1), End(1, "end")), Cut(End(2, "end"))]
        given += [Cut(step=2)] if kind.most == 3 else []
        given += [
            PartOf(1, 2),
            PartOf(2, 2),
            PartOf(2, (1, 3)),
            PartOf(2, (3, 1)),
            Cut(End(0), End(3)),
        ]
    elif isinstance(kind, Axes):
        given += [("channels",), ("height",), ("positions",), (1, 2), ("length",), (0,)]
    elif isinstance(kind, Interval):
        given += [(0.0, 6.0), (-1.0, 1.0)]
    elif isinstance(kind, Ends):
        given += [(0, 2), (2, 0), (1, 1), (0, 0)]
    elif isinstance(kind, Extents):
        given += [(9, 8, 4), (8, 9, 4), (288,), (4, 72)]
    else:
        assert isinstance(kind, Count), f"values of {kind} are to be entered here"
        given += [2, 1, 3, 4]
    return list(dict.fromkeys(given))


def layers_of(cls: type[Layer]) -> Iterator[Layer]:
    """Yield layers of a type: any two of their fields with every value, the others as usual."""
    fields = cls.fields()
    usual = {field.name: values_of(field)[0] for field in fields}
    if not fields:
        yield cls()
    for pair in combinations(fields, min(2, len(fields))):
        names = [field.name for field in pair]
        for values in product(*map(values_of, pair)):
            yield cls(**{**usual, **dict(zip(names, values, strict=True))})


def numbers(layer: Layer, inputs: tuple[Shape, ...]) -> object:
    """Return everything that is counted of a layer; None where it cannot stand."""
    if arity_error(layer, inputs) is not None:
        return None
    try:
        if not all(requirement.holds() for requirement in layer.requires(*inputs)):
            return None
        output = layer.output(*inputs)
        sizes = [(array.role, array.size) for array in layer.weights(*inputs)]
        work = layer.work(inputs, output)
        return repr((output, sizes, work, layer.connected(inputs, output), layer.window(*inputs)))
    except RuleError:
        return None


@pytest.mark.parametrize("word", list(BUILTIN))
def test_what_reads_the_same_counts_the_same(word: str) -> None:
    cls = BUILTIN[word]
    counted = 0
    for shape in INPUTS:
        inputs = copies(word, shape)
        by_text: dict[str, tuple[object, Layer]] = {}
        for layer in layers_of(cls):
            result = numbers(layer, inputs)
            if result is None:
                continue
            counted += 1
            known, other = by_text.setdefault(layer.does(*inputs), (result, layer))
            assert known == result, f"{layer} and {other} read {layer.does(*inputs)!r}"
    assert counted


@pytest.mark.parametrize(
    ("word", "field"),
    [
        (word, field.name)
        for word in BUILTIN
        for field in BUILTIN[word].fields()
        if isinstance(field.kind, Flag | Choice | Decimal)
    ],
)
def test_a_flag_a_choice_or_a_constant_off_its_default_is_said(word: str, field: str) -> None:
    cls = BUILTIN[word]
    usual = {declared.name: values_of(declared)[0] for declared in cls.fields()}
    values = next(values_of(declared) for declared in cls.fields() if declared.name == field)
    texts = [cls(**{**usual, field: value}).does(INPUTS[0]) for value in values]
    assert len(set(texts)) == len(values)


@pytest.mark.parametrize("word", list(BUILTIN))
def test_what_is_not_written_is_said_elsewhere(word: str) -> None:
    """A field with a default stands in the text of every layer, or has words for its default."""
    cls = BUILTIN[word]
    usual = {declared.name: values_of(declared)[0] for declared in cls.fields()}
    for field in cls.fields():
        if field.default is REQUIRED or field.unsaid:
            continue
        texts = set()
        for value in values_of(field):
            layer = cls(**{**usual, field.name: value})
            texts.add(layer.does(INPUTS[0]))
            if value == field.default:
                # Of what is not there, like the constant of a join, there is nothing to say.
                spoken = layer.does(INPUTS[0]) or value is None or word in ("crop", "slice")
                assert spoken, f"nothing is said of {field.name}"
        assert len(texts) > 1, f"nothing is said of {field.name}"


@pytest.mark.parametrize(
    ("word", "fields", "text"),
    [
        ("conv", {"filters": 8, "kernel": (3,), "bias": False}, "8 3x3, no bias"),
        (
            "conv",
            {"filters": 8, "kernel": (3,), "bias": "per_position"},
            "8 3x3, bias per position",
        ),
        ("depthwise", {"kernel": (3,), "bias": False}, "3x3, no bias"),
        ("separable", {"filters": 8, "kernel": (3,), "bias": False}, "8 3x3, no bias"),
        ("dense", {"units": 10, "bias": False}, "10, no bias"),
        ("batchnorm", {"affine": False}, "no scale or shift"),
        ("batchnorm", {"statistics": False}, "no running statistics"),
        ("layernorm", {"affine": False}, "over channels, no scale or shift"),
        ("groupnorm", {"groups": 4, "affine": False}, "4 groups, no scale or shift"),
        ("instancenorm", {"affine": False}, "no scale or shift"),
        ("batchnorm", {"scale": False}, "no scale"),
        ("layernorm", {"shift": False}, "over channels, no shift"),
        ("batchnorm", {"affine": False, "scale": False}, "no scale or shift"),
        ("scale", {"init": 1e-6}, "per channel, init 1e-06"),
        ("scale", {"per": "one", "bias": True}, "one for all, with bias"),
        ("bias", {"per": "element"}, "per element"),
        ("token", {"count": 2}, "2 in front"),
        ("parameter", {"shape": (1, 1, 64)}, "1x1x64"),
        ("avgpool", {"kernel": (3,), "count_include_pad": False}, "3x3 /3, padding not averaged"),
        ("lrn", {"k": 2.0}, "over 5 channels, k 2"),
        ("lrn", {"alpha": 1.0, "beta": 0.5}, "over 5 channels, alpha 1, beta 0.5"),
        ("leaky_relu", {"slope": 0.12345678}, "slope 0.12345678"),
        (
            "transposed",
            {"filters": 8, "kernel": (3,), "pad": MODES["same"], "output_padding": (0,)},
            "8 3x3, pad same, output padding 0",
        ),
        ("transposed", {"filters": 8, "kernel": (2,), "pad": MODES["valid"]}, "8 2x2, pad valid"),
        ("transposed", {"filters": 8, "kernel": (2,), "bias": False}, "8 2x2, no bias"),
        ("prelu", {"shared": True}, "one slope"),
    ],
)
def test_what_the_numbers_depend_on_is_said(word: str, fields: dict[str, Any], text: str) -> None:
    assert BUILTIN[word](**fields).does(Map((9, 9), 4)) == text


def test_a_sum_among_other_words_stands_in_brackets() -> None:
    """Broken by `/s + 1`, which reads as a stride of s."""
    text = """
        input: 32x32x3
        let: {k: free, s: free}
        layers: [{conv: {filters: k + 1, kernel: k, stride: s + 1}}, {maxpool: {kernel: k + 1}}]
    """
    report = summarize(loads(text))
    assert [row.does for row in report.layers] == [
        "(k + 1) kxk /(s + 1)",
        "(k + 1) x (k + 1) /(k + 1)",
    ]
