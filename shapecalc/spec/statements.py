"""The statements of a `layers` list: layers, blocks, joins and structure, as written."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from shapecalc.layers import BUILTIN, JOINS, STRUCTURE, is_layer, layer_class
from shapecalc.spec import FIRST_FIELD, Branch, Use
from shapecalc.spec.tree_reader import COMMON_KEYS, STRUCTURE_FORMS, WordReader, fields_meant
from shapecalc.text import List, Scalar, YamlMap, describe
from shapecalc.text.words import counted, did_you_mean

if TYPE_CHECKING:
    from shapecalc.text import Tree

_LITERAL = re.compile(r"\d+(?:x\d+)*|same|valid|true|false|floor|ceil", re.ASCII)
_CONSTANT = r"(?a)[-+]?\.?\d"
_NO_FIELDS: dict[str, Tree] = {}
_NO_KEYS: dict[str, Scalar] = {}
_COMMON = frozenset(COMMON_KEYS)
#: Those that a join has no use for.
_NOT_OF_JOINS = ("share", "inherit")
#: What a bare value of a word that builds structure would set.
_PRINCIPAL_OF_STRUCTURE = {"repeat": "times", "group": "layers", "side": "branches"}
#: The keys of a branch with a condition.
_BRANCH_KEYS = frozenset(["if", "layers"])


def _are_literal(fields: dict[str, Tree]) -> bool:
    """Tell whether fields are plain words and numbers, which mean the same everywhere."""
    return all(
        isinstance(tree, Scalar) and _LITERAL.fullmatch(tree.text) for tree in fields.values()
    )


class _Parts:
    """What is read so far of a statement with a map of fields."""

    __slots__ = (
        "branches",
        "condition",
        "fields",
        "implied",
        "inherit",
        "kind",
        "literal",
        "name",
        "note",
        "share",
        "sound",
        "sources",
        "trainable",
    )

    def __init__(
        self, kind: str, key: Scalar, fields: dict[str, Tree], implied: dict[str, Tree]
    ) -> None:
        self.kind = kind
        self.fields = fields
        self.implied = implied
        self.literal: list[object] | None = [kind, key.text] if fields else [kind]
        if not _are_literal(fields):
            self.literal = None
        self.name: Scalar | None = None
        self.sources: tuple[Scalar, ...] | None = None
        self.share: Scalar | None = None
        self.trainable: Tree | None = None
        self.condition: Tree | None = None
        self.inherit: Tree | None = None
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
            literal=tuple(self.literal) if self.literal is not None else None,
            name=self.name,
            sources=self.sources,
            share=self.share,
            trainable=self.trainable,
            note=self.note,
            branches=self.branches,
            condition=self.condition,
            inherit=self.inherit,
            implied=self.implied,
        )


class StatementReader(WordReader):
    """Reads the statements of one file."""

    def read_statements(self, tree: Tree, what: str) -> tuple[Use, ...]:
        """Read a list of statements."""
        if isinstance(tree, Scalar) and tree.text:
            return self.read_statements(List((tree,), tree.source, tree.start, tree.length), what)
        if not isinstance(tree, List):
            hint = "write them below, each on a line that begins with '- '"
            self.complain(
                "E110", f"{what} takes a list of layers, not {describe(tree)}", tree, hint
            )
            return ()
        uses = []
        for item in tree.items:
            use = self.read_statement(item)
            if use is not None:
                uses.append(use)
        return tuple(uses)

    def read_statement(self, tree: Tree) -> Use | None:
        """Read one statement: a word, or a word with its value."""
        if isinstance(tree, Scalar) and not tree.text:
            hint = "write a layer after '- ', or remove it"
            self.complain("E110", "an entry of the list is empty", tree, hint)
            return None
        if isinstance(tree, Scalar):
            return self.read_word(tree)
        if isinstance(tree, List):
            hint = "branches stand in concat, add, multiply or side"
            self.complain("E110", "a list cannot stand for a layer", tree, hint)
            return None
        if len(tree.items) != 1:
            return self.refuse_map(tree)
        ((word, value),) = tree.items.items()
        key = tree.keys[word]
        kind = self.type_of(key)
        if kind is None:
            return self.unsound(key, value)
        if isinstance(value, Scalar) and not value.text and value.plain:
            return self.read_word(key)
        if kind == "side" or (kind in JOINS and is_layer(kind, self.blocks)):
            return self.read_join(key, kind, value)
        if isinstance(value, YamlMap):
            return self.read_with_fields(key, kind, value)
        principal = self.field_of_value(key, kind)
        if principal is None:
            return self.unsound(key)
        word_ = self.paper_word(key.text)
        if word_ is not None and word_.says:
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

    def refuse_map(self, tree: YamlMap) -> Use | None:
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
            hint = self.aside(tree) or (
                f"begin another layer with '- {second.text}'"
                if second.text in BUILTIN or second.text in self.blocks
                else f"indent it below '{first.text}:', or write"
                f" {first.text}: {{{second.text}: ...}}"
            )
        self.complain("E110", message, second, hint)
        return self.unsound(first)

    def aside(self, tree: YamlMap) -> str:
        """Advise on `{from: d4, crop: 4}`: what belongs to a layer stands beside it, not in it."""
        layers = [word for word in tree.items if self.is_beside(word, tree)]
        if not layers and all(word in _COMMON for word in tree.items):
            common = ", ".join(f"{key}: {_brief(item)}" for key, item in tree.items.items())
            return f"say which layer has these: conv: {{{common}, ...}}"
        if len(layers) != 1:
            return ""
        (word,) = layers
        value = tree.items[word]
        if word == next(iter(tree.items)) and isinstance(value, Scalar) and not value.text:
            return ""  # what stands below it is not indented
        fields: list[str] = []
        for key, item in tree.items.items():
            fields += self.own_fields(word, value) if key == word else [f"{key}: {_brief(item)}"]
        return f"write {word}: {{{', '.join(fields)}}}"

    def is_beside(self, word: str, tree: YamlMap) -> bool:
        """Tell whether a key is a layer, and all others are what may stand in it."""
        kind = None if word in _COMMON else self.type_meant(word)
        if kind is None:
            return False
        known = self.fields_of(kind) | _COMMON
        return all(key in known for key in tree.items if key != word)

    def own_fields(self, word: str, value: Tree) -> list[str]:
        """Write what a layer says by itself as fields of a map."""
        if isinstance(value, YamlMap):
            return [f"{key}: {_brief(item)}" for key, item in value.items.items()]
        if isinstance(value, Scalar) and value.plain and value.text in ("", "null", "~"):
            return []
        kind = self.type_meant(word)
        assert kind is not None
        if kind in STRUCTURE:
            field = _PRINCIPAL_OF_STRUCTURE[kind]
        elif kind in JOINS and isinstance(value, List):
            field = "branches"
        else:
            field = self.principal_of(kind)
        return [f"{field}: {_brief(value)}" if field not in ("", FIRST_FIELD) else "..."]

    def read_word(self, word: Scalar) -> Use | None:
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
        says, implied = self.paper_fields(word)
        literal = (kind, word.text) if _are_literal(says) else None
        return Use(word, kind, says, _NO_KEYS, literal, implied=implied)

    def paper_fields(self, word: Scalar) -> tuple[dict[str, Tree], dict[str, Tree]]:
        """Return the fields that a paper's word says, and those that it leaves unsaid."""
        meant = self.paper_word(word.text)
        return fields_meant(word, meant) if meant is not None else ({}, {})

    def read_with_fields(self, key: Scalar, kind: str, value: YamlMap) -> Use:
        """Read a word with a map of fields."""
        before = len(self.problems)
        parts = _Parts(kind, key, *self.paper_fields(key))
        known = self.fields_of(kind)
        checked = kind not in self.blocks or self.blocks[kind] is not None
        for word, tree in value.items.items():
            if word == "inherit" and kind in STRUCTURE:
                hint = "write `inherit: true` on the layers and blocks in it"
                self.complain("E111", f"{kind} has no fields to inherit", value.keys[word], hint)
            elif word in _COMMON and self.is_common(word, kind):
                self.read_common_key(parts, word, tree)
            elif word == "layers" and kind in STRUCTURE:
                parts.branches = (Branch(None, self.read_statements(tree, "layers")),)
            elif word.startswith("x-"):
                continue
            elif checked and word not in known:
                self.refuse_field(kind, word, value, known)
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
        if len(self.problems) > before and is_layer(kind, self.blocks):
            return Use(
                key, kind, _NO_FIELDS, _NO_KEYS, None, parts.name, parts.sources, sound=False
            )
        # Where the keys stand only those who refuse them ask for; of literal layers none can be.
        settled = parts.literal is not None and is_layer(kind, self.blocks)
        return parts.use(key, _NO_KEYS if settled else value.keys)

    def read_common_key(self, parts: _Parts, word: str, tree: Tree) -> None:
        """Read a key that every statement may have."""
        if word == "name":
            parts.name = self.read_name(tree)
        elif word == "note":
            parts.note = self.text(tree, "note")
        elif word == "from":
            parts.sources = self.names(tree, "from")
        elif word == "trainable":
            parts.trainable = tree
        elif word == "if":
            parts.condition = self.read_condition(tree)
        elif word == "inherit":
            parts.inherit = self.read_inherit(tree)
        else:
            parts.share = next(iter(self.names(tree, "share")), None)

    def read_constant(self, key: Scalar, kind: str, value: Scalar) -> Use | None:
        """Read a join with a number instead of branches."""
        if kind != "side" and self.fields_of(kind) and re.match(_CONSTANT, value.text):
            return Use(key, kind, {layer_class(kind).principal: value}, _NO_KEYS)
        hint = f"{kind}: [[conv3-64], []], or {kind}: {{from: [a, b]}}"
        if kind != "side" and self.fields_of(kind):
            hint += f"; a constant that is computed: {kind}: {{right: k - 2}}"
        self.complain("E110", f"{kind} takes branches, not {describe(value)}", value, hint)
        return self.unsound(key)

    def read_join(self, key: Scalar, kind: str, value: Tree) -> Use | None:
        """Read a join or a `side`: branches as a map or a list, or operands from names."""
        fields: dict[str, Tree] = {}
        known = () if kind == "side" else self.fields_of(kind)
        if isinstance(value, Scalar):
            return self.read_constant(key, kind, value)
        if isinstance(value, List):
            listed = self.read_unnamed(value, kind)
            if kind == "side" and listed == ():
                self.complain("E113", "side needs branches", key, "side: {aux1: [...]}")
            return Use(
                key, kind, _NO_FIELDS, _NO_KEYS, branches=listed or (), sound=listed is not None
            )
        name = sources = trainable = condition = split = None
        note = ""
        branches: list[Branch] = []
        sound = True
        for word, tree in value.items.items():
            if word == "name":
                name = self.read_name(tree)
            elif word == "note":
                note = self.text(tree, "note")
            elif word == "from":
                sources = self.names(tree, "from")
                sound = sound and bool(sources)
            elif word == "trainable":
                trainable = tree
            elif word == "split" and self.is_split(tree):
                split = tree
            elif word == "if" and self.is_no_branch(tree):
                condition = self.read_condition(tree)
            elif word == "share":
                self.complain("E111", f"{kind} has no weights to share", value.keys[word])
                sound = False
            elif word == "branches" and isinstance(tree, YamlMap):
                branches += [
                    self.read_branch(tree.keys[key_], tree.items[key_]) for key_ in tree.items
                ]
            elif word == "branches":
                listed = self.read_unnamed(tree, kind)
                branches += listed or ()
                sound = sound and listed is not None
            elif isinstance(tree, Scalar) and self.type_meant(tree.text) is None:
                if word in known:
                    fields[word] = tree
                    continue
                takes = [*known, *sorted({*COMMON_KEYS} - {*_NOT_OF_JOINS}), "split", "branches"]
                hint = did_you_mean(word, takes) or (
                    f"{kind} takes {', '.join(takes[:-1])}, and branches, which are lists of layers"
                )
                if not word.startswith("x-"):
                    self.complain("E111", f"{kind} has no field '{word}'", value.keys[word], hint)
                    sound = False
            elif not word.startswith("x-"):
                branches.append(self.read_branch(value.keys[word], tree))
        if kind == "side" and not branches and sound:
            self.complain("E113", "side needs branches", key, "side: {aux1: [...]}")
        if split is not None:
            branches = self.read_split(branches, kind, value.keys["split"], split)
            sound = sound and bool(branches)
        return Use(
            key,
            kind,
            fields,
            value.keys,
            name=name,
            sources=sources,
            trainable=trainable,
            note=note,
            branches=tuple(branches),
            condition=condition,
            sound=sound,
        )

    def read_split(
        self, branches: list[Branch], kind: str, key: Scalar, tree: Tree
    ) -> list[Branch]:
        """Split what flows in, a part for each branch."""
        from shapecalc.spec.splits import FORM, parted, parts_of

        parts = parts_of(tree)
        if parts is None:
            message = f"split takes a number of parts or their sizes, not {describe(tree)}"
            self.complain("E110", message, tree, FORM)
        elif parts != len(branches):
            message = (
                f"split makes {counted(parts, 'part')},"
                f" but {kind} has {counted(len(branches), 'branch')}"
            )
            self.complain("E203", message, tree, "each part is what flows into one branch")
        else:
            return parted(branches, key, tree)
        return branches

    def is_split(self, tree: Tree) -> bool:
        """Tell whether what stands under `split` in a join is no branch of that name."""
        from shapecalc.spec.splits import is_split  # few joins split what flows in

        return is_split(tree, self.type_meant)

    def is_no_branch(self, tree: Tree) -> bool:
        """Tell whether what stands under `if` in a join is a condition: no branch of that name."""
        return isinstance(tree, Scalar) and self.type_meant(tree.text) is None

    def read_branch(self, key: Scalar, tree: Tree) -> Branch:
        """Read a named branch."""
        self.check_name(key.text, key)
        name = key if key.text != "input" else None
        return self.read_body(name, tree, f"branch {key.text}")

    def read_body(self, name: Scalar | None, tree: Tree, what: str) -> Branch:
        """Read what a branch holds: its layers, or its layers and the condition for it."""
        if not (isinstance(tree, YamlMap) and _BRANCH_KEYS & tree.items.keys()):
            return Branch(name, self.read_statements(tree, what))
        self.check_keys(tree, sorted(_BRANCH_KEYS), what)
        condition = tree.items.get("if")
        if condition is not None:
            condition = self.read_condition(condition)
        layers = tree.items.get("layers")
        if layers is None:
            hint = "{if: stride == 1, layers: []}; [] is the identity"
            self.complain("E113", f"{what} has no layers", tree, hint)
            return Branch(name, (), condition)
        return Branch(name, self.read_statements(layers, what), condition)

    def read_unnamed(self, tree: Tree, kind: str) -> tuple[Branch, ...] | None:
        """Read a list of lists; nothing when it is none."""
        if not isinstance(tree, List) or not all(map(_is_body, tree.items)):
            hint = f"{kind}: [[conv3-64, relu], []]; [] is the identity"
            self.complain(
                "E110", f"the branches of {kind} are a list of lists, or a map of lists", tree, hint
            )
            return None
        return tuple(self.read_body(None, branch, "a branch") for branch in tree.items)


def _brief(tree: Tree) -> str:
    """Write a value as it stands, unless it holds lists or maps of its own."""
    if isinstance(tree, Scalar):
        return tree.text
    if isinstance(tree, List) and all(isinstance(item, Scalar) for item in tree.items):
        return f"[{', '.join(map(_brief, tree.items))}]"
    return "[...]" if isinstance(tree, List) else "{...}"


def _is_body(tree: Tree) -> bool:
    """Tell whether a branch without a name is written as one."""
    return isinstance(tree, List) or (isinstance(tree, YamlMap) and "layers" in tree.items)
