"""Trees to a `NetSpec`: the grammar of the spec language, all complaints in one run."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from shapecalc.errors import SpecErrors
from shapecalc.layers import ALIASES, BUILT_IN_BLOCKS, STRUCTURE, is_layer
from shapecalc.layers.shape import SIDE_NAMES
from shapecalc.spec import (
    LANGUAGE_VERSION,
    RESERVED,
    Block,
    Edit,
    Expectation,
    InputSpec,
    NetSpec,
)
from shapecalc.spec.doubts import respelt, without_batch, words_of
from shapecalc.spec.statements import StatementReader
from shapecalc.spec.tree_reader import COMMON_KEYS, NAME, YIELDING
from shapecalc.spec.yaml_compose import compose
from shapecalc.text import List, Scalar, Tree, YamlMap, collector_paused, describe, origin
from shapecalc.text.words import did_you_mean, listed

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from shapecalc.text import Source

#: The keys of a spec, with the sentence that help and schema give them.
TOP_KEYS: Mapping[str, str] = {
    "shapecalc": "version of the language (1)",
    "name": "name of the network",
    "source": "where the network was published",
    "note": "one line about it",
    "extends": "a spec to start from, beside this file or among the shipped ones",
    "input": "the input's shape, channels last: 227x227x3",
    "inputs": "several inputs: a map from name to shape",
    "layout": "how those shapes are written: hwc, channels last (default), or chw, channels first",
    "outputs": "the layers whose results count as outputs; by default every end",
    "let": "named constants",
    "defaults": "fields per type, for this file",
    "trainable": "false: training leaves all parameters as they are, where nothing else is said",
    "blocks": "layer types defined here",
    "layers": "the layers, in order",
    "change": "fields to set on layers of the base",
    "remove": "layers of the base to leave out",
    "before": "layers to insert before one of the base",
    "after": "layers to insert after one of the base",
    "expect": "the totals that must come out; --check compares",
}

#: The totals that `expect` may state.
EXPECTABLE = (
    "params",
    "weights",
    "biases",
    "trainable",
    "frozen",
    "buffers",
    "macs",
    "flops",
    "connections",
    "activations",
    "peak_activations",
)

#: The orders in which the shapes of inputs may be written, and what other tools call them.
LAYOUTS = ("hwc", "chw")
_CHANNELS_FIRST = ("nchw", "channels_first", "cwh", "channelsfirst", "ncw", "ncdhw", "cdhw", "cl")
_CHANNELS_LAST = ("nhwc", "channels_last", "whc", "channelslast", "nwc", "ndhwc", "dhwc", "lc")
#: The extents of an input by their names, channels last.
PLAIN_FORMS = tuple((*names, "channels") for names in SIDE_NAMES.values())

#: A spec may extend a spec that extends a spec, so often.
MAX_CHAIN = 30
#: Problems of a file that could not be read at all: told where it is named.
_MISSING = ("E001", "E002", "E003")
_EDITS = {"change": "{conv1: {kernel: 7}}", "before": "{pool1: [lrn]}", "after": "{pool1: [lrn]}"}
_IDENTIFIER = r"(?a)[A-Za-z_]\w*"


@collector_paused
def read_spec(
    source: Source, find: Callable[[str, Source], Source], tree: YamlMap | None = None
) -> NetSpec:
    """Read a spec, or its `tree` where it was not written; `find` finds what it extends.

    What is wrong with it stands in its `problems`.  Raises `SpecErrors` when there is nothing to
    go on with: text that is not YAML, a file to extend that cannot be found.
    """
    return _read(source, tree or compose(source), find, ())


def _read(
    source: Source,
    root: Tree,
    find: Callable[[str, Source], Source],
    above: tuple[str, ...],
) -> NetSpec:
    reader = SpecReader(source)
    if not isinstance(root, YamlMap):
        hint = "begin with `input: 227x227x3` and `layers:`"
        reader.stop("E110", f"a spec is a map of keys, not {describe(root)}", root, hint)
    reader.check_keys(root, TOP_KEYS, "a spec")
    base = None
    extends = root.items.get("extends")
    if extends is not None:
        name = reader.text(extends, "extends")
        base = _base(reader, extends, name, find, (*above, source.name))
    return reader.read(root, base)


def _remarked(source: Source, base: NetSpec | None) -> Source:
    """Return a source with what had to be said of the base's file, too."""
    if base is None or not base.source.remarks:
        return source
    return source._replace(remarks=(*base.source.remarks, *source.remarks))


