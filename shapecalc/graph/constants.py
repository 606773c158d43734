"""What a spec and its user give: constants, symbols, inputs, rounds, and numbers made of them."""

from __future__ import annotations

import re
from contextlib import suppress
from typing import TYPE_CHECKING

from shapecalc.errors import SpecErrors
from shapecalc.graph import Input
from shapecalc.graph.draft import BROKEN, Draft, Expansion, Level
from shapecalc.graph.scope import (
    Argument,
    NeedsShapesError,
    Scope,
    Scoped,
    read_value,
    symbols,
    used,
    whole,
)
from shapecalc.layers.fields import Count, UnreadError
from shapecalc.layers.shape import SIDE_NAMES, Shape, shape_of
from shapecalc.spec import RESERVED
from shapecalc.spec.doubts import is_no_extent, meant_with_rank, respelt, without_batch, words_of
from shapecalc.spec.yaml_compose import compose
from shapecalc.text import Scalar, Source, Tree, describe, scalar
from shapecalc.text.words import counted, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from shapecalc.algebra import Dim
    from shapecalc.graph.draft import Wire
    from shapecalc.spec import InputSpec, NetSpec


class _Expected(Count):
    """A total: any whole number that an expression may have."""

    def bounded(self, tree: Tree, value: Dim) -> Dim:
        return value


_EXPECTED = _Expected(0)
_EXTENT = Count(1, symbolic=True)
_CROSS = "[xX×]"
#: What may stand for an extent in `--input`: a number or a name.
_WORD = r"(?a)[0-9]+|[A-Za-z_]\w*"


