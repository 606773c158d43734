"""A network as a program for PyTorch: one file, a class for every kind of block."""

from __future__ import annotations

import keyword
import re
import textwrap
from itertools import pairwise
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from shapecalc.errors import Problem, SpecErrors
from shapecalc.graph import Input
from shapecalc.text.safe import one_line
from shapecalc.writers import Written
from shapecalc.writers.classes import (
    IN_CHANNELS,
    Family,
    Part,
    Statement,
    parameters_of,
    skeletons,
)
from shapecalc.writers.levels import Member, NamedLevel, levels_of
from shapecalc.writers.python_code import (
    LONGEST,
    CallCode,
    Code,
    Items,
    PairCode,
    call,
    class_name,
    identifier,
    lines,
    literal,
    signature,
    unique,
)
from shapecalc.writers.pytorch_layers import SPELLINGS
from shapecalc.writers.pytorch_modules import HELPERS
from shapecalc.writers.pytorch_spelling import Spelling, extents
from shapecalc.writers.site import Site, UnsayableError, indices_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from shapecalc.graph import Graph
    from shapecalc.report import Report

#: Words for a level that is no block of the spec.
STRUCTURE = ("group", "repeat", "round", "branch", "side")
#: Names that modules have already, and those of the program.
_TAKEN = frozenset([
    "F", "OrderedDict", "T_destination", "Tensor", "add_module", "append", "apply", "bfloat16",
    "bias", "buffers", "call_super_init", "children", "compile", "cpu", "cuda", "cut_windows",
    "double", "dump_patches", "eval", "extend", "extra_repr", "float", "forward", "get_buffer",
    "get_extra_state", "get_parameter", "get_submodule", "half", "insert", "ipu",
    "load_state_dict", "load_weights", "math", "modules", "mtia", "named_buffers",
    "named_children", "named_modules", "named_parameters", "nn", "np", "parameters", "pop",
    "register_backward_hook", "register_buffer", "register_forward_hook",
    "register_forward_pre_hook", "register_full_backward_hook", "register_full_backward_pre_hook",
    "register_load_state_dict_post_hook", "register_load_state_dict_pre_hook", "register_module",
    "register_parameter", "register_state_dict_post_hook", "register_state_dict_pre_hook",
    "requires_grad_", "self", "set_extra_state", "set_submodule", "share", "share_memory",
    "state_dict", "tie", "to", "to_empty", "torch", "train", "training", "type", "weight",
    "window_moves", "window_sums", "xpu", "zero_grad",
])  # fmt: skip


class Program(NamedTuple):
    """A written program.

    `names` are the paths of the modules that compute the nodes, by the nodes' indices; `arrays` the
    names of the arrays in the module's state, by those of ours.
    """

    text: str
    names: dict[int, str]
    arrays: dict[str, str]


def written(report: Report, weights: str = "") -> Written:
    """Write the program; `weights` is the file beside it that it reads its arrays from.

    Raises `SpecErrors` (E360) for layers that PyTorch has no means for.
    """
    made = program(report, weights)
    return Written(
        made.text, lambda arrays: {made.arrays[name]: array for name, array in arrays.items()}
    )


def program(report: Report, weights: str = "") -> Program:
    """Write the program, as `written` does, and tell where the layers are in it."""
    return _Writing(report).program(weights)


