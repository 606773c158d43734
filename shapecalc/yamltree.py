"""YAML text to a tree of scalars, lists and maps that remember their places.

Scalars stay text: what `010`, `on` or `12:30` means is decided by whoever reads the field, who
knows what it expects.  The tree is built straight from the C parser's events, in a loop without
recursion, and is bounded: bytes, depth, and the size to which aliases expand.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, TypeAlias

import yaml

from shapecalc.errors import Problem, SpecErrors
from shapecalc.pause import collector_paused
from shapecalc.source import Origin, Source, Span
from shapecalc.syntax import explain, place_of

if TYPE_CHECKING:
    from collections.abc import Iterator

MAX_BYTES = 32 * 2**20
MAX_DEPTH = 100
MAX_NODES = 5_000_000
MAX_ALIASED = 500_000

_Loader = getattr(yaml, "CLoader", yaml.Loader)


class _Mark(NamedTuple):
    line: int
    column: int


class Scalar(NamedTuple):
    """A word, a number, a string: text, and whether it stood without quotes."""

    text: str
    plain: bool
    source: Source
    start: _Mark
    end: _Mark


class List(NamedTuple):
    """A sequence."""

    items: tuple[Tree, ...]
    source: Source
    start: _Mark
    end: _Mark


class Map(NamedTuple):
    """A mapping with text keys, in the order written; `keys` holds the keys' own places."""

    items: dict[str, Tree]
    keys: dict[str, Scalar]
    source: Source
    start: _Mark
    end: _Mark


Tree: TypeAlias = Scalar | List | Map


def origin(tree: Tree) -> Origin:
    """Return the place where `tree` was written."""
    start, end = tree.start, tree.end
    return Origin(tree.source, Span(start.line, start.column, end.line, end.column))


def scalar(text: str, source: Source) -> Scalar:
    """Return a plain scalar that stands for the whole of `source` (a command-line value)."""
    return Scalar(text, True, source, _Mark(0, 0), _Mark(0, len(source.text)))


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


@collector_paused
def compose(source: Source) -> Tree:
    """Build the tree of `source`.

    Raises `SpecErrors` for text that is not YAML, repeated keys, tags, merge keys, several
    documents, and anything beyond the limits above.
    """
    if len(source.text) > MAX_BYTES:
        limit = f"{MAX_BYTES // 2**20} MiB"
        raise _fail("E005", f"the file holds more than {limit}", source, None, "split the file")
    try:
        source.text.encode()
    except UnicodeEncodeError as error:
        message = "the text is not UTF-8: this character is broken"
        mark = _Mark(*place_of(source.text, error.start))
        raise _fail("E004", message, source, mark, "type it anew") from None
    try:
        return _build(source, yaml.parse(source.text, Loader=_Loader))
    except yaml.YAMLError as error:
        message, hint, place = explain(source, error)
        mark = _Mark(*place) if place is not None else None
        raise _fail("E101", message, source, mark, hint) from None