class Constants:
    """The outermost scope of one expansion.

    `settings` gives constants and symbols other values, `shapes` inputs other shapes.  `symbols`
    are the names that are left without a value; `symbol` makes what stands for one.  Numbers of
    rounds may be recorded where it is known of which repeats the first round stands `apart`.
    """

    def __init__(
        self,
        expansion: Expansion,
        spec: NetSpec,
        settings: Mapping[str, str],
        shapes: Mapping[str, str],
        symbol: Callable[[str], Dim] | None = None,
        apart: Collection[object] | None = None,
    ) -> None:
        self.expansion = expansion
        self.symbol = symbol
        self.apart = apart
        self.spec = spec
        self.scope = Scope({}, alike=object())
        self.top = Scoped(self.scope, None)
        self.symbols: tuple[str, ...] = ()
        self.scope.bound.update({name: Argument(tree, self.top) for name, tree in spec.let.items()})
        self.extents = self.effective_extents(shapes)
        self.bind(settings)
        self.set_free()
        self.compute(self.scope.bound)

    def bind(self, settings: Mapping[str, str]) -> None:
        """Override constants, and give symbols of the input values."""
        place, bound = self.top, self.scope.bound
        free = self.unknown()
        for name, text in settings.items():
            option = f"--free {name}" if text == "free" else f"--set {name}={text}"
            source = Source(option, text)
            if not text.strip():
                message = f"no value is given for '{name}'"
                self.expansion.complain("E303", message, scalar("", source), f"--set {name}=128")
                continue
            if name not in bound and name not in free:
                known = sorted({*bound, *free})
                hint = did_you_mean(name, known) or (
                    "it has " + ", ".join(known) if known else "it has no constants and no symbols"
                )
                message = f"nothing to set: the spec has no constant or symbol '{name}'"
                self.expansion.complain("E303", message, scalar(text, source), hint)
                continue
            try:
                bound[name] = Argument(compose(source), place)
            except SpecErrors as error:
                if error.problems[0].code != "E006":
                    self.expansion.problems.extend(error.problems)
                    continue
                message = f"no value is given for '{name}'"
                self.expansion.complain("E303", message, scalar(text, source), f"--set {name}=128")

    def unknown(self) -> dict[str, None]:
        """Return the names in the inputs' shapes that nothing defines, in their order."""
        extents = [extent for shape in self.extents.values() for extent in shape]
        return {name: None for extent in extents for name in sorted(symbols(extent, self.scope))}

    def set_free(self) -> None:
        """Bind what has no value to symbols: free constants, and letters of the inputs' shapes."""
        bound = self.scope.bound
        letters = list(self.unknown())
        constants = [
            name
            for name, value in bound.items()
            if isinstance(value, Argument)
            and isinstance(value.tree, Scalar)
            and value.tree.text == "free"
        ]
        self.symbols = (*letters, *constants)
        if self.symbols:
            if self.symbol is None:
                from shapecalc.algebra.expr import symbol

                self.symbol = symbol
            bound.update({name: self.symbol(name) for name in self.symbols})

    def compute(self, bound: dict[str, Dim | Argument]) -> None:
        """Compute the constants, first what others are made of: a long chain is no deep one."""
        passed: set[str] = set()
        waiting = [*reversed(bound)]
        while waiting:
            name = waiting.pop()
            argument = bound[name]
            if not isinstance(argument, Argument) or not isinstance(argument.tree, Scalar):
                continue
            if name in passed:
                with suppress(UnreadError, NeedsShapesError):
                    whole(argument.tree, argument.place)
                continue
            passed.add(name)
            waiting.append(name)
            inner = used(argument.tree) & bound.keys()
            waiting += sorted(inner - passed)

    def number(self, tree: Tree, place: Scoped, what: str, kind: Count) -> int | None:
        """Compute a number that structure depends on."""
        value = self.dim(tree, place, what, kind)
        return value if isinstance(value, int) else None

    def dim(self, tree: Tree, place: Scoped, what: str, kind: Count) -> Dim | None:
        """Compute a number, or where the kind allows it an expression."""
        try:
            value: Dim = read_value(kind, tree, place)
        except NeedsShapesError:
            message = f"{what} cannot depend on channels: they are known only after the structure"
            self.expansion.complain("E115", message, tree, "use a number, a field or a constant")
            return None
        except UnreadError as error:
            self.expansion.complain(
                error.code, f"{what} {error.message}", error.at or tree, error.hint
            )
            return None
        return value

    def effective_extents(self, given: Mapping[str, str]) -> dict[str, tuple[Tree, ...]]:
        """Return every input's extents: those of `given`, or the spec's own."""
        known = [entry.name for entry in self.spec.inputs]
        for name, text in given.items():
            if name and name not in known:
                at = scalar(text, Source(f"--input {name}={text}", text))
                hint = did_you_mean(name, known) or (
                    "its inputs are " + ", ".join(known)
                    if len(known) > 1
                    else "it has one, which needs no name: --input 224x224x3"
                )
                self.expansion.complain("E303", f"the spec has no input '{name}'", at, hint)
            elif not name and len(known) > 1:
                at = scalar(text, Source(f"--input {text}", text))
                hint = "say which: " + ", ".join(f"--input {entry}=..." for entry in known)
                self.expansion.complain("E303", f"the spec has {len(known)} inputs", at, hint)
        extents = {}
        for entry in self.spec.inputs:
            option = given.get(entry.name)
            if option is None and len(known) == 1:
                option = given.get("")
            extents[entry.name] = entry.extents
            if option is not None:
                tree = scalar(option, Source(f"--input {option}", option))
                extents[entry.name] = self.of_rank(self.given_extents(tree), entry, tree)
        return extents

    def inputs(self, root: Level) -> Wire | None:
        """Make the input layers; return what flows in when there is just one."""
        wire = None
        for name, extents in self.extents.items():
            shape = self.shape(name, extents)
            draft = Draft(root, None, Input(shape=shape) if shape else BROKEN)
            self.expansion.drafts.append(draft)
            draft.name = name
            root.members[name] = draft
            wire = draft
        root.input = wire if len(self.extents) == 1 else None
        return root.input

    def given_extents(self, tree: Scalar) -> tuple[Tree, ...]:
        """Split a shape that an option gives."""
        words = [word.strip() for word in re.split(_CROSS, tree.text)]
        sound = all(
            re.fullmatch(_WORD, word) and word not in RESERVED and not is_no_extent(word)
            for word in words
        )
        # A lone word is a mistake more often than a vector of unknown length.
        alone = len(words) == 1 and len(words[0]) > 1 and not words[0].isdecimal()
        if len(words) <= 4 and sound and not (alone and self.scope.find(words[0]) is None):
            return tuple(tree._replace(text=word) for word in words)
        listed_ = words_of(tree.text)
        refused = without_batch(listed_) if len(listed_) > 1 else None
        if refused is not None:
            self.expansion.complain("E303", refused[0], tree, refused[1])
            return ()
        message = f"an input is a shape like 224x224x3, not {describe(tree)}"
        likely = respelt(tree.text)
        hint = (
            f"did you mean {likely}?"
            if likely
            else "one to four whole numbers or symbols: 224x224x3, HxWx3, 13x1 (length x channels),"
            " or 100 for a vector"
        )
        self.expansion.complain("E303", message, tree, hint)
        return ()

    def of_rank(
        self, extents: tuple[Tree, ...], entry: InputSpec, option: Scalar
    ) -> tuple[Tree, ...]:
        """Refuse a shape of an option that has more extents than the spec's own, or fewer."""
        own = entry.extents
        if not extents or not own or len(extents) == len(own):
            return extents
        names = " x ".join((*SIDE_NAMES.get(len(own) - 1, ("units",)), "channels")[: len(own)])
        words = [extent.text for extent in extents if isinstance(extent, Scalar)]
        likely = meant_with_rank(words, [size.text for size in own if isinstance(size, Scalar)])
        message = (
            f"the spec's {entry.name} has {counted(len(own), 'extent')}, {names},"
            f" and {option.text} has {len(extents)}"
        )
        self.expansion.complain("E303", message, option, f"did you mean {likely}?")
        return ()

    def shape(self, name: str, extents: tuple[Tree, ...]) -> Shape | None:
        dims = []
        for extent in extents:
            value = self.dim(extent, self.top, f"{name}: an extent", _EXTENT)
            if value is not None:
                dims.append(value)
        if not extents:  # complained about when they were read
            return None
        return shape_of(tuple(dims)) if len(dims) == len(extents) else None

    def expectations(self) -> dict[str, Dim]:
        """Compute the numbers, or expressions, that the spec expects."""
        totals = {}
        for stated in self.spec.expect:
            value = self.dim(stated.tree, self.top, f"expect: {stated.column}", _EXPECTED)
            if value is not None:
                totals[stated.column] = value
        return totals
