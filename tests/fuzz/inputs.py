"""Inputs to try: the shipped specs mutated, and random specs made of the language's words.

Every function takes a `random.Random`, which Hypothesis can be as well.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from shapecalc.errors import CODES
from shapecalc.layers import ALIASES, BUILTIN, JOINS, STRUCTURE, layer_class
from shapecalc.layers.fields import (
    REQUIRED,
    Choice,
    Connections,
    Count,
    Decimal,
    Extents,
    Flag,
    Indices,
    Pad,
)
from shapecalc.spec import RESERVED
from shapecalc.spec.grammar import EXPECTABLE, TOP_KEYS
from shapecalc.spec.tree_reader import COMMON_KEYS, STRUCTURE_KEYS
from tests.paths import NETWORKS, SPECS

if TYPE_CHECKING:
    import random

Tree: TypeAlias = "str | list[Tree] | dict[str, Tree]"

SHIPPED_TEXTS = [path.read_text() for path in sorted(SPECS.glob("*.yaml"))]
NETWORK_TEXTS = [path.read_text() for path in sorted(NETWORKS.glob("*.yaml"))]
SHIPPED = [path.stem for path in sorted(SPECS.glob("*.yaml"))]
LAYERS = [word for word in BUILTIN if word not in JOINS]
FIELDS = sorted({field.name for word in BUILTIN for field in layer_class(word).fields()})
WORDS = [
    *BUILTIN, *ALIASES, *STRUCTURE, *TOP_KEYS, *COMMON_KEYS, *FIELDS, *RESERVED, *EXPECTABLE,
    *(key for keys in STRUCTURE_KEYS.values() for key in keys),
    *("conv3-64", "FC-10", "soft-max", "x-", ".", "/input", "conv1", "relu1", "a/b", "free"),
    *("0", "1", "-1", "010", "1e3", "1.5", "10**9", "1000000000", "999999999999999999999"),
    *("[]", "{}", "[", "]", "{", "}", ":", ": ", "- ", ",", "#", "&a", "*a", "!!int", "<<", "|"),
    *("'", '"', "~", "null", "on", "12:30", "\t", "\n", "\n  ", "---", "...", "\0", "\x1b[31m"),
    *("\u202e", "\ufeff", "\x85", "\u2028", "é", "漢", "\U0001f600", "%", "@", "?", "x", "\xd7"),
    *CODES,
]  # fmt: skip
NAMES = ["a", "b", "c", "k", "conv1", "conv2", "relu1", "pool1", "fc1", "input", "group1", "x1"]
REFERENCES = [*NAMES, ".", "/input", "a/conv1", "a/1/conv1", "/a", "b/input", "nothing", "blk1"]


def any_input(rng: random.Random) -> str | bytes:
    """Make an input of any kind."""
    return rng.choice(KINDS)(rng)


# --- texts that were a spec ---------------------------------------------------------------------


def shipped_spec(rng: random.Random) -> str:
    return rng.choice(SHIPPED_TEXTS if rng.random() < 0.8 else NETWORK_TEXTS)


def flipped(rng: random.Random) -> bytes:
    """Change some bytes of a spec."""
    data = bytearray(shipped_spec(rng).encode())
    for _ in range(rng.choice((1, 1, 2, 5, 20))):
        at = rng.randrange(len(data))
        data[at] = rng.choice((rng.randrange(256), rng.randrange(32, 127), data[at] ^ 1))
    return bytes(data)


def shuffled(rng: random.Random) -> str:
    """Move, repeat, drop or indent lines of a spec."""
    lines = shipped_spec(rng).splitlines()
    for _ in range(rng.choice((1, 1, 2, 4))):
        here, there = rng.randrange(len(lines)), rng.randrange(len(lines))
        match rng.randrange(4):
            case 0:
                lines[here], lines[there] = lines[there], lines[here]
            case 1:
                lines.insert(here, lines[there])
            case 2 if len(lines) > 1:
                del lines[here]
            case _:
                lines[here] = rng.choice(("  ", "    ", "\t", "- ")) + lines[here]
    return "\n".join(lines) + "\n"


def swapped(rng: random.Random) -> str:
    """Put words of the language in place of words of a spec."""
    import re

    parts = re.split(r"(\w+)", shipped_spec(rng))
    for _ in range(rng.choice((1, 1, 1, 2, 3, 8))):
        at = rng.randrange(len(parts))
        parts[at] = rng.choice(WORDS) if rng.random() < 0.7 else rng.choice(parts)
    return "".join(parts)


def spliced(rng: random.Random) -> str:
    """Begin with one spec and end with another."""
    first, second = shipped_spec(rng), shipped_spec(rng)
    return first[: rng.randrange(len(first))] + second[rng.randrange(len(second)) :]


def salad(rng: random.Random) -> str:
    """String words of the language together."""
    glue = rng.choice((" ", "", "\n", ": ", "\n  "))
    return glue.join(rng.choice(WORDS) for _ in range(rng.randrange(30)))


def noise(rng: random.Random) -> bytes:
    return bytes(rng.randrange(256) for _ in range(rng.randrange(60)))


def nested(rng: random.Random) -> str:
    """Nest brackets, or structure, deeply."""
    depth = rng.choice((5, 50, 90, 99, 101, 150, 400))
    opened, closed = rng.choice(
        (("[", "]"), ("{a: ", "}"), ("concat: [[", "]]"), ("{group: {name: a, layers: [", "]}}"),
         ("{repeat: {times: 2, layers: [", "]}}"), ("{add: {a: [", "]}}"), ("- ", ""), ("? ", ""))
    )  # fmt: skip
    inner = rng.choice(("relu", "", "conv3-4", "{relu: }"))
    end = closed * rng.choice((depth, depth, depth - 1))
    return f"input: 8x8x3\nlayers: [{opened * depth}{inner}{end}]\n"


def aliased(rng: random.Random) -> str:
    """Let aliases stand for aliases."""
    lines = ["input: 8x8x3", "x-a: &a0 [relu, conv3-4]"]
    for level in range(1, rng.randrange(2, 30)):
        target = rng.randrange(level) if rng.random() < 0.3 else level - 1
        items = ", ".join([f"*a{target}"] * rng.randrange(1, 10))
        lines.append(f"x-{level}: &a{level} [{items}]")
    last = rng.randrange(level + 2)
    shapes = ("layers: *a{0}", "layers: [add: *a{0}]", "layers: [concat: [*a0, *a{0}]]", "let: *a0")
    lines.append(rng.choice(shapes).format(last))
    return "\n".join(lines) + "\n"


# --- specs made of words ------------------------------------------------------------------------


def structured(rng: random.Random) -> str:
    """Make a spec that is nearly right."""
    return written(spec(rng))


def edited(rng: random.Random) -> str:
    """Extend a shipped spec with edits."""
    names = [*NAMES, "conv5", "pool5", "fc8", "conv1_1", "inception_3a", "conv2_x", "conv2_x/1"]
    tree: dict[str, Tree] = {"extends": rng.choice(SHIPPED)}
    for key in ("change", "before", "after"):
        if rng.random() < 0.4:
            tree[key] = {
                rng.choice(names): fields(rng, rng.choice(LAYERS))
                if key == "change"
                else statements(rng, 1)
                for _ in range(rng.randrange(1, 3))
            }
    if rng.random() < 0.3:
        tree["remove"] = [rng.choice(names) for _ in range(rng.randrange(1, 3))]
    if rng.random() < 0.3:
        tree["input"] = shape(rng)
    if rng.random() < 0.2:
        tree["defaults"] = {rng.choice(LAYERS): fields(rng, "conv")}
    return written(tree)


def structured_swapped(rng: random.Random) -> str:
    """Spoil a spec that is nearly right."""
    parts = structured(rng).split(" ")
    parts[rng.randrange(len(parts))] = rng.choice(WORDS)
    return " ".join(parts)


KINDS = (
    flipped, shuffled, swapped, swapped, spliced, salad, noise, nested, aliased,
    structured, structured, structured, structured_swapped, edited,
)  # fmt: skip


def spec(rng: random.Random) -> dict[str, Tree]:
    tree: dict[str, Tree] = {}
    if rng.random() < 0.1:
        tree["inputs"] = {"a": shape(rng), "b": shape(rng)}
    else:
        tree["input"] = shape(rng)
    if rng.random() < 0.9:
        tree["let"] = {"k": rng.choice("24"), "m": rng.choice(("3", "k*2", expression(rng)))}
    if rng.random() < 0.7:
        tree["blocks"] = {name: body(rng) for name in ("blk", "other")[: rng.randrange(1, 3)]}
    if rng.random() < 0.15:
        tree["defaults"] = {rng.choice(LAYERS): fields(rng, rng.choice(LAYERS))}
    tree["layers"] = statements(rng, 4)
    if rng.random() < 0.05:
        tree["outputs"] = [rng.choice(REFERENCES)]
    if rng.random() < 0.1:
        tree["expect"] = {rng.choice(EXPECTABLE): expression(rng)}
    if rng.random() < 0.03:
        tree[rng.choice(WORDS)] = rng.choice(WORDS)
    return tree


def body(rng: random.Random) -> Tree:
    named: Tree = rng.choice((["f"], ["f", {"g": "3"}], {"f": "2", "g": "k"}, []))
    return {"fields": named, "layers": statements(rng, 2)}


def statements(rng: random.Random, depth: int) -> list[Tree]:
    return [statement(rng, depth) for _ in range(rng.choice((0, 1, 1, 2, 3, 5)))]


def statement(rng: random.Random, depth: int) -> Tree:
    """Make a layer, a join, a block's use or a piece of structure."""
    chance = rng.random()
    if chance < 0.2:
        return rng.choice(("relu", "identity", "conv3-4", "FC-10", "maxpool", "softmax", "flatten"))
    if depth <= 0 or chance < 0.65:
        word = rng.choice(LAYERS)
        return {word: common(rng, fields(rng, word))}
    if chance < 0.7:
        block = rng.choice(("blk", "blk", "other"))
        return {block: common(rng, {"f": value(rng), "g": expression(rng)})}
    inner = statements(rng, depth - 1)
    if chance < 0.87:
        word = rng.choice([*JOINS, "side"])
        shapes: list[Tree] = [
            [inner, statements(rng, depth - 1), []],
            common(rng, {"one": inner, "two": statements(rng, depth - 1)}),
            {"from": [rng.choice(REFERENCES), "."]},
            [inner, list(inner)],
        ]
        return {word: rng.choice(shapes)}
    if chance < 0.93:
        return {"group": {"name": f"g{rng.randrange(99)}", "layers": inner}}
    rounds: dict[str, Tree] = {"times": expression(rng)}
    if rng.random() < 0.4:
        rounds = {"for": {"c": [number(rng), number(rng)], "s": ["1", rng.choice("12")]}}
    if rng.random() < 0.3:
        rounds["index"] = "i"
    return {"repeat": common(rng, {**rounds, "layers": inner})}


