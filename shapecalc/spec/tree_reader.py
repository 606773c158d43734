"""What readers of trees share: complaints with places, plain pieces, and what words mean."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NoReturn

from shapecalc.errors import Complaints, Problem, SpecErrors
from shapecalc.layers import (
    ALIASES,
    BUILT_IN_BLOCKS,
    BUILTIN,
    STRUCTURE,
    is_layer,
    layer_class,
)
from shapecalc.layers.fields import REQUIRED
from shapecalc.spec import FIRST_FIELD
from shapecalc.text import List, Origin, Scalar, Tree, YamlMap, describe, origin
from shapecalc.text.words import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from shapecalc.layers.base import Layer
    from shapecalc.spec import Block
    from shapecalc.spec.papers import PaperWord
    from shapecalc.text import Source

#: Keys that every layer may carry beside its own fields.
COMMON_KEYS: Mapping[str, str] = {
    "name": "the layer's name, unique in its scope",
    "from": "what flows in instead of the layer before: a name, `input`, or a list for a join",
    "share": "use the weights of that layer",
    "trainable": "false: training leaves the parameters as they are, here and in all that it holds",
    "if": "a condition, such as `stride == 1`; where it does not hold, the layer is not there",
    "inherit": "true: fields that are not given here have their values from the block around",
    "note": "a remark, carried to every format",
}
#: Those among them that are fields of a block which has fields of these names.
YIELDING = frozenset(["if", "inherit"])

#: How the words that build structure are written.
STRUCTURE_FORMS: Mapping[str, str] = {
    "repeat": "repeat: {times: 3, layers: [...]}",
    "group": "group: {name: conv2_x, layers: [...]}",
    "side": "side: {aux1: [...]}",
}

#: The fields of the words that build structure.
STRUCTURE_KEYS: Mapping[str, Mapping[str, str]] = {
    "repeat": {
        "layers": "the statements to repeat",
        "times": "how often; 0 is allowed",
        "index": "a name for the number of the round, counted from 0",
        "for": "lists to walk together, in place of times: {c: [24, 32], s: widths}",
    },
    "group": {"layers": "the statements of the group"},
    "side": {"branches": "branches computed beside the flow, which goes on unchanged"},
}


def built_in_block(word: str) -> type[Layer]:
    """Return the class that declares a built-in block's fields."""
    from shapecalc.spec.built_in import BLOCKS  # few specs have one

    return BLOCKS[word]


NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.+-]*")
#: A layer's name has at most so many characters.
MAX_NAME = 100


