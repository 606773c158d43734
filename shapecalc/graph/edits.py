"""The edits of specs that extend another: which layers of the base they change, and how."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shapecalc.layers import ALIASES, BUILT_IN_BLOCKS, BUILTIN, JOINS, is_layer, layer_class
from shapecalc.spec.tree_reader import COMMON_KEYS, fields_meant, word_meant
from shapecalc.text import Scalar, YamlMap, describe
from shapecalc.text.words import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Mapping

    from shapecalc.graph.draft import Expansion
    from shapecalc.spec import Block, Edit, NetSpec, Use
    from shapecalc.text import Tree


#: The words of the keys that a block's own field of that name comes before.
_WORDS = {"condition": "if", "inherit": "inherit"}


class Edits:
    """What the files of a chain say of each other's layers; later files' edits apply later."""

    def __init__(self, expansion: Expansion, spec: NetSpec) -> None:
        self.expansion = expansion
        self.spec = spec
        self.by_path: dict[str, list[tuple[int, Edit]]] = {}
        for edition, edits in enumerate(spec.edits):
            for path, edit in edits.items():
                self.by_path.setdefault(path, []).append((edition, edit))
        self.matched: set[str] = set()

    def of(self, path: str, edition: int) -> list[tuple[int, Edit]]:
        """Return the edits of a layer that stands in the text of a file: those of later ones."""
        edits = [entry for entry in self.by_path.get(path, ()) if entry[0] > edition]
        if edits:
            self.matched.add(path)
        return edits

    def applied(self, use: Use, edit: Edit) -> Use:
        """Apply what an edit changes of a layer of the base: fields, and keys of every layer."""
        if edit.change is None:
            return use
        own = self.fields_of(use)
        common = {key: value for key, value in edit.common.items() if _WORDS.get(key) not in own}
        return self.changed(use, edit.change)._replace(**common)

    def fields_of(self, use: Use) -> Mapping[str, Tree | None]:
        """Return the fields of a block; of anything else nothing."""
        block = self.spec.blocks_for(use).get(use.type)
        return block.fields if block else {}

    def changed(self, use: Use, change: YamlMap) -> Use:
        """Set fields on a layer of the base; with a `type` the layer is replaced."""
        keys = change.keys
        own = self.fields_of(use)
        fields = {
            key: tree
            for key, tree in change.items.items()
            if (key not in COMMON_KEYS or key in own) and not key.startswith("x-")
        }
        kind = fields.pop("type", None)
        if kind is None:
            if not {use.type} & {*self.spec.blocks_for(use), *BUILT_IN_BLOCKS}:
                self.only_fields(use.type, fields, keys, self.spec.blocks_for(use))
            kept = use.fields
            if use.type == "repeat" and fields.keys() & {"times", "for"}:  # one or the other
                kept = {key: tree for key, tree in kept.items() if key == "index"}
            return use._replace(fields={**kept, **fields}, keys={**use.keys, **keys}, literal=None)
        text = kind.text if isinstance(kind, Scalar) else ""
        meant = word_meant(text, self.spec.blocks)
        if text not in self.spec.blocks:
            text = meant.type if meant else ALIASES.get(text.lower(), text.lower())
        if text not in {*BUILTIN, *BUILT_IN_BLOCKS, *self.spec.blocks}:
            self.refuse_type(kind, text)
            return use
        assert isinstance(kind, Scalar)
        says, implied = fields_meant(kind, meant) if meant else ({}, {})
        if text in JOINS and is_layer(text, self.spec.blocks):
            self.only_fields(text, fields, keys, self.spec.blocks)
        branches = use.branches if text in JOINS and use.type in JOINS else ()
        return use._replace(
            word=kind,
            type=text,
            fields={**says, **fields},
            keys=keys,
            literal=None,
            branches=branches,
            implied=implied,
            own=False,
        )

    def refuse_type(self, kind: Tree, text: str) -> None:
        """Complain about a type that a change gives a layer, and that is none."""
        from shapecalc.spec.papers import unclear

        hint = unclear(text) or did_you_mean(text, [*BUILTIN, *BUILT_IN_BLOCKS, *self.spec.blocks])
        self.expansion.complain("E112", f"{describe(kind)} is not a layer type", kind, hint)

    def only_fields(
        self,
        kind: str,
        fields: dict[str, Tree],
        keys: dict[str, Scalar],
        blocks: Mapping[str, Block],
    ) -> None:
        """Complain about changes that a join or a word of structure has no field for."""
        if is_layer(kind, blocks) and kind not in JOINS:
            return  # looked at when the layer is built
        takes: tuple[str, ...] = ("times", "for", "index") if kind == "repeat" else ()
        if is_layer(kind, blocks):
            takes = tuple(field.name for field in layer_class(kind).fields())
        for key in [key for key in fields if key not in takes]:
            del fields[key]
            hint = did_you_mean(key, takes) or (
                "it takes " + ", ".join(takes) if takes else "edit the layers inside by their paths"
            )
            self.expansion.complain(
                "E111", f"{kind} has no field '{key}' to change", keys[key], hint
            )

    def complain_of_unmatched(self) -> None:
        """Complain about edits that name no layer."""
        missing = [path for path in self.by_path if path not in self.matched]
        if not missing:
            return
        levels = dict.fromkeys(level.prefix[:-1] for level in self.expansion.levels)
        known = {**levels, **dict.fromkeys(draft.path for draft in self.expansion.drafts)}
        for path in missing:
            at = self.by_path[path][-1][1].key
            if path in known:
                hint = "only layers of the base can be edited, not inputs and what edits insert"
                if path in levels:
                    hint = "it is a branch or a round: edit the layers in it by their paths"
                self.expansion.complain("E120", f"'{path}' cannot be edited", at, hint)
                continue
            base = (*self.spec.extends, self.spec.source)[0].name.split(" ")[0]
            hint = did_you_mean(path, known) or (
                f"`shapecalc summarize {base} --depth all` lists its layers"
            )
            self.expansion.complain("E120", f"the base has no layer '{path}'", at, hint)