class _Writing:
    """What is known while a program is written."""

    def __init__(self, report: Report) -> None:
        self.report = report
        self.graph = report.graph
        self.root = levels_of(report.graph)
        self.spelled: Sequence[Any] = _spelled(report)
        self.parts: dict[str, Part] = {}  # by the level's path
        self.families: list[Family] = []
        self.sequences: set[str] = set()
        helpers = (name for name, _ in _named_helpers(self))
        self.classes = {"F", "OrderedDict", "Path", "Tensor", *helpers}
        self.attributes = {level.path: self._attributes(level) for level in self._levels()}

    def _levels(self) -> Iterator[NamedLevel]:
        yield from self.root.inner()
        yield self.root

    def program(self, weights: str) -> Program:
        """Write the whole text."""
        by_height: dict[int, list[NamedLevel]] = {}
        heights: dict[str, int] = {}
        for level in self._levels():
            inner = [heights[m.path] for m in level.members if isinstance(m, NamedLevel)]
            heights[level.path] = 1 + max(inner, default=0)
            by_height.setdefault(heights[level.path], []).append(level)
        for height in sorted(by_height):
            self._write_levels(by_height[height])
        names = self._names(self.root, "")
        return Program(self._text(names, weights), names, self._arrays(names))

    # -- levels ---------------------------------------------------------------------------------

    def _attributes(self, level: NamedLevel) -> dict[str, str]:
        """Return the names of a level's members in PyTorch, by their own."""
        taken = set(_TAKEN)
        names = {}
        for member in level.members:
            name = self.own_name(level, member)
            prefix = "branch" if isinstance(member, NamedLevel) else "layer"
            names[name] = unique(identifier(name, prefix), taken)
        return names

    def own_name(self, level: NamedLevel, member: Member) -> str:
        path = member.path if isinstance(member, NamedLevel) else self.graph.nodes[member].path
        return path.removeprefix(f"{level.path}/" if level.path else "")

    def _may_be_sequence(self, level: NamedLevel) -> bool:
        """Tell whether a `Sequential` inside the class around it can do what a level does."""
        if level is self.root or not level.is_chain(self.graph):
            return False
        plain = (
            isinstance(m, NamedLevel)
            or (self.spelled[m].module is not None and self.spelled[m].use is call)
            for m in level.members
        )
        return all(plain) and not any("." in name for name in self.attributes[level.path])

    def _write_levels(self, levels: list[NamedLevel]) -> None:
        """Write levels of one height: those of one kind are instances of one class."""
        families: dict[str, Family] = {}
        for level in levels:
            kind = level.group.type if level.group else STRUCTURE[0]
            if kind in STRUCTURE and self._may_be_sequence(level):
                self.parts[level.path] = self._sequence(level)
                continue
            init, forward = self._init(level), self._forward(level)
            key = skeletons(init, forward)
            if level is self.root:
                key = "\0root" + key
            family = families.setdefault(key, Family(level, [], [], []))
            family.levels.append(level)
            family.inits.append(init)
            family.forwards.append(forward)
        for family in families.values():
            if len(family.levels) == 1 and self._may_be_sequence(family.first):
                self.parts[family.first.path] = self._sequence(family.first)
                continue
            self._name(family)
            self.families.append(family)
            columns = [known_numbers(self.report, level) for level in family.levels]
            for level, part in zip(family.levels, parameters_of(family, columns), strict=True):
                self.parts[level.path] = part

    def _name(self, family: Family) -> None:
        level = family.first
        if level is self.root:
            wanted = class_name(self.report.name, "Net")
        elif level.group and level.group.type not in STRUCTURE:
            wanted = class_name(level.group.type, "Block")
        elif level.name.isdigit():
            wanted = class_name(level.path.split("/")[-2] + "Round", "Round")
        else:
            wanted = class_name(level.name, "Part")
        family.name = unique(wanted, self.classes)

    def _sequence(self, level: NamedLevel) -> Part:
        """Write a chain, with the shapes where they change."""
        self.sequences.add(level.path)
        names = [self.own_name(level, member) for member in level.members]
        made = [self._made(member) for member in level.members]
        shapes = [self._shape(level.sources), *map(self.comment, level.members)]
        comments = ["" if a == b else b for a, b in pairwise(shapes)]
        if all(name.isidentifier() and not keyword.iskeyword(name) for name in names):
            inner = CallCode("OrderedDict", tuple(zip(names, made, strict=True)), tuple(comments))
        else:
            pairs = map(PairCode, names, made)
            items = Items(tuple(zip(pairs, comments, strict=True)), "{}")
            inner = CallCode("OrderedDict", (("", items),))
        return Part(call("nn.Sequential", inner))

    def _made(self, member: Member) -> Code:
        """Return what constructs a member."""
        if isinstance(member, NamedLevel):
            return self.parts[member.path].code
        module: Code | None = self.spelled[member].module
        assert module is not None
        return module

    def _init(self, level: NamedLevel) -> list[Statement]:
        """Write what a class constructs."""
        statements = []
        for member in level.members:
            if not isinstance(member, NamedLevel):
                if self.spelled[member].module is None:
                    continue
                comment = self.spelled[member].comment
            else:
                comment = ""
            attribute = self.attributes[level.path][self.own_name(level, member)]
            statements.append(Statement(f"self.{attribute}", self._made(member), comment))
        return statements

    def comment(self, member: Member) -> str:
        """Write the shapes that come out of a member."""
        return self._shape(member.results if isinstance(member, NamedLevel) else (member,))

    def _shape(self, nodes: tuple[int, ...]) -> str:
        rows = self.report.rows
        return ", ".join(" x ".join(map(str, extents(rows[index].output))) for index in nodes)

    def _forward(self, level: NamedLevel) -> list[Statement]:
        """Write what a class computes; the last statement returns it."""
        flow = VariableFlow(level, self)
        statements = [flow.statement(place, member) for place, member in flow.members]
        results = [flow.variables[index] for index in level.results]
        return [*filter(None, statements), Statement("return", ", ".join(results), "")]

    # -- names ----------------------------------------------------------------------------------

    def _names(self, level: NamedLevel, prefix: str) -> dict[int, str]:
        """Return the paths of modules, by the nodes that they compute."""
        names: dict[int, str] = {}
        sequence = level.path in self.sequences
        for member in level.members:
            own = self.own_name(level, member)
            name = prefix + (own if sequence else self.attributes[level.path][own])
            if isinstance(member, NamedLevel):
                names |= self._names(member, f"{name}.")
            elif self.spelled[member].module is not None:
                names[member] = name
        return names

    def _arrays(self, names: dict[int, str]) -> dict[str, str]:
        """Return the names of arrays in PyTorch, by ours."""
        arrays = {}
        for index, row in enumerate(self.report.rows):
            renamed = dict(self.spelled[index].renamed)
            for parameter in row.parameters:
                name = renamed.get(parameter.name, parameter.name)
                arrays[f"{row.name}.{parameter.name}"] = f"{names[index]}.{name}"
        return arrays

    def _shares(self, names: dict[int, str]) -> list[str]:
        """Write the statements that let layers use the weights of others."""
        made = []
        for index, node in enumerate(self.graph.nodes):
            if node.share is not None and self.report.rows[index].parameters:
                pair = literal(names[index]), literal(names[node.share])
                alike = self.report.rows[index].type == self.report.rows[node.share].type
                made += lines(call("share" if alike else "tie", "self", *pair), 2)
        return made

    # -- the text -------------------------------------------------------------------------------

    def _text(self, names: dict[int, str], weights: str) -> str:
        shares = self._shares(names)
        body: list[str] = []
        helpers = [*dict.fromkeys(text for _, text in _named_helpers(self))]
        calls = "".join(map(str.lstrip, shares))
        helpers += [text for name, text in _SHARES.items() if f"{name}(self," in calls]
        if weights:
            helpers.append(_LOAD)
        for text in helpers:
            body += ["", "", *text.strip("\n").split("\n")]
        for family in self.families:
            body += ["", "", *self._class(family, shares if family.first is self.root else [])]
        body += ["", "", *self._main(weights)]
        text = "\n".join(body)
        return "\n".join([*self._docstring(), "", *_imports(text), text, ""])

    def _docstring(self) -> list[str]:
        report, spec = self.report, self.graph.spec
        head = f"{report.name}, for PyTorch"
        totals = (
            f"{report.totals.params:,} parameters, {report.totals.macs:,} multiply-accumulates."
        )
        source = f"Source: {spec.citation}" if spec.citation else ""
        written = f"Written by shapecalc from {spec.source.name}."
        return documentation(head, 0, spec.note, source, totals, written)

    def _class(self, family: Family, shares: list[str]) -> list[str]:
        made = [f"class {family.name}(nn.Module):"]
        if family.first is self.root:
            made += documentation(self.report.name, 1)
        else:
            made += documentation(_paths(family), 1)
        parameters = ["self", *(f"{name}: {kind}" for name, kind in family.parameters)]
        made += ["", *signature(1, "__init__", parameters, "None"), "        super().__init__()"]
        for statement in family.init:
            made += lines(statement.code, 2, f"{statement.target} = ", "", statement.comment)
        made += shares
        inputs, results = self._inputs(family.first), family.first.results
        result = "Tensor" if len(results) == 1 else "tuple[Tensor, ...]"
        made += ["", *signature(1, "forward", ["self", *(f"{x}: Tensor" for x in inputs)], result)]
        for statement in family.forward:
            before = "return " if statement.target == "return" else f"{statement.target} = "
            made += lines(statement.code, 2, before, "", statement.comment)
        return made

    def _inputs(self, level: NamedLevel) -> list[str]:
        """Return the names of what flows into a level."""
        return [VariableFlow(level, self).variables[index] for index in _sources(level, self)]

    def _main(self, weights: str) -> list[str]:
        """Write the part that runs the network once."""
        name = self.families[-1].name
        made = ['if __name__ == "__main__":', f"    model = {name}().eval()"]
        if weights:
            made += lines(call("load_weights", "model", literal(weights)), 1)
        inputs, choices = [], indices_of(self.report)
        for variable, index in zip(self._inputs(self.root), _sources(self.root, self), strict=True):
            shape = (1, *extents(self.report.rows[index].output))
            drawn = call("torch.rand", *map(str, shape))
            if index in choices:
                drawn = call("torch.randint", str(choices[index]), literal(shape))
            made += lines(drawn, 1, f"{variable} = ")
            inputs.append(variable)
        made += ["    with torch.no_grad():"]
        several = len(self.root.results) > 1
        made += lines(call("model", *inputs), 2, "outputs = " if several else "y = ")
        count = "sum(p.numel() for p in model.parameters())"
        made += [f'    print(f"{{{count}:,}} parameters")']
        if several:
            return [*made, "    for y in outputs:", "        print(*y.shape)"]
        return [*made, "    print(*y.shape)"]


