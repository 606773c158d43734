"""The statements of a `layers` list: layers, blocks, joins and structure, as written."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from shapecalc.layers import ALIASES, BUILTIN, JOINS, STRUCTURE, layer_class
from shapecalc.spec import FIRST_FIELD, Block, Branch, Use
from shapecalc.spec.tree_reader import TreeReader
from shapecalc.text import List, Scalar, Tree, YamlMap, describe
from shapecalc.text.words import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from shapecalc.text import Source

#: Keys that every layer may carry beside its own fields.
COMMON_KEYS: Mapping[str, str] = {
    "name": "the layer's name, unique in its scope",
    "from": "what flows in instead of the layer before: a name, `input`, or a list for a join",
    "share": "use the weights of that layer",
    "note": "a remark, carried to every format",
}

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
        "for": "lists to walk together, in place of times: {c: [24, 32], s: [2, 1]}",
    },
    "group": {"layers": "the statements of the group"},
    "side": {"branches": "branches computed beside the flow, which goes on unchanged"},
}

PAPER = re.compile(r"(?:conv(\d{1,9})-(\d{1,9})|fc-(\d{1,9}))", re.IGNORECASE | re.ASCII)
NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.+-]*")
_LITERAL = re.compile(r"\d+(?:x\d+)*|same|valid|true|false|floor|ceil", re.ASCII)
_NO_FIELDS: dict[str, Tree] = {}
_NO_KEYS: dict[str, Scalar] = {}
_COMMON = frozenset(COMMON_KEYS)
#: A layer's name has at most so many characters.
MAX_NAME = 100


class _Parts:
    """What is read so far of a statement with a map of fields."""

    __slots__ = (
        "branches",
        "fields",
        "kind",
        "literal",
        "name",
        "note",
        "share",
        "sound",
        "sources",
    )

    def __init__(self, kind: str, key: Scalar, fields: dict[str, Tree]) -> None:
        self.kind = kind
        self.fields = fields
        self.literal: list[object] | None = [kind, key.text] if fields else [kind]
        self.name: Scalar | None = None
        self.sources: tuple[Scalar, ...] | None = None
        self.share: Scalar | None = None
        self.note = ""
        self.branches: tuple[Branch, ...] = ()
        self.sound = True

    def add(self, word: str, tree: Tree) -> None:
        """Take a field, and note whether all are plain words and numbers."""
        self.fields[word] = tree
        if self.literal is not None:
            if isinstance(tree, Scalar) and tree.plain and _LITERAL.fullmatch(tree.text):
                self.literal += (word, tree.text)
            else:
                self.literal = None

    def use(self, word: Scalar, keys: dict[str, Scalar]) -> Use:
        """Return the statement."""
        return Use(
            word,
            self.kind,
            self.fields,
            keys,
            literal=tuple(self.literal) if self.literal else None,
            name=self.name,
            sources=self.sources,
            share=self.share,
            note=self.note,
            branches=self.branches,
        )


class StatementReader(TreeReader):
    """Reads the statements of one file."""

    def __init__(self, source: Source) -> None:
        super().__init__(source)
        self.blocks: dict[str, Block | None] = {}
        self.allowed: dict[str, frozenset[str]] = {}

    def uses(self, tree: Tree, what: str) -> tuple[Use, ...]:
        """Read a list of statements."""
        if isinstance(tree, Scalar) and tree.text:
            return self.uses(List((tree,), tree.source, tree.start, tree.end), what)
        if not isinstance(tree, List):
            hint = "write them below, each on a line that begins with '- '"
            self.complain(
                "E110", f"{what} takes a list of layers, not {describe(tree)}", tree, hint
            )
            return ()
        uses = []
        for item in tree.items:
            use = self.use(item)
            if use is not None:
                uses.append(use)
        return tuple(uses)

    def use(self, tree: Tree) -> Use | None:
        """Read one statement: a word, or a word with its value."""
        if isinstance(tree, Scalar) and not tree.text:
            hint = "write a layer after '- ', or remove it"
            self.complain("E110", "an entry of the list is empty", tree, hint)
            return None
        if isinstance(tree, Scalar):
            return self.word(tree)
        if isinstance(tree, List):
            hint = "branches stand in concat, add, multiply or side"
            self.complain("E110", "a list cannot stand for a layer", tree, hint)
            return None
        if len(tree.items) != 1:
            return self.crowded(tree)
        ((word, value),) = tree.items.items()
        key = tree.keys[word]
        kind = self.type_of(key)
        if kind is None:
            return self.unsound(key, value)
        if isinstance(value, Scalar) and not value.text and value.plain:
            return self.word(key)
        if kind in JOINS or kind == "side":
            return self.join(key, kind, value)
        if isinstance(value, YamlMap):
            return self.with_fields(key, kind, value)
        principal = self.principal(key, kind)
        if principal is None:
            return self.unsound(key)
        if PAPER.fullmatch(key.text):
            hint = f"{key.text}: {{...}} for other fields, or {kind}: {{{principal}: ...}}"
            self.complain("E110", f"{key.text} says its {principal} already", value, hint)
            return self.unsound(key)
        literal = None
        if isinstance(value, Scalar) and value.plain and _LITERAL.fullmatch(value.text):
            literal = (kind, key.text if key.text != kind else "", value.text)
        return Use(key, kind, {principal: value}, {}, literal)

    def unsound(self, word: Scalar, value: Tree | None = None) -> Use:
        """Keep the place, and the name, of a statement that cannot be understood."""
        name = value.items.get("name") if isinstance(value, YamlMap) else None
        return Use(
            word,
            "identity",
            _NO_FIELDS,
            _NO_KEYS,
            sound=False,
            name=name if isinstance(name, Scalar) and name.text else None,
        )

    def crowded(self, tree: YamlMap) -> Use | None:
        """Complain about a map that is not one word with its value."""
        if not tree.items:
            self.complain("E110", "an empty map cannot stand for a layer", tree)
            return None
        first, second = list(tree.keys.values())[:2]
        if "type" in tree.items:
            kind = tree.items["type"]
            word = kind.text if isinstance(kind, Scalar) and kind.text else "conv"
            message, hint = "a layer's type is its key, not a field", f"write - {word}: {{...}}"
            second = tree.keys["type"]
        else:
            message = f"'{second.text}' stands beside '{first.text}', as if it were a second layer"
            hint = (
                f"begin another layer with '- {second.text}'"
                if second.text in BUILTIN or second.text in self.blocks
                else f"indent it below '{first.text}:', or write"
                f" {first.text}: {{{second.text}: ...}}"
            )
        self.complain("E110", message, second, hint)
        return self.unsound(first)

    def word(self, word: Scalar) -> Use | None:
        """Read a bare word."""
        kind = self.type_of(word)
        if kind is None:
            return self.unsound(word)
        if kind in STRUCTURE:
            what = "branches" if kind == "side" else "layers"
            self.complain("E113", f"{kind} needs {what}", word, STRUCTURE_FORMS[kind])
            return self.unsound(word)
        if word.text == kind:
            return Use(word, kind, _NO_FIELDS, _NO_KEYS, (kind,))
        return Use(word, kind, self.paper_fields(word), _NO_KEYS, (kind, word.text))

    def meaning(self, text: str) -> str | None:
        """Return the type that a word means: a block, a built-in, or one of the papers' words."""
        if text in BUILTIN or text in self.blocks or text in STRUCTURE:
            return text
        lower = text.lower()
        if lower in BUILTIN:
            return lower
        if lower in ALIASES:
            return ALIASES[lower]
        if lower == "soft-max":
            return "softmax"
        if match := PAPER.fullmatch(text):
            return "dense" if match[3] else "conv"
        return None

    def type_of(self, word: Scalar) -> str | None:
        """Return the type that a word means; complain when it means none."""
        text = word.text
        meant = self.meaning(text)
        if meant is not None:
            return meant
        known = [*BUILTIN, *ALIASES, *STRUCTURE, *self.blocks]
        hint = (
            _respelt(text)
            or did_you_mean(text.lower(), known)
            or "`shapecalc layers` lists the types"
        )
        self.complain("E112", f"{describe(word)} is not a layer type", word, hint)
        return None

    def paper_fields(self, word: Scalar) -> dict[str, Tree]:
        """Return the fields that a paper's word stands for: conv3-64, FC-4096."""
        match = PAPER.fullmatch(word.text)
        if match is None:
            return {}
        kernel, filters, units = match.groups()
        if units:
            return {"units": word._replace(text=units)}
        return {
            "filters": word._replace(text=filters),
            "kernel": word._replace(text=kernel),
            "pad": word._replace(text="same"),
        }

    def fields_of(self, kind: str) -> frozenset[str]:
        """Return the fields that a type takes."""
        known = self.allowed.get(kind)
        if known is None:
            if kind in BUILTIN:
                known = frozenset(field.name for field in layer_class(kind).fields())
            elif kind in STRUCTURE:
                known = frozenset(STRUCTURE_KEYS[kind])
            else:
                block = self.blocks[kind]
                if block is None:  # its body is not read yet: its use will be checked later
                    return frozenset()
                known = frozenset(block.fields)
            self.allowed[kind] = known
        return known

    def principal(self, key: Scalar, kind: str) -> str | None:
        """Return the field that a bare value sets."""
        field = ""
        if kind in BUILTIN:
            field = layer_class(kind).principal
        elif kind in STRUCTURE:
            self.complain("E110", f"{kind} takes a map of fields", key, STRUCTURE_FORMS[kind])
            return None
        else:
            block = self.blocks[kind]
            field = next(iter(block.fields), "") if block else FIRST_FIELD
        if not field:
            self.complain("E110", f"{kind} takes no value", key, f"write `- {kind}`")
            return None
        return field

    def with_fields(self, key: Scalar, kind: str, value: YamlMap) -> Use:
        """Read a word with a map of fields."""
        before = len(self.problems)
        parts = _Parts(kind, key, {} if key.text in BUILTIN else self.paper_fields(key))
        known = self.fields_of(kind)
        checked = kind not in self.blocks or self.blocks[kind] is not None
        for word, tree in value.items.items():
            if word in _COMMON:
                self.common_key(parts, word, tree)
            elif word == "layers" and kind in STRUCTURE:
                parts.branches = (Branch(None, self.uses(tree, "layers")),)
            elif word.startswith("x-"):
                continue
            elif checked and word not in known:
                self.unknown_field(kind, word, value.keys[word], known)
                parts.sound = parts.sound and kind not in STRUCTURE
            else:
                parts.add(word, tree)
        if kind in STRUCTURE and not parts.branches:
            if parts.sound:
                self.complain("E113", f"{kind} needs layers", key, STRUCTURE_FORMS[kind])
            parts.sound = False
        if not parts.sound:
            return self.unsound(key, value)
        if kind == "group" and "name" not in value.items:
            self.complain("E113", "a group needs a name", key, STRUCTURE_FORMS[kind])
        if len(self.problems) > before and kind in BUILTIN:
            return Use(
                key, kind, _NO_FIELDS, _NO_KEYS, None, parts.name, parts.sources, sound=False
            )
        return parts.use(key, value.keys)

    def common_key(self, parts: _Parts, word: str, tree: Tree) -> None:
        """Read a key that every statement may have."""
        if word == "name":
            parts.name = self.named(tree)
        elif word == "note":
            parts.note = self.text(tree, "note")
        elif word == "from":
            parts.sources = self.names(tree, "from")
        else:
            parts.share = next(iter(self.names(tree, "share")), None)

    def common_keys(self, change: YamlMap) -> dict[str, Any]:
        """Read what a change says of the keys that every layer has."""
        common: dict[str, Any] = {}
        for word, tree in change.items.items():
            if word == "note":
                common["note"] = self.text(tree, "note")
            elif word == "from":
                common["sources"] = self.names(tree, "from")
            elif word == "share":
                common["share"] = next(iter(self.names(tree, "share")), None)
            elif word == "name":
                hint = "remove it and insert another, or name it in the base"
                self.complain("E111", "change cannot rename a layer", change.keys[word], hint)
        return common

    def unknown_field(self, kind: str, word: str, place: Scalar, known: Iterable[str]) -> None:
        takes = [*known, *COMMON_KEYS]
        hint = (
            _respelt(word)
            or did_you_mean(word, takes)
            or f"{kind} takes " + ", ".join(sorted(takes))
        )
        if word == "activation":
            hint = "an activation is a layer of its own: `- relu` on the next line"
        self.complain("E111", f"{kind} has no field '{word}'", place, hint)

    def named(self, tree: Tree) -> Scalar | None:
        """Read a layer's name."""
        if not isinstance(tree, Scalar) or not tree.text:
            self.complain("E110", f"a name is a word, not {describe(tree)}", tree)
            return None
        self.well_named(tree.text, tree)
        return tree if tree.text != "input" else None

    def well_named(self, name: str, place: Scalar) -> None:
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

    def join(self, key: Scalar, kind: str, value: Tree) -> Use | None:
        """Read a join or a `side`: branches as a map or a list, or operands from names."""
        if isinstance(value, Scalar):
            self.complain(
                "E110",
                f"{kind} takes branches, not {describe(value)}",
                value,
                f"{kind}: [[conv3-64], []], or {kind}: {{from: [a, b]}}",
            )
            return self.unsound(key)
        if isinstance(value, List):
            listed = self.unnamed(value, kind)
            if kind == "side" and listed == ():
                self.complain("E113", "side needs branches", key, "side: {aux1: [...]}")
            return Use(
                key, kind, _NO_FIELDS, _NO_KEYS, branches=listed or (), sound=listed is not None
            )
        name = sources = None
        note = ""
        branches: list[Branch] = []
        sound = True
        for word, tree in value.items.items():
            if word == "name":
                name = self.named(tree)
            elif word == "note":
                note = self.text(tree, "note")
            elif word == "from":
                sources = self.names(tree, "from")
                sound = sound and bool(sources)
            elif word == "share":
                self.complain("E111", f"{kind} has no weights to share", value.keys[word])
                sound = False
            elif word == "branches" and isinstance(tree, YamlMap):
                branches += [self.branch(tree.keys[key_], tree.items[key_]) for key_ in tree.items]
            elif word == "branches":
                listed = self.unnamed(tree, kind)
                branches += listed or ()
                sound = sound and listed is not None
            elif isinstance(tree, Scalar) and self.meaning(tree.text) is None:
                known = [*(key_ for key_ in COMMON_KEYS if key_ != "share"), "branches"]
                hint = did_you_mean(word, known) or (
                    f"{kind} takes {', '.join(known[:-1])}, and branches, which are lists of layers"
                )
                if not word.startswith("x-"):
                    self.complain("E111", f"{kind} has no field '{word}'", value.keys[word], hint)
                    sound = False
            elif not word.startswith("x-"):
                branches.append(self.branch(value.keys[word], tree))
        if kind == "side" and not branches and sound:
            self.complain("E113", "side needs branches", key, "side: {aux1: [...]}")
        return Use(
            key,
            kind,
            _NO_FIELDS,
            value.keys,
            name=name,
            sources=sources,
            note=note,
            branches=tuple(branches),
            sound=sound,
        )

    def branch(self, key: Scalar, tree: Tree) -> Branch:
        """Read a named branch."""
        self.well_named(key.text, key)
        uses = self.uses(tree, f"branch {key.text}")
        return Branch(key if key.text != "input" else None, uses)

    def unnamed(self, tree: Tree, kind: str) -> tuple[Branch, ...] | None:
        """Read a list of lists; nothing when it is none."""
        if not isinstance(tree, List) or not all(isinstance(branch, List) for branch in tree.items):
            hint = f"{kind}: [[conv3-64, relu], []]; [] is the identity"
            self.complain(
                "E110", f"the branches of {kind} are a list of lists, or a map of lists", tree, hint
            )
            return None
        return tuple(Branch(None, self.uses(branch, "a branch")) for branch in tree.items)


#: Ways of writing that are nearly right, and what is meant.
_NEARLY = (
    (r".* - .*", "the next entry is indented deeper; line the '- ' up under each other"),
    (r"(\w+) ?:(\S.*)", r"a space belongs after the colon: `\1: \2`"),
    (r"(\w+) (\d\S*)", r"a colon is missing: `\1: \2`"),
    (r"(?i)conv(\d+)x\1-(\d+)", r"write `conv\1-\2`"),
    (r"(?i)(fc|dense|linear)(\d+)", r"write `fc-\2`, or `dense: \2`"),
)


def _respelt(text: str) -> str:
    """Say how a word is to be written that is nearly right, or nothing."""
    for pattern, advice in _NEARLY:
        if match := re.fullmatch(pattern, text, re.ASCII):
            return match.expand(advice)
    return ""
