"""A network as a spec that a person would write; or layer by layer."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING, Any

from shapecalc.api import loads
from shapecalc.errors import SpecErrors, refuse
from shapecalc.graph import Input
from shapecalc.layers import ALIASES, BUILT_IN_BLOCKS, BUILTIN, STRUCTURE, layer_class
from shapecalc.report.compute import compute_report
from shapecalc.text import Origin
from shapecalc.text.safe import one_line
from shapecalc.writers import Written
from shapecalc.writers.spec_folding import Blueprint, Folding
from shapecalc.writers.spec_pieces import BEFORE, Decomposition, Piece, is_join

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from shapecalc.report import Report
    from shapecalc.writers.spec_fields import Value

#: Lists up to this length stand in one line.
_LONGEST = 100
#: Words for levels that are no blocks.
_LEVELS = ("group", "repeat", "round", "branch", "side")
#: Types whose bias is a default of the file where most have none.
_BIASED = ("conv", "depthwise", "transposed", "separable", "dense")


def written(report: Report, *, flat: bool = False) -> Written:
    """Write a network as a spec: with blocks and repeats, or flat, every layer by its name.

    What is written is read back; where it is not the same network, it is written flat.
    """
    if not flat:
        text = _Text(report).folded()
        if _is_same(report, text):
            return Written(text)
    text = _Text(report).flat()
    if report.graph.symbols and not _is_same(report, text):
        message = "there are no words for what its symbols become in some of its fields"
        hint = "give them values: `--set`, or `--input`"
        raise refuse("E360", message, Origin(report.graph.spec.source), hint)
    return Written(text)


def _is_same(report: Report, text: str) -> bool:
    """Read a spec back and compare it with the network that it is to be."""
    try:
        other = compute_report(loads(text))
    except SpecErrors:
        return False
    return _costs(report) == _costs(other)


def _costs(report: Report) -> tuple[object, ...]:
    rows = Counter((row.type, row.output, row.params, row.buffers, row.macs) for row in report.rows)
    totals = report.totals
    return totals.params, totals.buffers, totals.frozen, totals.macs, rows


class _Text:
    """The text of a spec."""

    def __init__(self, report: Report) -> None:
        self.report = report
        self.decomposition = Decomposition(report)
        self.defaults: dict[str, bool] = {}
        self.block_names: set[str] = {*BUILTIN, *ALIASES, *BUILT_IN_BLOCKS, *STRUCTURE}
        self.fields: dict[str, dict[str, Value]] = {}
        self.names: set[str] = {"input"}

    def flat(self) -> str:
        pieces = self.decomposition.flat(0, len(self.report.rows))
        self._leave_out_sources(pieces)
        return self._whole(pieces, [])

    def folded(self) -> str:
        pieces = self.decomposition.sequence()
        self._leave_out_sources(pieces)
        self._leave_out_names(pieces)
        self._find_defaults(pieces)
        folding = Folding(pieces, self._count, self._block_name)
        folding.fold()
        self.names |= {leaf.name for piece in pieces for leaf in piece.leaves()}
        self._name_uses(pieces)
        return self._whole(pieces, folding.blocks)

    # -- what need not be written ---------------------------------------------------------------

    def _leave_out_sources(self, pieces: list[Piece]) -> None:
        """Take away the source of what reads the layer right before it."""
        before = self._first_input()
        for piece in pieces:
            if piece.sources == (before,):
                piece.sources = BEFORE if is_join(piece.word) else None
            before = piece.name or ""

    def _first_input(self) -> str:
        inputs = [i for i, row in enumerate(self.report.rows) if isinstance(row.layer, Input)]
        return self.decomposition.name_of(inputs[0]) if len(inputs) == 1 else ""

    def _leave_out_names(self, pieces: list[Piece]) -> None:
        """Take names away that nobody asks for, and let what has none be folded."""
        outside = [leaf for piece in pieces for leaf in _outside_of_regions(piece)]
        asked = {name for leaf in outside for name in (*(leaf.sources or ()), leaf.share)}
        outputs = self.report.graph.outputs
        if len(outputs) > 1:
            asked |= {self.decomposition.name_of(index) for index in outputs}
        for leaf in outside:
            name = self.decomposition.names.get(leaf.nodes[0], "")
            leaf.name = name if name in asked or leaf.share else ""
            leaf.pinned = leaf.sources not in (None, BEFORE) or bool(leaf.name)

    def _find_defaults(self, pieces: list[Piece]) -> None:
        """Make having no bias the default of the types of which most have none."""
        for word in _BIASED:
            layers = [leaf for p in pieces for leaf in p.leaves() if leaf.word == word]
            without = [leaf for leaf in layers if leaf.fields.get("bias") is False]
            if len(without) > 2 and 2 * len(without) > len(layers):
                self.defaults[word] = False
                for leaf in layers:
                    if leaf in without:
                        del leaf.fields["bias"]
                    else:
                        leaf.fields.setdefault("bias", True)

    def _block_name(self, parts: list[list[Piece]]) -> str:
        """Name a block like the levels that its parts are, or by what it holds."""
        levels = {
            re.sub(r"[_.-]*(\d[\d_.-]*[a-z]?)?$", "", level) for level in map(self._level, parts)
        }
        (wanted,) = levels if len(levels) == 1 else ("",)
        if not re.fullmatch(r"[A-Za-z][A-Za-z_]*", wanted) or wanted in self.block_names:
            leaves = [leaf for piece in parts[0] for leaf in piece.leaves()]
            words = [leaf.word for leaf in leaves]
            if len(words) < 4 and all(leaf.kind == "layer" for leaf in leaves):
                wanted = "_".join({"batchnorm": "bn"}.get(word, word) for word in words)
            elif "repeat" in words or "stage" in words:
                wanted = "stage"
            elif "matmul" in words:
                wanted = "attend"
            elif "concat" in words:
                wanted = "branches"
            else:
                wanted = "residual" if "add" in words else "unit"
        name, number = wanted, 1
        while name in self.block_names:
            number += 1
            name = f"{wanted}{number}" if not wanted[-1].isdigit() else f"{wanted}_{number}"
        self.block_names.add(name)
        return name

    def _level(self, part: list[Piece]) -> str:
        """Name the level of the paths that a part is: a block's type, else the level's own name."""
        path = self._path([node for piece in part for node in piece.nodes])
        group = self.report.graph.groups.get("/".join(path))
        if group is not None and group.type not in _LEVELS:
            return f"{group.type}_"
        return next((word for word in reversed(path) if not word.isdigit()), "")

    def _path(self, nodes: Sequence[int]) -> list[str]:
        """Return the innermost level of the paths that all nodes are in."""
        paths = [re.split(r"[/.]", self.report.rows[node].name)[:-1] for node in nodes]
        common = []
        for column in zip(*paths, strict=False):
            if len(set(column)) > 1:
                break
            common.append(column[0])
        return common

    def _name_uses(self, pieces: list[Piece]) -> None:
        """Call the uses of blocks as the levels are called of which they are all."""
        members: Counter[str] = Counter()
        for row in self.report.rows:
            path = re.split(r"[/.]", row.name)
            members.update({".".join(path[:depth]) for depth in range(1, len(path))})
        for piece in pieces:
            path = self._path(piece.nodes) if piece.kind == "use" else []
            if path and re.fullmatch(r"attention\d+", path[-1]):  # as it would be called anyhow
                continue
            whole = bool(path) and members[".".join(path)] == len(piece.nodes)
            if whole and path[-1] not in self.names and not path[-1].isdigit():
                piece.name = path[-1]
                self.names.add(path[-1])

    # -- text -----------------------------------------------------------------------------------

    def _whole(self, pieces: list[Piece], blocks: list[Blueprint]) -> str:
        spec, report = self.report.graph.spec, self.report
        self.fields = {block.name: block.fields for block in blocks}
        lines = [f"name: {_scalar(report.name)}"]
        lines += [f"source: {_scalar(spec.citation)}"] if spec.citation else []
        lines += [f"note: {_scalar(spec.note)}"] if spec.note else []
        lines += ["", *self._inputs(), ""]
        if self.defaults:
            lines += ["defaults:"]
            lines += [f"  {word}: {{bias: false}}" for word in self.defaults]
            lines += [""]
        if blocks:
            lines += ["blocks:"]
            for block in blocks:
                lines += self._block(block)
            lines += [""]
        lines += ["layers:" if pieces else "layers: []"]
        for piece in pieces:
            lines += self._commented(piece)
        lines += self._outputs()
        totals = report.totals
        if isinstance(totals.params, int) and isinstance(totals.macs, int):
            lines += ["", f"expect: {{params: {totals.params}, macs: {totals.macs}}}"]
        return "\n".join(lines) + "\n"

    def _inputs(self) -> list[str]:
        shapes = {
            self.decomposition.name_of(index): _shape(row.output)
            for index, row in enumerate(self.report.rows)
            if isinstance(row.layer, Input)
        }
        if len(shapes) == 1:
            return [f"input: {next(iter(shapes.values()))}"]
        return ["inputs:", *(f"  {_scalar(name)}: {shape}" for name, shape in shapes.items())]

    def _outputs(self) -> list[str]:
        graph = self.report.graph
        read = {source for node in graph.nodes for source in node.inputs}
        ends = tuple(index for index in range(len(graph.nodes)) if index not in read)
        if tuple(sorted(graph.outputs)) == ends:
            return []
        names = (_scalar(self.decomposition.name_of(index)) for index in graph.outputs)
        return ["", f"outputs: [{', '.join(names)}]"]

    def _block(self, block: Blueprint) -> list[str]:
        lines = [f"  {block.name}:"]
        entries = [
            name if usual is None else f"{{{name}: {_flow(usual)}}}"
            for name, usual in block.fields.items()
        ]
        lines += [f"    fields: [{', '.join(entries)}]"] if entries else []
        inline = self._inline(block.body)
        if inline is not None and len(inline) + 12 <= _LONGEST:
            return [*lines, f"    layers: {inline}"]
        lines += ["    layers:"]
        return [*lines, *(f"      {line}" for piece in block.body for line in self._lines(piece))]

    def _commented(self, piece: Piece) -> list[str]:
        """Write a piece of the network, with the shape behind it where it is a part of several."""
        lines = [f"  {line}" for line in self._lines(piece)]
        if piece.kind in ("use", "repeat") and piece.nodes:
            shape = _shape(self.report.rows[max(piece.nodes)].output)
            lines[0] += f"  # {shape}" if len(shape) < _LONGEST // 4 else ""
        return lines

    def _count(self, pieces: Sequence[Piece]) -> int:
        return sum(len(self._lines(piece)) for piece in pieces)

    def _lines(self, piece: Piece) -> list[str]:
        """Write a statement of a list."""
        inline = self._statement(piece)
        if inline is not None and len(inline) + 8 <= _LONGEST:
            return [f"- {inline}"]
        if piece.kind == "repeat":
            lines = ["- repeat:", f"    times: {_flow(piece.fields['times'])}", "    layers:"]
            inner = [line for part in piece.bodies[0] for line in self._lines(part)]
            return [*lines, *(f"      {line}" for line in inner)]
        if piece.kind == "join":
            return self._join(piece)
        if piece.kind == "region":
            return [line for part in piece.bodies[0] for line in self._lines(part)]
        return [f"- {inline}"]

    def _join(self, piece: Piece) -> list[str]:
        named = [f"name: {_scalar(piece.name)}"] if piece.name else []
        fields = [f"{key}: {_flow(value)}" for key, value in piece.fields.items()]
        lines = [f"- {piece.word}:"]
        margin = "    "
        if named or fields:
            lines += [f"    {entry}" for entry in (*named, *fields)] + ["    branches:"]
            margin = "      "
        for body in piece.bodies:
            inline = self._inline(body)
            if inline is not None and len(inline) + 16 <= _LONGEST:
                lines.append(f"{margin}- {inline}")
                continue
            inner = [line for part in body for line in self._lines(part)]
            first, *others = inner
            lines += [f"{margin}- {first}", *(f"{margin}  {line}" for line in others)]
        return lines

    def _inline(self, body: Sequence[Piece]) -> str | None:
        """Write a sequence in one line, where it can be."""
        texts = [self._statement(piece) for piece in body]
        if any(text is None for text in texts):
            return None
        return f"[{', '.join(text for text in texts if text is not None)}]"

    def _statement(self, piece: Piece) -> str | None:
        """Write a statement as it stands in a list in one line; None where it takes several."""
        if piece.kind == "region":
            return None
        if piece.kind == "repeat":
            body = self._inline(piece.bodies[0])
            times = _flow(piece.fields["times"])
            return None if body is None else f"repeat: {{times: {times}, layers: {body}}}"
        if piece.kind == "join":
            bodies = [self._inline(body) for body in piece.bodies]
            if piece.name or piece.fields or None in bodies:
                return None
            return f"{piece.word}: [{', '.join(body for body in bodies if body is not None)}]"
        fields: dict[str, Value] = {"name": piece.name} if piece.name else {}
        if piece.sources is not None:
            several = len(piece.sources) != 1 or is_join(piece.word)
            fields["from"] = list(piece.sources) if several else piece.sources[0]
        if piece.share:
            fields["share"] = piece.share
        fields = {**fields, **piece.fields}
        if not fields:
            return piece.word
        if list(fields) == [self._principal(piece)]:
            text = _flow(next(iter(fields.values())))
            if text[0] not in "[{":
                return f"{piece.word}: {text}"
        return f"{piece.word}: {_flow(fields)}"

    def _principal(self, piece: Piece) -> str:
        if piece.kind == "use":
            return next(iter(self.fields.get(piece.word) or piece.sizes), "")
        return layer_class(piece.word).principal


def _outside_of_regions(piece: Piece) -> Iterator[Piece]:
    """Yield a piece and those inside, but not those whose names are a region's own."""
    if piece.kind == "region":
        return
    yield piece
    for body in piece.bodies:
        for inner in body:
            yield from _outside_of_regions(inner)


def _shape(shape: Any) -> str:  # noqa: ANN401
    return "x".join(map(str, (*shape.sides, shape.channels)))


def _flow(value: Any) -> str:  # noqa: ANN401
    """Write a value in one line."""
    if isinstance(value, dict):
        return f"{{{', '.join(f'{key}: {_flow(entry)}' for key, entry in value.items())}}}"
    if isinstance(value, list):
        return f"[{', '.join(map(_flow, value))}]"
    if value is None:
        return "null"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        from shapecalc.layers.fields import decimal_text

        return decimal_text(value)
    return _scalar(value) if isinstance(value, str) else str(value)


def _scalar(text: str) -> str:
    """Write a text, in quotes where YAML would read something else."""
    plain = one_line(text)
    if re.fullmatch(r"[A-Za-z0-9_./][A-Za-z0-9_./*()+-]*( [A-Za-z0-9_./*()+-]+)*", plain):
        return plain
    return '"' + plain.replace("\\", "\\\\").replace('"', '\\"') + '"'