class FunctionWriting(Protocol):
    """What the variables of a function depend on: a network, and the names of its members."""

    report: Report
    graph: Graph
    root: NamedLevel
    attributes: dict[str, dict[str, str]]
    spelled: Sequence[Any]

    def own_name(self, level: NamedLevel, member: Member) -> str: ...
    def comment(self, member: Member) -> str: ...


class VariableFlow:
    """The variables of a function: which holds what, and for how long."""

    def __init__(self, level: NamedLevel, writing: FunctionWriting) -> None:
        self.level, self.writing = level, writing
        self.names = writing.attributes[level.path]
        self.members = list(enumerate(level.members))
        self.variables: dict[int, str] = {}
        self.last: dict[int, int] = {}
        self.readers: dict[int, int] = {}
        for place, member in self.members:
            for index in self._reads(member):
                self.last[index] = place
                self.readers[index] = self.readers.get(index, 0) + 1
        self.last |= dict.fromkeys(level.results, len(self.members))
        self.holders: dict[str, int] = {}
        self.sources = sources = _sources(level, writing)
        for index in sources:
            node = writing.graph.nodes[index]
            name = "x" if len(sources) == 1 else identifier(node.path.split("/")[-1], "x")
            self._hold(unique(name, {"self", *self.holders}), index)

    def _reads(self, member: Member) -> tuple[int, ...]:
        nodes = self.writing.graph.nodes
        return member.sources if isinstance(member, NamedLevel) else nodes[member].inputs

    def _hold(self, variable: str, index: int) -> None:
        self.variables[index] = variable
        self.holders[variable] = index

    def _free(self, variable: str, place: int) -> bool:
        """Tell whether nothing after a place reads what a variable holds."""
        holder = self.holders.get(variable)
        return holder is None or self.last.get(holder, -1) <= place

    def statement(self, place: int, member: Member) -> Statement | None:
        """Write the statement that computes a member; inputs need none."""
        if not isinstance(member, NamedLevel) and member in self.variables:
            return None
        operands = [self.variables[index] for index in self._reads(member)]
        operands = operands or list(self.holders)[:1]  # a trained array asks how many examples
        name = self.writing.own_name(self.level, member)
        attribute = self.names[name]
        results = member.results if isinstance(member, NamedLevel) else (member,)
        for index in results:
            self._hold(self._variable(place, member, index, attribute), index)
        targets = ", ".join(self.variables[index] for index in results)
        code = self._code(member, attribute, operands)
        return Statement(targets, code, self.writing.comment(member))

    def _code(self, member: Member, attribute: str, operands: list[str]) -> Code:
        if isinstance(member, NamedLevel):
            return call(f"self.{attribute}", *operands[: len(member.sources)])
        spelling: Spelling = self.writing.spelled[member]
        if spelling.module is None:
            return spelling.use(*operands)
        return spelling.use(f"self.{attribute}", *operands)

    def _variable(self, place: int, member: Member, index: int, attribute: str) -> str:
        """Choose a variable: of the flow where it goes on, of the member's name beside it."""
        several = isinstance(member, NamedLevel) and len(member.results) > 1
        reads = self._reads(member)
        before = [self.variables[source] for source in reads]
        if not several:
            if not self._beside(place, member, index) and self._free("x", place):
                return "x"
            if len(before) == 1 and before[0] != "x" and self._free(before[0], place):
                return before[0]
            if not isinstance(member, NamedLevel) and self._free("y", place):
                return "y"
        own = (
            attribute
            if not several
            else identifier(self.writing.graph.nodes[index].path.split("/")[-1], "y")
        )
        return unique(
            own,
            {"self", "torch", "nn", "F", *(v for v in self.holders if not self._free(v, place))},
        )

    def _beside(self, place: int, member: Member, index: int) -> bool:
        """Tell whether a branch's result waits for others that a join reads with it."""
        if not isinstance(member, NamedLevel) or self.readers.get(index, 0) != 1:
            return False
        reader = self.last[index]
        return reader < len(self.members) and len(set(self._reads(self.members[reader][1]))) > 1