def common(rng: random.Random, tree: dict[str, Tree]) -> dict[str, Tree]:
    """Add what every layer may carry."""
    if rng.random() < 0.1:
        tree["name"] = rng.choice((*NAMES, f"n{rng.randrange(99)}"))
    if rng.random() < 0.06:
        tree["from"] = rng.choice(REFERENCES)
    if rng.random() < 0.05:
        tree["share"] = rng.choice(REFERENCES)
    if rng.random() < 0.05:
        tree["note"] = rng.choice(('"\\e[31m"', "'text'", '"\\u202e"', "1"))
    if rng.random() < 0.08:
        tree["trainable"] = rng.choice(("false", "false", "false", "true", "i", "no"))
    return tree


def fields(rng: random.Random, word: str) -> dict[str, Tree]:
    """Give a layer the fields that it needs and some others."""
    found: dict[str, Tree] = {}
    for each in layer_class(word).fields():
        needed = each.default is REQUIRED
        if rng.random() < (0.99 if needed else 0.15):
            found[each.name] = suited(rng, each.kind)
    if rng.random() < 0.01:
        found[rng.choice(FIELDS)] = value(rng)
    return found


def suited(rng: random.Random, kind: object) -> Tree:
    """Make a value that a field of this kind may take."""
    chance = rng.random()
    if chance < 0.02:
        return value(rng)
    if isinstance(kind, Choice):
        return rng.choice(list(kind.options))
    if isinstance(kind, Flag):
        return rng.choice(("true", "false"))
    if isinstance(kind, Decimal):
        return rng.choice(("0.5", "1e-5", "2", "k"))
    if isinstance(kind, Connections):
        return [[rng.choice("012")], ["0", "1"]]
    if isinstance(kind, Indices):
        return rng.sample("012", 3)
    if isinstance(kind, Extents):
        return rng.choice((shape(rng), "1024", "[channels, 4]"))
    if isinstance(kind, Pad):
        pads: list[Tree] = ["same", "valid", "0", "1", "2", "1x0", ["0", "1"], [["0", "1"]]]
        return rng.choice(pads)
    if isinstance(kind, Count) and chance < 0.3:
        return expression(rng)
    return number(rng)


