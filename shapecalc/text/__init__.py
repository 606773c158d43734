"""Texts and the places in them, and YAML as a tree that remembers its places.

Scalars stay text: what `010`, `on` or `12:30` means is decided by whoever reads the field, who
knows what it expects.  `spec/yaml_compose.py` builds the tree.  While many such small records are
made, the garbage collector pauses; their classes are `NamedTuple`s that are defined in less time.
"""

from __future__ import annotations

import gc
import re
from collections import namedtuple
from functools import wraps
from typing import TYPE_CHECKING, Any, ParamSpec, TypeAlias, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import NamedTuple as NamedTuple  # (others import it from here)
else:

    class _Defining(type):
        """Makes of a class statement the `namedtuple` of its fields, with its methods.

        `typing.NamedTuple` does so, too, but compiles every annotation before, to check it, which
        type checkers have done: of the 46 classes of a summary that is a tenth of its start.
        """

        def __new__(mcs, name: str, _: tuple[type, ...], body: dict[str, Any]) -> type:
            names = body["__annotations__"]
            defaults = [body.pop(field) for field in names if field in body]
            made = namedtuple(name, names, defaults=defaults)  # noqa: PYI024  (it is typed)
            for key, value in body.items():
                setattr(made, key, value)
            return made

    NamedTuple = type.__new__(_Defining, "NamedTuple", (), {})


#: What ends a line, as the YAML parser counts lines.
BREAK = "\r\n|[\r\n\x85\u2028\u2029]"


class Source(NamedTuple):
    """A text with the name that messages give it (a path, `<stdin>`, `--set k=...`).

    Of a file that is no YAML there is the `tree` that was read of it, and `remarks` on that.
    """

    name: str
    text: str
    tree: YamlMap | None = None
    remarks: tuple[str, ...] = ()

    def line(self, number: int) -> str:
        """Return line `number`, counted from 0, without its end."""
        lines = re.split(BREAK, self.text, maxsplit=number + 1)
        return lines[number] if number < len(lines) else ""


class Span(NamedTuple):
    """A stretch of a text.  Lines and columns count from 0; the end is exclusive."""

    line: int
    column: int
    end_line: int
    end_column: int


class Origin(NamedTuple):
    """Where something was written: a source and, when there is one, the stretch of text."""

    source: Source
    span: Span | None = None

    @classmethod
    def of_file(cls, name: str) -> Origin:
        """Return a whole file as the place, or what was given on a command line."""
        return cls(Source(name, ""))

    def __str__(self) -> str:
        """Give the place as editors and terminals link it: ``alexnet.yaml:12:5``."""
        if self.span is None:
            return self.source.name
        return f"{self.source.name}:{self.span.line + 1}:{self.span.column + 1}"


#: A place between two characters, its line and its column in one number: a large file has a
#: million of them.
Mark: TypeAlias = int

#: Bits of a column: more than a line of the largest file that is read has.
COLUMN_BITS = 26
_COLUMN = (1 << COLUMN_BITS) - 1

#: The place of what was never written as text.
NOWHERE: Mark = -1


def mark(line: int, column: int) -> Mark:
    """Return a place; lines and columns count from 0.

    >>> line_and_column(mark(11, 4))
    (11, 4)
    """
    return line << COLUMN_BITS | column


def line_and_column(place: Mark) -> tuple[int, int]:
    """Take a place apart."""
    return place >> COLUMN_BITS, place & _COLUMN


class Scalar(NamedTuple):
    """A word, a number, a string: text, and whether it stood without quotes.

    `length` is the distance from its start to its end: within a line a small number, of which,
    unlike a second place, all have the same one in memory.
    """

    text: str
    plain: bool
    source: Source
    start: Mark
    length: int


class List(NamedTuple):
    """A sequence."""

    items: tuple[Tree, ...]
    source: Source
    start: Mark
    length: int


class YamlMap(NamedTuple):
    """A mapping with text keys, in the order written; `keys` holds the keys' own places."""

    items: dict[str, Tree]
    keys: dict[str, Scalar]
    source: Source
    start: Mark
    length: int


Tree: TypeAlias = Scalar | List | YamlMap


def end_of(tree: Tree) -> Mark:
    """Return the place behind `tree`."""
    return tree.start + tree.length


def origin(tree: Tree) -> Origin:
    """Return the place where `tree` was written."""
    if tree.start == NOWHERE:
        return Origin(tree.source)
    return Origin(tree.source, Span(*line_and_column(tree.start), *line_and_column(end_of(tree))))


def scalar(text: str, source: Source) -> Scalar:
    """Return a plain scalar that stands for the whole of `source` (a command-line value)."""
    return Scalar(text, True, source, mark(0, 0), len(source.text))


def describe(tree: Tree) -> str:
    """Say in the user's words what `tree` is: ``'three'``, ``a list of 2``, ``nothing``."""
    if isinstance(tree, Scalar):
        if tree.text or not tree.plain:
            shown = tree.text if len(tree.text) <= 40 else tree.text[:39] + "…"
            return f"'{shown}'"
        return "nothing"
    if isinstance(tree, List):
        return f"a list of {len(tree.items)}" if tree.items else "an empty list"
    return "a map with " + ", ".join(list(tree.items)[:4]) if tree.items else "an empty map"


P = ParamSpec("P")
R = TypeVar("R")


def collector_paused(function: Callable[P, R]) -> Callable[P, R]:
    """Let a function run without collections of reference cycles.

    Reading and propagating make records that all stay alive and form no cycles; the collector
    would walk them again and again, which triples the time per layer of a large network.
    """

    @wraps(function)
    def paused(*args: P.args, **kwargs: P.kwargs) -> R:
        was_enabled = gc.isenabled()
        gc.disable()
        try:
            return function(*args, **kwargs)
        finally:
            if was_enabled:
                gc.enable()

    return paused