def known_numbers(report: Report, level: NamedLevel) -> dict[str, int]:
    """Return what numbers of a level are called: its channels, and the fields of its block."""
    channels = [extents(report.rows[source].output)[0] for source in level.sources]
    known = {IN_CHANNELS: channels[0]} if len(channels) == 1 else {}
    fields = level.group.fields if level.group else ""
    for name, value in re.findall(r"(?:^|, )([A-Za-z_]\w*) (-?\d+)(?=, |$)", fields):
        known[identifier(name, "field")] = int(value)
    return known


def _sources(level: NamedLevel, writing: FunctionWriting) -> tuple[int, ...]:
    """Return the nodes that are the arguments of a level: of the network, its inputs."""
    if level is not writing.root:
        return level.sources
    nodes = enumerate(writing.report.rows)
    return tuple(index for index, row in nodes if isinstance(row.layer, Input))


def _spelled(report: Report) -> list[Spelling]:
    """Spell every layer.  Raises `SpecErrors` for those that cannot be."""
    spelled, problems, indices = [], [], indices_of(report)
    for row, node in zip(report.rows, report.graph.nodes, strict=True):
        shapes = tuple(report.rows[index].output for index in node.inputs)
        layer: Any = row.layer
        if isinstance(layer, Input):
            spelled.append(Spelling())
            continue
        try:
            whole = any(index in indices for index in node.inputs[:1])
            spelled.append(SPELLINGS[layer.type](Site(layer, shapes, row.output, whole)))
        except UnsayableError as error:
            message = f"{row.name} cannot be written for PyTorch: {error.reason}"
            problems.append(Problem("E360", message, node.origin(), hint=error.hint))
    if problems:
        raise SpecErrors(problems)
    return spelled