def value(rng: random.Random) -> Tree:
    """Make any value."""
    values: list[Tree] = [
        number(rng), expression(rng), shape(rng), "same", "true", "floor", "1x3", "[]", "{}", "",
        "'1'", "1.5", "-3", ["1", ["2", "3"]], {"a": "1"}, rng.choice(WORDS[:100]),
    ]  # fmt: skip
    return rng.choice(values)


def number(rng: random.Random) -> str:
    return rng.choice([*"111222344448kkk", rng.choice(("0", "10**9", "1000000", "1x2"))])


def expression(rng: random.Random) -> str:
    """Make an expression of whole numbers and names."""
    text = operation(rng, 3)
    return f'"{text}"' if "," in text else text


def operation(rng: random.Random, depth: int) -> str:
    if depth == 0 or rng.random() < 0.5:
        return rng.choice("123448kkm") if rng.random() < 0.9 else rng.choice(("f", "i", "channels"))
    left, right = operation(rng, depth - 1), operation(rng, depth - 1)
    shapes = ("{0}+{1}", "{0}*{1}", "{0}//{1}", "{0}-{1}", "({0})*2", "min({0},{1})", "{0}**{1}")
    return rng.choice(shapes).format(left, right)


def shape(rng: random.Random) -> str:
    return rng.choice(
        ["32x32x4"] * 5
        + ["64x48x8", "16x12x8", "8x8x4", "64", "20x4", "8x8x8x2", "HxWx3", "kx8x3", "1x1x1"]
        + ["[k, 2*k, 4]", "0x1x1", "1000000000x1000000000x1000000000", "8 x 8 x 4", "8\xd78\xd72"]
    )


def written(tree: Tree) -> str:
    """Write a tree as YAML: its top in lines, what is inside in brackets."""
    if not isinstance(tree, dict):
        return flow(tree)
    lines = []
    for key, inner in tree.items():
        if key == "layers" and isinstance(inner, list) and inner:
            lines += [f"{key}:", *(f"  - {flow(each)}" for each in inner)]
        else:
            lines.append(f"{key}: {flow(inner)}")
    return "\n".join(lines) + "\n"


def flow(tree: Tree) -> str:
    if isinstance(tree, dict):
        return "{" + ", ".join(f"{key}: {flow(each)}" for key, each in tree.items()) + "}"
    if isinstance(tree, list):
        return "[" + ", ".join(map(flow, tree)) + "]"
    return tree