class TreeReader:
    """Reads one file; collects problems instead of stopping at the first."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.problems = Complaints()
        self.meant: set[str] = set()  # what was suggested for misspelt keys

    def complain(self, code: str, message: str, at: Tree | None, hint: str = "") -> None:
        """Note a problem and go on."""
        place = origin(at) if at is not None else Origin(self.source)
        self.problems.add(Problem(code, message, place, hint=hint))

    def stop(self, code: str, message: str, at: Tree, hint: str = "") -> NoReturn:
        """Give up: nothing sensible can be read beyond this problem."""
        self.complain(code, message, at, hint)
        raise SpecErrors(self.problems.in_order())

    def check_keys(self, tree: YamlMap, known: Iterable[str], owner: str) -> None:
        """Complain about keys that are neither known nor begin with `x-`."""
        for key, place in tree.keys.items():
            if key not in known and not key.startswith("x-"):
                known = tuple(known)
                near = did_you_mean(key, known)
                self.meant.add(near)
                hint = near or "it takes " + ", ".join(known)
                self.complain("E111", f"{owner} has no key '{key}'", place, hint)

    def text(self, tree: Tree, what: str) -> str:
        """Read a text."""
        if isinstance(tree, Scalar) and tree.text:
            return tree.text
        self.complain("E110", f"{what} takes a text, not {describe(tree)}", tree)
        return ""

    def mapping(self, root: YamlMap, key: str, holds: str, form: str) -> YamlMap | None:
        """Return the map under `key`, complaining about anything else there."""
        tree = root.items.get(key)
        if tree is None:
            return None
        if isinstance(tree, YamlMap):
            ignored = [word for word in tree.items if word.startswith("x-")]
            items = {word: item for word, item in tree.items.items() if word not in ignored}
            keys = {word: item for word, item in tree.keys.items() if word not in ignored}
            return tree._replace(items=items, keys=keys) if ignored else tree
        message = f"{key} takes a map {holds}, not {describe(tree)}"
        self.complain("E110", message, tree, f"{key}: {form}")
        return None

    def names(self, tree: Tree, what: str) -> tuple[Scalar, ...]:
        """Read one name or a list of names."""
        items = tree.items if isinstance(tree, List) else (tree,)
        good = [item for item in items if isinstance(item, Scalar) and item.text]
        if len(good) != len(items) or not good:
            self.complain(
                "E110", f"{what} takes a name or a list of names, not {describe(tree)}", tree
            )
        return tuple(good)


class WordReader(TreeReader):
    """Knows what words mean: types of layers and blocks, their fields, names of layers."""

    def __init__(self, source: Source) -> None:
        super().__init__(source)
        self.blocks: dict[str, Block | None] = {}
        #: Fields and constants of the block that is read.
        self.values: frozenset[str] = frozenset()
        self.own_words: dict[str, frozenset[str]] = {}  # of blocks that are not read yet
        self.allowed: dict[str, frozenset[str]] = {}

    def type_meant(self, text: str) -> str | None:
        """Return the type that a word means: a block, a built-in, or one of the papers' words."""
        if text in BUILTIN or text in self.blocks or text in STRUCTURE:
            return text
        lower = text.lower()
        if lower in BUILTIN or lower in BUILT_IN_BLOCKS:
            return lower
        if lower in ALIASES:
            return ALIASES[lower]
        word = self.paper_word(text)
        return word.type if word else None

    def type_of(self, word: Scalar) -> str | None:
        """Return the type that a word means; complain when it means none."""
        text = word.text
        meant = self.type_meant(text)
        if meant is not None:
            return meant
        from shapecalc.spec.papers import unclear

        known = [*BUILTIN, *BUILT_IN_BLOCKS, *ALIASES, *STRUCTURE, *self.blocks]
        own = text.partition("(")[0].rpartition(".")[2] or text  # of nn.Conv2d(3, 64)
        hint = unclear(text) or _respelt(text) or self.made_of_others(own)
        if text in self.values:
            hint = f"'{text}' is a value here; it may choose a layer: relu: {{if: {text} == 1}}"
        hint = hint or did_you_mean(own.lower(), known)
        if hint.startswith("did you mean") and own in text[:-1] and "(" in text:
            hint += " Its fields stand in a map, as in `conv: {filters: 96, kernel: 11}`"
        hint = hint or "`shapecalc layers` lists the types"
        self.complain("E112", f"{describe(word)} is not a layer type", word, hint)
        return None

    def made_of_others(self, word: str) -> str:
        """Advise on a layer of other tools that is none here; a block nearly so named is meant."""
        from shapecalc.text.foreign import LAYERS_ELSEWHERE, bare

        advice = LAYERS_ELSEWHERE.get(bare(word), "")
        return advice and (did_you_mean(word.lower(), self.blocks) or advice)

    def paper_word(self, text: str) -> PaperWord | None:
        """Return what a word of the papers means; nothing for one that the spec or we define."""
        return word_meant(text, self.blocks)

    def fields_of(self, kind: str) -> frozenset[str]:
        """Return the fields that a type takes."""
        known = self.allowed.get(kind)
        if known is None:
            if is_layer(kind, self.blocks):
                known = frozenset(field.name for field in layer_class(kind).fields())
            elif kind in STRUCTURE:
                known = frozenset(STRUCTURE_KEYS[kind])
            elif kind not in self.blocks:
                known = frozenset(field.name for field in built_in_block(kind).fields())
            else:
                block = self.blocks[kind]
                if block is None:  # its body is not read yet: its use will be checked later
                    return frozenset()
                known = frozenset(block.fields)
            self.allowed[kind] = known
        return known

    def is_common(self, word: str, kind: str) -> bool:
        """Tell whether a key belongs to every statement, and is no field of this block."""
        if word not in YIELDING:
            return word in COMMON_KEYS
        block = self.blocks.get(kind)
        return word not in (block.fields if block else self.own_words.get(kind, ()))

    def field_of_value(self, key: Scalar, kind: str) -> str | None:
        """Return the field that a bare value sets; complain when there is none."""
        if kind in STRUCTURE:
            self.complain("E110", f"{kind} takes a map of fields", key, STRUCTURE_FORMS[kind])
            return None
        field = self.principal_of(kind)
        if not field:
            needs = is_layer(kind, self.blocks) and any(
                field.default is REQUIRED for field in layer_class(kind).fields()
            )
            form = layer_class(kind).example if needs else kind
            self.complain("E110", f"{kind} takes no value", key, f"write `- {form}`")
        return field or None

    def principal_of(self, kind: str) -> str:
        """Return the field that a bare value of a layer or a block sets, "" for none."""
        if is_layer(kind, self.blocks):
            return layer_class(kind).principal
        if kind not in self.blocks:
            return built_in_block(kind).principal
        block = self.blocks[kind]
        return next(iter(block.fields), "") if block else FIRST_FIELD

    def refuse_field(self, kind: str, word: str, fields: YamlMap, known: Iterable[str]) -> None:
        """Complain about a field that a type does not have."""
        takes = [*known, *COMMON_KEYS]
        place = fields.keys[word]
        hint = (
            self.cut_apart(word, fields)
            or self.said_elsewhere(word, fields.items[word])
            or _respelt(word)
            or did_you_mean(word, takes)
            or f"{kind} takes " + ", ".join(sorted(takes))
        )
        self.complain("E111", f"{kind} has no field '{word}'", place, hint)

    def cut_apart(self, word: str, fields: YamlMap) -> str:
        """Advise on what a comma left of a value with parentheses: {pad: (3, 3)}, max(k, 8)."""
        texts = {
            key: tree.text if isinstance(tree, Scalar) and tree.plain else "-"
            for key, tree in fields.items.items()
        }
        words = list(texts)
        before = words[: words.index(word)]
        open_ones = [key for key in before if texts[key].count("(") > texts[key].count(")")]
        if not open_ones or texts[word]:
            return ""
        begun = open_ones[-1]
        parts = words[words.index(begun) + 1 :]
        closing = (part for part in parts if part.endswith(")"))
        parts = parts[: parts.index(next(closing, word)) + 1]
        if word not in parts or any(texts[part] for part in parts):
            return ""
        whole = ", ".join((texts[begun], *parts))
        value = f"[{whole.strip('() ')}]" if whole.startswith("(") else f'"{whole}"'
        return f"a comma ends the entry: write {begun}: {value}"

    def said_elsewhere(self, word: str, value: Tree) -> str:
        """Advise on a field of other tools that is said by something else here, or by nothing."""
        from shapecalc.text.foreign import ELSEWHERE, bare  # few specs have such a field

        plain = bare(word)
        text = value.text.lower() if isinstance(value, Scalar) else ""
        if plain in ("activation", "activationfn", "nonlinearity"):
            if text in ("", "none", "null", "linear"):
                return "leave it out: nothing follows"
            meant = self.type_meant(text) or "relu"
            return f"an activation is a layer of its own: `- {meant}` on the next line"
        return ELSEWHERE.get(plain, "")

    def read_name(self, tree: Tree) -> Scalar | None:
        """Read a layer's name."""
        if not isinstance(tree, Scalar) or not tree.text:
            self.complain("E110", f"a name is a word, not {describe(tree)}", tree)
            return None
        self.check_name(tree.text, tree)
        return tree if tree.text != "input" else None

    def read_condition(self, tree: Tree) -> Tree | None:
        """Read a condition, which is a text until it is decided."""
        if isinstance(tree, Scalar) and tree.text:
            return tree
        message = f"if takes a condition, not {describe(tree)}"
        self.complain("E110", message, tree, "if: stride == 1 and channels == filters")
        return None

    def read_inherit(self, tree: Tree) -> Tree | None:
        """Read whether a layer or a block has its fields from the block around."""
        if isinstance(tree, Scalar) and tree.plain and tree.text in ("true", "false"):
            return tree if tree.text == "true" else None
        hint = "it takes every field that is not given; give the others"
        self.complain("E110", f"inherit takes true or false, not {describe(tree)}", tree, hint)
        return None

    def check_name(self, name: str, place: Scalar) -> None:
        """Complain about a name that paths could not hold."""
        if not NAME.fullmatch(name):
            hint = "use letters, digits, _ . + and -, without spaces or '/'"
            self.complain("E117", f"'{name}' cannot name a layer", place, hint)
        elif len(name) > MAX_NAME:
            message = f"the name '{name[:20]}…' has {len(name):,} characters"
            self.complain("E117", message, place, f"use at most {MAX_NAME}")
        elif name == "input":
            message = "'input' names what flows into the network"
            self.complain("E117", message, place, "use another name")

    def read_changed_keys(self, change: YamlMap) -> dict[str, Any]:
        """Read what a change says of the keys that every layer has."""
        common: dict[str, Any] = {}
        for word, tree in change.items.items():
            if word == "note":
                common["note"] = self.text(tree, "note")
            elif word == "from":
                common["sources"] = self.names(tree, "from")
            elif word == "share":
                common["share"] = next(iter(self.names(tree, "share")), None)
            elif word == "trainable":
                common["trainable"] = tree
            elif word == "if":
                common["condition"] = self.read_condition(tree)
            elif word == "inherit":
                common["inherit"] = self.read_inherit(tree)
            elif word == "name":
                hint = "remove it and insert another, or name it in the base"
                self.complain("E111", "change cannot rename a layer", change.keys[word], hint)
        return common