def _base(
    reader: SpecReader,
    extends: Tree,
    name: str,
    find: Callable[[str, Source], Source],
    chain: tuple[str, ...],
) -> NetSpec:
    """Read the spec that another one extends.  Raises `SpecErrors` when it cannot be read."""
    if not name:  # complained about
        raise SpecErrors(reader.problems.in_order())
    if name == "-":
        reader.stop("E110", "a spec cannot extend standard input", extends, "name a file")
    if len(chain) > MAX_CHAIN:
        message = f"more than {MAX_CHAIN} specs extend each other"
        reader.stop("E118", message, extends, "do they go in a circle?")
    circle = ""
    try:
        source = find(name, reader.source)
        if source.name not in chain:
            return _read(source, compose(source), find, chain)
        circle = " -> ".join([*chain[chain.index(source.name) :], source.name])
    except SpecErrors as error:
        for problem in error.problems:
            missing = problem.code in _MISSING
            reader.problems.add(problem._replace(origin=origin(extends)) if missing else problem)
        raise SpecErrors(reader.problems.in_order()) from None
    return reader.stop("E118", f"specs extend each other in a circle: {circle}", extends)


class SpecReader(StatementReader):
    """Reads one file; collects problems instead of stopping at the first."""

    def read(self, root: YamlMap, base: NetSpec | None) -> NetSpec:
        self.check_version(root)
        let = {**(base.let if base else {}), **self.read_let(root)}
        blocks = dict(base.blocks) if base else {}
        self.blocks.update(blocks)
        blocks.update(self.read_blocks(root))
        uses = base.uses if base else ()
        if "layers" in root.items:
            if base:
                hint = "use change, remove, before and after; or write the network out"
                self.complain(
                    "E111",
                    "a spec that extends has no layers of its own",
                    root.keys["layers"],
                    hint,
                )
            else:
                uses = self.read_statements(root.items["layers"], "layers")
        elif base is None and "did you mean 'layers'?" not in self.meant:
            hint = "add `layers:` with a list such as [conv: {filters: 6, kernel: 5}, relu]"
            self.complain("E113", "a spec needs layers", None, hint)
        edits = self.read_edits(root, base)
        inputs = self.read_inputs(root) or (base.inputs if base else ())
        given = root.items.keys() & {"input", "inputs"}
        if not inputs and not given and "did you mean 'input'?" not in self.meant:
            hint = "add `input: 227x227x3` (height x width x channels)"
            self.complain("E113", "a spec needs an input", None, hint)
        defaults = dict(base.defaults) if base else {}
        defaults.update(self.read_defaults(root, defaults))
        outputs = self.read_outputs(root)
        expect, expect_source = self.read_expect(root)
        stem = self.source.name.replace("\\", "/").rsplit("/", 1)[-1].removesuffix(".yaml")
        return NetSpec(
            name=self.text(root.items["name"], "name") if "name" in root.items else stem,
            citation=self.text(root.items["source"], "source") if "source" in root.items else "",
            note=self.text(root.items["note"], "note") if "note" in root.items else "",
            source=_remarked(self.source, base),
            extends=(base.source, *base.extends) if base else (),
            inputs=inputs,
            let=let,
            blocks=blocks,
            uses=uses,
            outputs=outputs if outputs is not None or base is None else base.outputs,
            defaults=defaults,
            trainable=root.items.get("trainable", base.trainable if base else None),
            edits=(*(base.edits if base else ()), edits),
            expect=expect,
            expect_source=expect_source,
            problems=(*(base.problems if base else ()), *self.problems),
        )

    def check_version(self, root: YamlMap) -> None:
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

    def read_let(self, root: YamlMap) -> dict[str, Tree]:
        tree = self.mapping(root, "let", "from names to values", "{k: 192}")
        if tree is None:
            return {}
        for name, place in tree.keys.items():
            self.check_definable(name, place, "a constant")
        return tree.items

    def check_definable(self, name: str, place: Scalar, what: str) -> None:
        """Complain when `name` cannot be given to a constant, a field, or a variable."""
        if name in RESERVED:
            hint = "reserved are " + ", ".join(sorted(RESERVED))
            self.complain("E117", f"'{name}' is a word of the language, not {what}", place, hint)
        elif not re.fullmatch(_IDENTIFIER, name):
            hint = "use letters, digits and _, beginning with a letter"
            self.complain("E117", f"'{name}' cannot name {what}", place, hint)

    def read_inputs(self, root: YamlMap) -> tuple[InputSpec, ...]:
        if "input" in root.items and "inputs" in root.items:
            message = "a spec has either input or inputs"
            self.complain("E111", message, root.keys["inputs"], "keep one of the two")
        layout = self.read_layout(root)
        if "input" in root.items:
            return (self.read_input("input", root.items["input"], layout),)
        several = self.mapping(root, "inputs", "from names to shapes", "{left: 105x105x1}")
        if several is None:
            return ()
        if not several.items:
            self.complain("E113", "inputs names no input", several, "inputs: {left: 105x105x1}")
        for name, place in several.keys.items():
            self.check_name(name, place)
        return tuple(self.read_input(name, tree, layout) for name, tree in several.items.items())

    def read_layout(self, root: YamlMap) -> str:
        """Return how the shapes of inputs are written, or nothing where no one says."""
        tree = root.items.get("layout")
        if tree is None:
            return ""
        if not root.keys.keys() & {"input", "inputs"}:
            message = "layout says how the shapes of inputs are written, and here are none"
            self.complain("E111", message, root.keys["layout"], "write it beside the input")
        word = tree.text.lower() if isinstance(tree, Scalar) else ""
        if word in LAYOUTS:
            return word
        near = "chw" if word in _CHANNELS_FIRST else "hwc" if word in _CHANNELS_LAST else ""
        hint = f"did you mean '{near}'?" if near else "the batch is no part of a shape"
        self.complain("E110", f"layout is hwc or chw, not {describe(tree)}", tree, hint)
        return ""

    def read_input(self, name: str, tree: Tree, layout: str) -> InputSpec:
        """Read an input's extents, and put them channels last."""
        if isinstance(tree, YamlMap):
            return InputSpec(name, self.read_sides(name, tree), tree, plain=True)
        extents = self.read_extents(tree)
        if layout == "chw":
            extents = (*extents[1:], *extents[:1])
        return InputSpec(name, extents, tree, plain=bool(layout))

    def read_sides(self, name: str, tree: YamlMap) -> tuple[Tree, ...]:
        """Read extents by their names: {height: 28, width: 28, channels: 1}."""
        known = tuple(dict.fromkeys(word for form in PLAIN_FORMS for word in form))
        given = {word: value for word, value in tree.items.items() if not word.startswith("x-")}
        strange = [word for word in given if word not in known]
        for word in strange:
            near = did_you_mean(word, known)
            hint = (
                "leave it out: the batch is no part of a shape"
                if word.lower() in ("n", "batch", "batch_size")
                else near or f"it takes {', '.join(known)}"
            )
            self.complain("E111", f"{name} has no extent '{word}'", tree.keys[word], hint)
        form = next((form for form in PLAIN_FORMS if set(form) == set(given)), None)
        if form is not None:
            return tuple(given[word] for word in form)
        if not strange:
            near_form = next((form for form in PLAIN_FORMS if set(given) <= set(form)), None)
            lacks = [word for word in near_form or () if word not in given]
            message = f"{name} needs {listed(lacks)} beside {listed(list(given)) or 'nothing'}"
            if near_form is None:
                message = f"{name} cannot have {listed(list(given))}"
            forms = " or ".join(f"{{{', '.join(f'{w}: ...' for w in f)}}}" for f in PLAIN_FORMS)
            self.complain("E113", message, tree, f"write {forms}; a vector is one number")
        return ()

    def read_extents(self, tree: Tree) -> tuple[Tree, ...]:
        """Split a shape into its extents, as they are written."""
        parts: tuple[Tree, ...] = ()
        words: list[str] = []
        if isinstance(tree, List):
            parts = tree.items
            words = [part.text if isinstance(part, Scalar) else "[]" for part in parts]
        elif isinstance(tree, Scalar):
            words = words_of(tree.text)
            pieces = [word.strip() for word in re.split("[xX×]", tree.text)]
            if all(word.isdigit() or re.fullmatch(_IDENTIFIER, word) for word in pieces):
                parts = tuple(tree._replace(text=word) for word in pieces)
        refused = without_batch(words) if words not in ([""], ["-1"]) else None
        if refused is not None:
            self.complain("E110", refused[0], tree, refused[1])
            return ()
        if 1 <= len(parts) <= 4 and all(isinstance(part, Scalar) for part in parts):
            return parts
        hint = "one to four extents: 227x227x3, 13x1 (length x channels), or 100 for a vector"
        if isinstance(tree, Scalar) and respelt(tree.text):
            hint = f"did you mean {respelt(tree.text)}?"
        self.complain(
            "E110", f"an input is a shape like 227x227x3, not {describe(tree)}", tree, hint
        )
        return ()

    def read_outputs(self, root: YamlMap) -> tuple[Scalar, ...] | None:
        tree = root.items.get("outputs")
        return None if tree is None else self.names(tree, "outputs")

    def read_expect(self, root: YamlMap) -> tuple[tuple[Expectation, ...], str]:
        tree = self.mapping(
            root, "expect", "from totals to numbers", "{params: 61706, source: ...}"
        )
        if tree is None:
            return (), ""
        self.check_keys(tree, (*EXPECTABLE, "source"), "expect")
        totals = []
        for column, value in tree.items.items():
            if column not in EXPECTABLE:
                continue
            totals.append(Expectation(column, value))
        source = tree.items.get("source")
        return tuple(totals), self.text(source, "source") if source is not None else ""

    def read_defaults(self, root: YamlMap, base: dict[str, YamlMap]) -> dict[str, YamlMap]:
        tree = self.mapping(root, "defaults", "from types to fields", "{conv: {bias: false}}")
        fields_by_type: dict[str, YamlMap] = {}
        for word, fields in (tree.items if tree else {}).items():
            assert tree is not None
            kind = self.type_of(tree.keys[word])
            paper = self.paper_word(word)
            built_in = kind is not None and (
                is_layer(kind, self.blocks) or (kind in BUILT_IN_BLOCKS and kind not in self.blocks)
            )
            if kind is None or not built_in or (paper and paper.says):
                if kind:
                    self.complain(
                        "E112", f"defaults are for layer types, not '{word}'", tree.keys[word]
                    )
                continue
            if word.lower() in ("pool", "pooling"):
                message = f"'{word}' may mean both pools: defaults are for one type"
                self.complain("E112", message, tree.keys[word], "maxpool: {...}, avgpool: {...}")
                continue
            if not isinstance(fields, YamlMap):
                message = f"defaults for {word} are a map of fields, not {describe(fields)}"
                self.complain("E110", message, fields)
                continue
            self.check_keys(fields, (*self.fields_of(kind), "trainable"), kind)
            earlier = fields_by_type.get(kind) or base.get(kind)
            if earlier is None:
                fields_by_type[kind] = fields
            else:  # of the base, or under another word for the type
                fields_by_type[kind] = fields._replace(
                    items={**earlier.items, **fields.items},
                    keys={**earlier.keys, **fields.keys},
                )
        return fields_by_type

    def read_blocks(self, root: YamlMap) -> dict[str, Block]:
        tree = self.mapping(
            root, "blocks", "from names to blocks", "{unit: {fields: [filters], layers: [...]}}"
        )
        if tree is None:
            return {}
        for name, place in tree.keys.items():
            if is_layer(name, tree.keys) or name in ALIASES or name in STRUCTURE:
                hint = "give the block another name"
                self.complain("E117", f"'{name}' is a layer type already", place, hint)
            elif not NAME.fullmatch(name):
                self.complain(
                    "E117", f"'{name}' cannot name a block", place, "use letters, digits, _ and -"
                )
            self.blocks[name] = None  # known by name while the bodies are read
            self.own_words[name] = _own_words(tree.items[name])
        blocks = {}
        for name, body in tree.items.items():
            if not isinstance(body, YamlMap):
                message = f"block {name} takes a map with layers, not {describe(body)}"
                self.complain("E110", message, body, f"{name}: {{layers: [...]}}")
                continue
            self.check_keys(body, ("fields", "let", "layers", "note"), f"block {name}")
            if "layers" not in body.items:
                self.complain("E113", f"block {name} has no layers", tree.keys[name])
                continue
            fields = self.read_block_fields(body.items.get("fields"))
            let = self.read_let(body)
            for constant in let.keys() & fields.keys():
                message = f"'{constant}' is a field of block {name}, and a constant in it"
                self.complain("E117", message, let[constant], "give one of them another name")
            self.values = frozenset([*fields, *let])
            uses = self.read_statements(body.items["layers"], "layers")
            self.values = frozenset()
            blocks[name] = Block(tree.keys[name], fields, uses, let)
        self.blocks.update(blocks)
        return blocks

    def read_block_fields(self, tree: Tree | None) -> dict[str, Tree | None]:
        if tree is None:
            return {}
        if isinstance(tree, YamlMap):
            for name, place in tree.keys.items():
                self.check_field_name(name, place)
            return {
                name: None
                if isinstance(value, Scalar) and not value.text and value.plain
                else value
                for name, value in tree.items.items()
            }
        if isinstance(tree, List):
            fields: dict[str, Tree | None] = {}
            for item in tree.items:
                added: dict[str, Tree | None] = {}
                if isinstance(item, YamlMap):
                    added = self.read_block_fields(item)
                elif isinstance(item, Scalar) and item.text:
                    self.check_field_name(item.text, item)
                    added = {item.text: None}
                else:
                    self.complain("E110", f"a field is a name, not {describe(item)}", item)
                for name in fields.keys() & added.keys():
                    message = f"the field '{name}' stands twice"
                    self.complain("E102", message, item, "keep one of the two")
                fields.update(added)
            return fields
        message = f"fields takes a list of names or a map with defaults, not {describe(tree)}"
        self.complain("E110", message, tree, "fields: [filters], or fields: {filters: 64}")
        return {}

    def check_field_name(self, name: str, place: Scalar) -> None:
        """Complain when `name` cannot be a field of a block."""
        if name in COMMON_KEYS and name not in YIELDING:
            words = (word for word in COMMON_KEYS if word not in YIELDING)
            hint = f"every layer takes {', '.join(words)} already"
            self.complain("E117", f"'{name}' cannot name a field", place, hint)
        else:
            self.check_definable(name, place, "a field")

    def read_edits(self, root: YamlMap, base: NetSpec | None) -> dict[str, Edit]:
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
            elif (
                changes := self.mapping(root, key, "from layers of the base", _EDITS[key])
            ) is not None:
                for name_text, value in changes.items.items():
                    edit = edits.get(name_text, Edit(changes.keys[name_text]))
                    if key == "before":
                        edit = edit._replace(before=self.read_statements(value, key))
                    elif key == "after":
                        edit = edit._replace(after=self.read_statements(value, key))
                    elif isinstance(value, YamlMap):
                        edit = edit._replace(change=value, common=self.read_changed_keys(value))
                    else:
                        message = f"change takes fields to set, not {describe(value)}"
                        self.complain("E110", message, value, f"{name_text}: {{kernel: 7}}")
                    edits[name_text] = edit
        return edits


def _own_words(body: Tree) -> frozenset[str]:
    """Return the words of every layer that a block has fields of, before it is read."""
    fields = body.items.get("fields") if isinstance(body, YamlMap) else None
    parts = fields.items if isinstance(fields, List) else (fields,)
    names = {
        name
        for part in parts
        for name in ((part.text,) if isinstance(part, Scalar) else getattr(part, "items", ()))
        if isinstance(name, str)
    }
    return YIELDING & names