def _build(source: Source, events: Iterator[yaml.Event]) -> Tree:  # noqa: C901, PLR0912, PLR0915
    # One loop over the events with a stack of open collections: the hot path of reading.
    scalar_event, alias_event = yaml.ScalarEvent, yaml.AliasEvent
    root: Tree | None = None
    problems: list[Problem] = []
    anchors: dict[str, tuple[Tree, int]] = {}
    # an open collection: [is_map, children, keys, pending key, start mark, anchor, size]
    stack: list[_Open] = []
    top: _Open | None = None
    documents = aliased = 0
    for event in events:
        kind = type(event)
        node: Tree
        size = 1
        if kind is scalar_event:
            if event.tag and event.tag != "!":
                problems.append(_tag(source, event, event.tag))
            node = Scalar(
                event.value, event.implicit[0], source, event.start_mark, event.end_mark
            )
            if event.anchor:
                anchors[event.anchor] = (node, 1)
        elif kind is yaml.MappingStartEvent or kind is yaml.SequenceStartEvent:
            if event.tag and event.tag != "!":
                problems.append(_tag(source, event, event.tag))
            if len(stack) >= MAX_DEPTH:
                message = f"lists and maps are nested more than {MAX_DEPTH} deep"
                hint = "use `repeat` and `blocks` for structure that recurs"
                raise _fail("E103", message, source, event.start_mark, hint)
            top = _Open(kind is yaml.MappingStartEvent, event.start_mark, event.anchor)
            stack.append(top)
            continue
        elif kind is yaml.MappingEndEvent or kind is yaml.SequenceEndEvent:
            done = stack.pop()
            node = done.close(source, event.end_mark)
            size = done.size
            if done.anchor:
                anchors[done.anchor] = (node, size)
            top = stack[-1] if stack else None
        elif kind is alias_event:
            if event.anchor not in anchors:
                message = f"the alias *{event.anchor} stands for nothing yet"
                hint = f"write &{event.anchor} before the value it should stand for"
                raise _fail("E101", message, source, event.start_mark, hint)
            node, size = anchors[event.anchor]
            aliased += size
            if aliased > MAX_ALIASED:
                message = f"aliases stand for more than {MAX_ALIASED:,} values"
                hint = "use `blocks` and `repeat`, which are counted before they are expanded"
                raise _fail("E104", message, source, event.start_mark, hint)
        elif kind is yaml.DocumentStartEvent:
            documents += 1
            if documents > 1:
                message = "the file holds more than one document"
                hint = "one file is one network: remove the '---' line and what follows"
                raise _fail("E106", message, source, event.start_mark, hint)
            continue
        else:
            continue
        if top is None:
            root = node
            continue
        top.size += size
        if top.size > MAX_NODES:
            message = f"the file holds more than {MAX_NODES:,} values, its aliases written out"
            hint = "use `blocks` and `repeat` for structure that recurs"
            raise _fail("E104", message, source, event.start_mark, hint)
        top.add(source, node, problems)
    if problems:
        raise SpecErrors(problems)
    if root is None or (isinstance(root, Scalar) and not root.text):
        hint = "a spec has at least `input: 32x32x3` and `layers:` with a list"
        raise _fail("E006", "the file holds no spec: it is empty", source, None, hint)
    return root


class _Open:
    """A collection whose end has not come yet."""

    __slots__ = ("anchor", "children", "is_map", "items", "key", "keys", "size", "start")

    def __init__(self, is_map: bool, start: _Mark, anchor: str | None) -> None:
        self.is_map = is_map
        self.start = start
        self.anchor = anchor
        self.size = 1
        self.children: list[Tree] = []
        self.items: dict[str, Tree] = {}
        self.keys: dict[str, Scalar] = {}
        self.key: Scalar | None = None

    def add(self, source: Source, node: Tree, problems: list[Problem]) -> None:
        if not self.is_map:
            self.children.append(node)
        elif self.key is None:
            if not isinstance(node, Scalar):
                message = f"a key is a word, not {describe(node)}"
                problems.append(_problem("E110", message, source, node.start, ""))
                node = Scalar(f"\0{len(self.items)}", False, source, node.start, node.end)
            elif node.text == "<<" and node.plain:
                hint = "put shared fields into `defaults:` or into a block"
                message = "merge keys (<<) are not part of the language"
                problems.append(_problem("E105", message, source, node.start, hint))
            elif node.text in self.keys:
                first = self.keys[node.text].start.line + 1
                message = f"'{node.text}' stands twice in one map, first in line {first}"
                hint = "keep one of the two"
                problems.append(_problem("E102", message, source, node.start, hint, node.end))
            self.key = node
        else:
            self.items[self.key.text] = node
            self.keys[self.key.text] = self.key
            self.key = None

    def close(self, source: Source, end: _Mark) -> Tree:
        if self.is_map:
            return Map(self.items, self.keys, source, self.start, end)
        return List(tuple(self.children), source, self.start, end)


def _tag(source: Source, event: yaml.Event, tag: str) -> Problem:
    shown = tag.replace("tag:yaml.org,2002:", "!!")
    message = f"the tag {shown} is not part of the language"
    return _problem("E105", message, source, event.start_mark, "remove the tag; values are plain")


def _problem(  # noqa: PLR0913
    code: str, message: str, source: Source, mark: _Mark | None, hint: str, end: _Mark | None = None
) -> Problem:
    span = None
    if mark is not None:
        stop = end or _Mark(mark.line, mark.column + 1)
        span = Span(mark.line, mark.column, stop.line, stop.column)
    return Problem(code, message, Origin(source, span), hint=hint)


def _fail(code: str, message: str, source: Source, mark: _Mark | None, hint: str) -> SpecErrors:
    return SpecErrors([_problem(code, message, source, mark, hint)])