def word_meant(text: str, blocks: Mapping[str, object]) -> PaperWord | None:
    """Return what a word of the papers means; nothing for one that a spec or we define."""
    lower = text.lower()
    if lower in BUILTIN or text in blocks or lower in blocks or text in STRUCTURE:
        return None
    if lower in ALIASES:  # which says no fields
        return None
    from shapecalc.spec.papers import paper_word  # most specs have no such word

    return paper_word(text)


def fields_meant(word: Scalar, meant: PaperWord) -> tuple[dict[str, Tree], dict[str, Tree]]:
    """Return the fields that a paper's word says, and those that it leaves unsaid, at its place."""
    says: dict[str, Tree] = {name: word._replace(text=text) for name, text in meant.says.items()}
    return says, {name: word._replace(text=text) for name, text in meant.implies.items()}


#: Ways of writing that are nearly right, and what is meant.
_NEARLY = (
    (r".* - .*", "the next entry is indented deeper; line the '- ' up under each other"),
    (r"(\w+) ?:(\S.*)", r"a space belongs after the colon: `\1: \2`"),
    (r"(\w+) (\d\S*)", r"a colon is missing: `\1: \2`"),
)


def _respelt(text: str) -> str:
    """Say how a word is to be written that is nearly right, or nothing."""
    for pattern, advice in _NEARLY:
        if match := re.fullmatch(pattern, text, re.ASCII):
            return match.expand(advice)
    return ""