def _named_helpers(writing: _Writing) -> list[tuple[str, str]]:
    """Return the helpers that the layers need, by name, with their texts."""
    made: dict[tuple[str, int], str] = {}

    def add(name: str, rank: int) -> None:
        helper = HELPERS[name]
        for other in helper.needs:
            add(other, rank)
        ones = literal((1,) * rank)
        text = helper.text.replace("{n}", str(rank)).replace("{ones}", ones)
        made[name, rank] = text

    for spelling in writing.spelled:
        for name, rank in spelling.helpers:
            add(name, rank)
    pattern = re.compile(r"^(?:class|def) (\w+)", re.MULTILINE)
    return [(match.group(1), text) for text in made.values() if (match := pattern.search(text))]


_SHARES = {
    "share": '''
def share(net: nn.Module, path: str, owner: str) -> None:
    """Let a layer use the weights of another one."""
    parent, _, name = path.rpartition(".")
    setattr(net.get_submodule(parent), name, net.get_submodule(owner))
''',
    "tie": '''
def tie(net: nn.Module, path: str, owner: str) -> None:
    """Let a layer use the table of an embedding as its weights."""
    net.get_submodule(path).weight = net.get_submodule(owner).weight
''',
}
_LOAD = '''
def load_weights(model: nn.Module, file: str) -> None:
    """Read the arrays of a model from an .npz beside this program."""
    state = model.state_dict()
    with np.load(Path(__file__).with_name(file), allow_pickle=False) as arrays:
        state.update({name: torch.from_numpy(arrays[name]) for name in arrays.files})
    model.load_state_dict(state)
'''


