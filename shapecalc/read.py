"""Trees to a `NetSpec`: the grammar of the spec language, all complaints in one run."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NoReturn

from shapecalc.errors import Problem, SpecErrors, did_you_mean
from shapecalc.layers import ALIASES, BUILTIN, JOINS, STRUCTURE, layer_class
from shapecalc.pause import collector_paused
from shapecalc.scope import RESERVED
from shapecalc.source import Origin
from shapecalc.spec import (
    LANGUAGE_VERSION,
    Block,
    Branch,
    Edit,
    Expectation,
    InputSpec,
    NetSpec,
    Use,
)
from shapecalc.yamltree import List, Map, Scalar, Tree, compose, describe, origin

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from shapecalc.source import Source

#: The keys of a spec, with the sentence that help and schema give them.
TOP_KEYS: Mapping[str, str] = {
    "shapecalc": "version of the language (1)",
    "name": "name of the network",
    "source": "where the network was published",
    "note": "one line about it",
    "extends": "a spec to start from, beside this file or among the shipped ones",
    "input": "the input's shape, channels last: 227x227x3",
    "inputs": "several inputs: a map from name to shape",
    "outputs": "the layers whose results count as outputs; by default every end",
    "let": "named constants",
    "defaults": "fields per type, for this file",
    "blocks": "layer types defined here",
    "layers": "the layers, in order",
    "change": "fields to set on layers of the base",
    "remove": "layers of the base to leave out",
    "before": "layers to insert before one of the base",
    "after": "layers to insert after one of the base",
    "expect": "the totals that must come out; --check compares",
}

#: Keys that every layer may carry beside its own fields.
COMMON_KEYS: Mapping[str, str] = {
    "name": "the layer's name, unique in its scope",
    "from": "what flows in instead of the layer before: a name, `input`, or a list for a join",
    "share": "use the weights of that layer",
    "note": "a remark, carried to every format",
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

EXPECTABLE = ("params", "weights", "biases", "buffers", "macs", "flops", "connections",
              "activations", "units")

_PAPER = re.compile(r"(?:conv(\d{1,9})-(\d{1,9})|fc-(\d{1,9}))", re.IGNORECASE)
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.+-]*")
_IDENTIFIER = re.compile(r"[A-Za-z_]\w*", re.ASCII)
_LITERAL = re.compile(r"\d+(?:x\d+)*|same|valid|true|false|floor|ceil", re.ASCII)
_EXTENTS = re.compile(r"(?:\d+|[A-Za-wyz_]\w*?)(?:x(?:\d+|[A-Za-wyz_]\w*?))*", re.ASCII)
_NO_FIELDS: dict[str, Tree] = {}
_NO_KEYS: dict[str, Scalar] = {}
_COMMON = frozenset(COMMON_KEYS)


@collector_paused
def read_spec(source: Source, find: Callable[[str, Source], Source]) -> NetSpec:
    """Read a spec; `find` finds the text of what it extends.

    What is wrong with it stands in its `problems`.  Raises `SpecErrors` when there is nothing to
    go on with: text that is not YAML, a file to extend that cannot be found.
    """
    return _read(source, find, ())


def _read(source: Source, find: Callable[[str, Source], Source], above: tuple[str, ...]) -> NetSpec:
    reader = _Reader(source)
    root = compose(source)
    if not isinstance(root, Map):
        hint = "begin with `input: 227x227x3` and `layers:`"
        reader.stop("E110", f"a spec is a map of keys, not {describe(root)}", root, hint)
    reader.check_keys(root, TOP_KEYS, "a spec")
    base = None
    extends = root.items.get("extends")
    if extends is not None:
        name = reader.text(extends, "extends")
        base_source = find(name, source)
        chain = (*above, source.name)
        if base_source.name in chain:
            circle = " -> ".join([*chain[chain.index(base_source.name):], base_source.name])
            reader.stop("E118", f"specs extend each other in a circle: {circle}", extends)
        base = _read(base_source, find, chain)
    return reader.spec(root, base)


class _Reader:
    """Reads one file; collects problems instead of stopping at the first."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.problems: list[Problem] = []
        self.blocks: dict[str, Block | None] = {}
        self.allowed: dict[str, frozenset[str]] = {}

    # -- complaints ---------------------------------------------------------------------------

    def complain(self, code: str, message: str, at: Tree | None, hint: str = "") -> None:
        """Note a problem and go on."""
        place = origin(at) if at is not None else Origin(self.source)
        self.problems.append(Problem(code, message, place, hint=hint))

    def stop(self, code: str, message: str, at: Tree, hint: str = "") -> NoReturn:
        """Give up: nothing sensible can be read beyond this problem."""
        self.complain(code, message, at, hint)
        raise SpecErrors(self.problems)

    def check_keys(self, tree: Map, known: Iterable[str], owner: str) -> None:
        """Complain about keys that are neither known nor begin with `x-`."""
        for key, place in tree.keys.items():
            if key not in known and not key.startswith("x-"):
                known = tuple(known)
                hint = did_you_mean(key, known) or "it takes " + ", ".join(known)
                self.complain("E111", f"{owner} has no key '{key}'", place, hint)

    def text(self, tree: Tree, what: str) -> str:
        """Read a text."""
        if isinstance(tree, Scalar) and tree.text:
            return tree.text
        self.complain("E110", f"{what} takes a text, not {describe(tree)}", tree)
        return ""

    def mapping(self, root: Map, key: str, holds: str) -> Map | None:
        """Return the map under `key`, complaining about anything else there."""
        tree = root.items.get(key)
        if tree is None or isinstance(tree, Map):
            return tree
        self.complain("E110", f"{key} takes a map {holds}, not {describe(tree)}", tree)
        return None

    # -- the file -----------------------------------------------------------------------------

    def spec(self, root: Map, base: NetSpec | None) -> NetSpec:
        self.version(root)
        let = {**(base.let if base else {}), **self.let(root)}
        blocks = dict(base.blocks) if base else {}
        self.blocks.update(blocks)
        blocks.update(self.read_blocks(root))
        uses = base.uses if base else ()
        if "layers" in root.items:
            if base:
                hint = "use change, remove, before and after; or write the network out"
                self.complain("E111", "a spec that extends has no layers of its own",
                              root.keys["layers"], hint)
            else:
                uses = self.uses(root.items["layers"], "layers")
        elif base is None:
            hint = "add `layers:` with a list such as [conv: {filters: 6, kernel: 5}, relu]"
            self.complain("E113", "a spec needs layers", None, hint)
        edits = self.edits(root, base)
        inputs = self.inputs(root) or (base.inputs if base else ())
        if not inputs:
            hint = "add `input: 227x227x3` (height x width x channels)"
            self.complain("E113", "a spec needs an input", None, hint)
        defaults = dict(base.defaults) if base else {}
        defaults.update(self.defaults(root, defaults))
        outputs = self.outputs(root)
        expect, expect_source = self.expect(root)
        stem = self.source.name.replace("\\", "/").rsplit("/", 1)[-1].removesuffix(".yaml")
        return NetSpec(
            name=self.text(root.items["name"], "name") if "name" in root.items else stem,
            citation=self.text(root.items["source"], "source") if "source" in root.items else "",
            note=self.text(root.items["note"], "note") if "note" in root.items else "",
            source=self.source,
            extends=(base.source.name, *base.extends) if base else (),
            inputs=inputs,
            let=let,
            blocks=blocks,
            uses=uses,
            outputs=outputs if outputs is not None or base is None else base.outputs,
            defaults=defaults,
            edits=(*(base.edits if base else ()), edits),
            expect=expect,
            expect_source=expect_source,
            problems=(*(base.problems if base else ()), *self.problems),
        )

    def version(self, root: Map) -> None:
        tree = root.items.get("shapecalc")
        if tree is not None and not (
            isinstance(tree, Scalar) and tree.text == str(LANGUAGE_VERSION)
        ):
            self.complain(
                "E119",
                f"this is language version {describe(tree)}; known is {LANGUAGE_VERSION}",
                tree,
                f"write `shapecalc: {LANGUAGE_VERSION}`, or update shapecalc",
            )

    def let(self, root: Map) -> dict[str, Tree]:
        tree = self.mapping(root, "let", "from names to values")
        if tree is None:
            return {}
        for name, place in tree.keys.items():
            self.definable(name, place, "a constant")
        return tree.items

    def definable(self, name: str, place: Scalar, what: str) -> None:
        """Complain when `name` cannot be given to a constant, a field, or a variable."""
        if name in RESERVED:
            hint = "reserved are " + ", ".join(sorted(RESERVED))
            self.complain("E117", f"'{name}' is a word of the language, not {what}", place, hint)
        elif not _IDENTIFIER.fullmatch(name):
            hint = "use letters, digits and _, beginning with a letter"
            self.complain("E117", f"'{name}' cannot name {what}", place, hint)

    def inputs(self, root: Map) -> tuple[InputSpec, ...]:
        if "input" in root.items and "inputs" in root.items:
            self.complain("E111", "a spec has either input or inputs", root.keys["inputs"])
        if "input" in root.items:
            tree = root.items["input"]
            return (InputSpec("input", self.extents(tree), tree),)
        several = self.mapping(root, "inputs", "from names to shapes")
        if several is None:
            return ()
        for name, place in several.keys.items():
            self.well_named(name, place)
        return tuple(
            InputSpec(name, self.extents(tree), tree) for name, tree in several.items.items()
        )

    def extents(self, tree: Tree) -> tuple[Tree, ...]:
        """Split a shape into its extents, channels last."""
        parts: tuple[Tree, ...] = ()
        if isinstance(tree, List):
            parts = tree.items
        elif isinstance(tree, Scalar):
            text = tree.text.replace(" ", "").replace("×", "x")
            if _EXTENTS.fullmatch(text):
                parts = tuple(tree._replace(text=part) for part in text.split("x"))
        if 1 <= len(parts) <= 4 and all(isinstance(part, Scalar) for part in parts):
            return parts
        hint = "one to four extents: 227x227x3, 13x1 (length x channels), or 100 for a vector"
        self.complain("E110", f"an input is a shape like 227x227x3, not {describe(tree)}", tree, hint)
        return ()

    def outputs(self, root: Map) -> tuple[Scalar, ...] | None:
        tree = root.items.get("outputs")
        return None if tree is None else self.names(tree, "outputs")

    def names(self, tree: Tree, what: str) -> tuple[Scalar, ...]:
        """Read one name or a list of names."""
        items = tree.items if isinstance(tree, List) else (tree,)
        good = [item for item in items if isinstance(item, Scalar) and item.text]
        if len(good) != len(items) or not good:
            self.complain("E110", f"{what} takes a name or a list of names, not {describe(tree)}", tree)
        return tuple(good)

    def expect(self, root: Map) -> tuple[tuple[Expectation, ...], str]:
        tree = self.mapping(root, "expect", "like {params: 61706, source: ...}")
        if tree is None:
            return (), ""
        self.check_keys(tree, (*EXPECTABLE, "source"), "expect")
        found = []
        for column, value in tree.items.items():
            if column not in EXPECTABLE:
                continue
            found.append(Expectation(column, value))
        said = tree.items.get("source")
        return tuple(found), self.text(said, "source") if said is not None else ""

    def defaults(self, root: Map, base: dict[str, Map]) -> dict[str, Map]:
        tree = self.mapping(root, "defaults", "from types to fields")
        found: dict[str, Map] = {}
        for word, fields in (tree.items if tree else {}).items():
            assert tree is not None
            kind = self.type_of(tree.keys[word])
            if kind not in BUILTIN:
                if kind:
                    self.complain("E112", f"defaults are for layer types, not '{word}'",
                                  tree.keys[word])
                continue
            if not isinstance(fields, Map):
                message = f"defaults for {word} are a map of fields, not {describe(fields)}"
                self.complain("E110", message, fields)
                continue
            self.check_keys(fields, self.fields_of(kind), kind)
            if kind in base:
                fields = fields._replace(
                    items={**base[kind].items, **fields.items},
                    keys={**base[kind].keys, **fields.keys},
                )
            found[kind] = fields
        return found

    def read_blocks(self, root: Map) -> dict[str, Block]:
        tree = self.mapping(root, "blocks", "from block names to {fields, layers}")
        if tree is None:
            return {}
        for name, place in tree.keys.items():
            if name in BUILTIN or name in ALIASES or name in STRUCTURE or _PAPER.fullmatch(name):
                self.complain("E117", f"'{name}' is a layer type already", place)
            elif not _NAME.fullmatch(name):
                self.complain("E117", f"'{name}' cannot name a block", place,
                              "use letters, digits, _ and -")
            self.blocks[name] = None  # known by name while the bodies are read
        found = {}
        for name, body in tree.items.items():
            if not isinstance(body, Map):
                message = f"block {name} takes a map with layers, not {describe(body)}"
                self.complain("E110", message, body)
                continue
            self.check_keys(body, ("fields", "layers", "note"), f"block {name}")
            if "layers" not in body.items:
                self.complain("E113", f"block {name} has no layers", tree.keys[name])
                continue
            fields = self.block_fields(body.items.get("fields"))
            found[name] = Block(tree.keys[name], fields, self.uses(body.items["layers"], "layers"))
        return found

    def block_fields(self, tree: Tree | None) -> dict[str, Tree | None]:
        if tree is None:
            return {}
        if isinstance(tree, Map):
            for name, place in tree.keys.items():
                self.definable(name, place, "a field")
            return {name: None if isinstance(value, Scalar) and not value.text and value.plain
                    else value for name, value in tree.items.items()}
        if isinstance(tree, List):
            fields: dict[str, Tree | None] = {}
            for item in tree.items:
                if isinstance(item, Map):
                    fields.update(self.block_fields(item))
                elif isinstance(item, Scalar) and item.text:
                    self.definable(item.text, item, "a field")
                    fields[item.text] = None
                else:
                    self.complain("E110", f"a field is a name, not {describe(item)}", item)
            return fields
        message = f"fields takes a list of names or a map with defaults, not {describe(tree)}"
        self.complain("E110", message, tree)
        return {}

    def edits(self, root: Map, base: NetSpec | None) -> dict[str, Edit]:
        edits: dict[str, Edit] = {}
        for key in ("change", "remove", "before", "after"):
            tree = root.items.get(key)
            if tree is None:
                continue
            if base is None:
                message = f"{key} edits the spec that this one extends, and it extends none"
                self.complain("E111", message, root.keys[key], "add `extends:`, or edit `layers`")
            elif key == "remove":
                for name in self.names(tree, "remove"):
                    edits[name.text] = edits.get(name.text, Edit(name))._replace(remove=True)
            elif (changes := self.mapping(root, key, "from layer names")) is not None:
                for name_text, value in changes.items.items():
                    edit = edits.get(name_text, Edit(changes.keys[name_text]))
                    if key != "change":
                        edit = edit._replace(**{key: self.uses(value, key)})
                    elif isinstance(value, Map):
                        edit = edit._replace(change=value)
                    else:
                        message = f"change takes fields to set, not {describe(value)}"
                        self.complain("E110", message, value, f"{name_text}: {{kernel: 7}}")
                    edits[name_text] = edit
        return edits

    # -- statements ---------------------------------------------------------------------------

    def uses(self, tree: Tree, what: str) -> tuple[Use, ...]:
        """Read a list of statements."""
        if isinstance(tree, Scalar) and tree.text:
            return self.uses(List((tree,), tree.source, tree.start, tree.end), what)
        if not isinstance(tree, List):
            hint = "begin each with '- '" if isinstance(tree, Map) else ""
            self.complain("E110", f"{what} takes a list of layers, not {describe(tree)}", tree, hint)
            return ()
        found = []
        for item in tree.items:
            use = self.use(item)
            if use is not None:
                found.append(use)
        return tuple(found)

    def use(self, tree: Tree) -> Use | None:
        """Read one statement: a word, or a word with its value."""
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
        if isinstance(value, Map):
            return self.with_fields(key, kind, value)
        principal = self.principal(key, kind)
        if principal is None:
            return self.unsound(key)
        literal = None
        if isinstance(value, Scalar) and _LITERAL.fullmatch(value.text):
            literal = (kind, key.text if key.text != kind else "", value.text)
        fields = {**self.paper_fields(key), principal: value}
        return Use(key, kind, fields, {}, literal)

    def unsound(self, word: Scalar, value: Tree | None = None) -> Use:
        """Keep the place, and the name, of a statement that cannot be understood."""
        name = value.items.get("name") if isinstance(value, Map) else None
        return Use(word, "identity", _NO_FIELDS, _NO_KEYS, sound=False,
                   name=name if isinstance(name, Scalar) and name.text else None)

    def crowded(self, tree: Map) -> Use | None:
        """Complain about a map that is not one word with its value."""
        if not tree.items:
            self.complain("E110", "an empty map cannot stand for a layer", tree)
            return None
        first, second = list(tree.keys.values())[:2]
        if "type" in tree.items:
            message, hint = "a layer is written as its type with fields", "- conv: {filters: 64}"
        else:
            message = f"'{second.text}' stands beside '{first.text}', as if it were a second layer"
            hint = (
                f"begin another layer with '- {second.text}'"
                if second.text in BUILTIN or second.text in self.blocks
                else f"indent it below '{first.text}:', or write {first.text}: {{{second.text}: ...}}"
            )
        self.complain("E110", message, second, hint)
        return self.unsound(first)

    def word(self, word: Scalar) -> Use | None:
        """Read a bare word."""
        kind = self.type_of(word)
        if kind is None:
            return self.unsound(word)
        if kind in STRUCTURE:
            hint = f"{kind}: {{{', '.join(STRUCTURE_KEYS[kind])}}}"
            self.complain("E113", f"{kind} needs its layers", word, hint)
            return self.unsound(word)
        if word.text == kind:
            return Use(word, kind, _NO_FIELDS, _NO_KEYS, (kind,))
        return Use(word, kind, self.paper_fields(word), _NO_KEYS, (kind, word.text))

    def type_of(self, word: Scalar) -> str | None:
        """Return the type that a word means: a block, a built-in, or one of the papers' words."""
        text = word.text
        if text in BUILTIN or text in self.blocks:
            return text
        if text in STRUCTURE:
            return text
        lower = text.lower()
        if lower in BUILTIN:
            return lower
        if lower in ALIASES:
            return ALIASES[lower]
        if lower == "soft-max":
            return "softmax"
        if match := _PAPER.fullmatch(text):
            return "dense" if match[3] else "conv"
        known = [*BUILTIN, *ALIASES, *STRUCTURE, *self.blocks]
        hint = did_you_mean(lower, known) or "`shapecalc layers` lists the types"
        shown = describe(word)
        self.complain("E112", f"{shown} is not a layer type", word, hint)
        return None

    def paper_fields(self, word: Scalar) -> dict[str, Tree]:
        """Return the fields that a paper's word stands for: conv3-64, FC-4096."""
        match = _PAPER.fullmatch(word.text)
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
                known = frozenset(each.name for each in layer_class(kind).fields())
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
        found = ""
        if kind in BUILTIN:
            found = layer_class(kind).principal
        elif kind in STRUCTURE:
            self.complain("E110", f"{kind} takes a map", key,
                          f"{kind}: {{{', '.join(STRUCTURE_KEYS[kind])}}}")
            return None
        else:
            block = self.blocks[kind]
            found = next(iter(block.fields), "") if block else "\0first"
        if not found:
            self.complain("E110", f"{kind} takes no value", key, f"write `- {kind}`")
            return None
        return found

    def with_fields(self, key: Scalar, kind: str, value: Map) -> Use:
        """Read a word with a map of fields."""
        fields = self.paper_fields(key) if key.text not in BUILTIN else {}
        name = share = sources = None
        note = ""
        branches: tuple[Branch, ...] = ()
        literal: list[object] | None = [kind]
        if fields:
            literal = [kind, key.text]
        known = self.fields_of(kind)
        before = len(self.problems)
        checked = kind not in self.blocks or self.blocks[kind] is not None
        for word, tree in value.items.items():
            if word in _COMMON:
                if word == "name":
                    name = self.named(tree)
                elif word == "note":
                    note = self.text(tree, "note")
                elif word == "from":
                    sources = self.names(tree, "from")
                else:
                    share = next(iter(self.names(tree, "share")), None)
                continue
            if word == "layers" and kind in STRUCTURE:
                branches = (Branch(None, self.uses(tree, "layers")),)
                continue
            if checked and word not in known:
                if not word.startswith("x-"):
                    self.unknown_field(kind, word, value.keys[word], known)
                continue
            if word.startswith("x-"):
                continue
            fields[word] = tree
            if literal is not None:
                if isinstance(tree, Scalar) and _LITERAL.fullmatch(tree.text):
                    literal.append(word)
                    literal.append(tree.text)
                else:
                    literal = None
        if kind in STRUCTURE and not branches:
            self.complain("E113", f"{kind} needs layers", key, f"{kind}: {{layers: [...]}}")
        if kind == "group" and name is None:
            self.complain("E113", "a group needs a name", key, "group: {name: conv2_x, layers: []}")
        if len(self.problems) > before and kind in BUILTIN:
            return Use(key, kind, _NO_FIELDS, _NO_KEYS, None, name, sources, sound=False)
        return Use(key, kind, fields, value.keys, tuple(literal) if literal else None,
                   name, sources, share, note, branches)

    def unknown_field(self, kind: str, word: str, place: Scalar, known: Iterable[str]) -> None:
        takes = [*known, *COMMON_KEYS]
        hint = did_you_mean(word, takes) or f"{kind} takes " + ", ".join(sorted(takes))
        self.complain("E111", f"{kind} has no field '{word}'", place, hint)

    def named(self, tree: Tree) -> Scalar | None:
        """Read a layer's name."""
        if not isinstance(tree, Scalar) or not tree.text:
            self.complain("E110", f"a name is a word, not {describe(tree)}", tree)
            return None
        self.well_named(tree.text, tree)
        return tree

    def well_named(self, name: str, place: Scalar) -> None:
        """Complain about a name that paths could not hold."""
        if not _NAME.fullmatch(name) or name == "input" and place.text != name:
            hint = "use letters, digits, _ . + and -, without spaces or '/'"
            self.complain("E117", f"'{name}' cannot name a layer", place, hint)
        elif name == "input":
            self.complain("E117", "'input' names what flows into the network", place)

    def join(self, key: Scalar, kind: str, value: Tree) -> Use | None:
        """Read a join or a `side`: branches as a map or a list, or operands from names."""
        if isinstance(value, List):
            return Use(key, kind, _NO_FIELDS, _NO_KEYS, None,
                       branches=self.unnamed(value, kind))
        if isinstance(value, Scalar):
            self.complain("E110", f"{kind} takes branches, not {describe(value)}", value,
                          f"{kind}: [[conv3-64], []], or {kind}: {{from: [a, b]}}")
            return self.unsound(key)
        name = sources = None
        note = ""
        branches: list[Branch] = []
        for word, tree in value.items.items():
            if word == "name":
                name = self.named(tree)
            elif word == "note":
                note = self.text(tree, "note")
            elif word == "from":
                sources = self.names(tree, "from")
            elif word == "branches":
                if isinstance(tree, Map):
                    branches += [Branch(tree.keys[each], self.branch(tree.keys[each], inner))
                                 for each, inner in tree.items.items()]
                else:
                    branches += self.unnamed(tree, kind)
            elif not word.startswith("x-"):
                branches.append(Branch(value.keys[word], self.branch(value.keys[word], tree)))
        if kind == "side" and not branches:
            self.complain("E113", "side needs branches", key, "side: {aux1: [...]}")
        return Use(key, kind, _NO_FIELDS, value.keys, None, name, sources, None, note,
                   tuple(branches))

    def branch(self, key: Scalar, tree: Tree) -> tuple[Use, ...]:
        self.well_named(key.text, key)
        return self.uses(tree, f"branch {key.text}")

    def unnamed(self, tree: Tree, kind: str) -> tuple[Branch, ...]:
        """Read a list of lists."""
        if not isinstance(tree, List) or not all(isinstance(each, List) for each in tree.items):
            hint = f"{kind}: [[conv3-64, relu], []]; [] is the identity"
            self.complain("E110", f"the branches of {kind} are a list of lists, or a map of lists",
                          tree, hint)
            return ()
        return tuple(Branch(None, self.uses(each, "a branch")) for each in tree.items)