def _imports(text: str) -> list[str]:
    """Write the imports that a program uses."""
    standard = ["import math"] if re.search(r"\bmath\.", text) else []
    standard += ["from collections import OrderedDict"] if "OrderedDict(" in text else []
    standard += ["from pathlib import Path"] if "Path(" in text else []
    others = ["import numpy as np"] if re.search(r"\bnp\.", text) else []
    others += ["import torch"]
    others += ["import torch.nn.functional as F"] if re.search(r"\bF\.", text) else []
    others += ["from torch import Tensor, nn"]
    return [*standard, *([""] if standard else []), *others]


def documentation(head: str, indent: int, *paragraphs: str) -> list[str]:
    """Write a docstring."""
    margin = "    " * indent
    width = LONGEST - len(margin)

    def safe(text: str) -> str:
        plain = one_line(text).replace("\\", "\\\\").replace('"""', "'''").strip()
        return f"{plain}." if plain.endswith('"') else plain

    wrapped = [textwrap.wrap(safe(text), width) for text in paragraphs if text]
    first, *others = textwrap.wrap(safe(head).rstrip(".") + ".", width - 6) or ["A network."]
    if not wrapped and not others:
        return [f'{margin}"""{first}"""']
    made = [f'"""{first}', *others]
    for paragraph in wrapped:
        made += ["", *paragraph]
    return [f"{margin}{line}" if line else "" for line in [*made, '"""']]


def _paths(family: Family) -> str:
    """Say where a class stands."""
    first, others = family.first, len(family.levels) - 1
    kind = first.group.type if first.group else ""
    what = f"Block {kind}" if kind and kind not in STRUCTURE else "Part"
    return f"{what}: {first.path}{f' and {others} more' if others else ''}"
