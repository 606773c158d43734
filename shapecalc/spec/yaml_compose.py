"""YAML text to a tree, within limits, and with complaints in the user's words.

The tree is built straight from the C parser's events, without recursion: composing nodes first, as
PyYAML does, takes ten times as long.
"""

from __future__ import annotations

from sys import intern
from typing import TYPE_CHECKING, Any

import yaml

from shapecalc.errors import Problem, SpecErrors
from shapecalc.text import (
    COLUMN_BITS,
    List,
    Mark,
    Origin,
    Scalar,
    Source,
    Span,
    Tree,
    YamlMap,
    collector_paused,
    describe,
    end_of,
    line_and_column,
    mark,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

#: The limits of a file: bytes, nesting, values in all, values that aliases stand for, and what
#: `for` may walk through.
MAX_BYTES = 32 * 2**20
MAX_DEPTH = 100
MAX_VALUES = 5_000_000
MAX_ALIASED = 500_000
MAX_ROWS = 100_000

_Loader = getattr(yaml, "CLoader", yaml.Loader)


@collector_paused
def compose(source: Source) -> Tree:
    """Build the tree of `source`, or return what was read of a file that is no YAML.

    Raises `SpecErrors` for text that is not YAML, repeated keys, tags, merge keys, several
    documents, and anything beyond the limits.
    """
    if source.tree is not None:
        return source.tree
    if len(source.text) > MAX_BYTES:
        message = f"the file holds more than {MAX_BYTES // 2**20} MiB"
        raise SpecErrors([_problem("E005", message, source, None, "split the file")])
    try:
        source.text.encode()
    except UnicodeEncodeError as error:
        from shapecalc.spec.yaml_messages import place_of

        message = "the text is not UTF-8: this character is broken"
        at = mark(*place_of(source.text, error.start))
        raise SpecErrors([_problem("E004", message, source, at, "type it anew")]) from None
    text = _without_pairs(source.text)
    builder = _Builder(source, in_halves=text is not source.text)
    try:
        return builder.build(yaml.parse(text, Loader=_Loader))
    except yaml.YAMLError as error:
        from shapecalc.spec.yaml_messages import explain

        message, hint, place = explain(source, error)
        where = mark(*place) if place is not None else None
        raise SpecErrors([_problem("E101", message, source, where, hint)]) from None


def _without_pairs(text: str) -> str:
    r"""Write JSON's pairs for characters beyond 16 bits so that YAML, which has none, reads them.

    Both halves become letters of private use, by escapes of the same length, so that every place
    stays; a text that has such letters itself is left as it is.

    >>> _without_pairs('["\\ud83d\\ude00"]')
    '["\\ue03d\\ue600"]'
    """
    if "\\u" not in text or text.lstrip()[:1] not in ("{", "["):
        return text
    import re

    if re.search(r"[\ue000-\ue7ff]|\\ue[0-7]", text, re.IGNORECASE):
        return text
    pair = r"(?<!\\)((?:\\\\)*)\\u(d[89ab]..)\\u(d[c-f]..)"
    moved = r"{}\u{:04x}\u{:04x}".format

    def halves(match: re.Match[str]) -> str:
        try:
            high, low = (int(digits, 16) + _MOVED for digits in match.groups()[1:])
        except ValueError:
            return match[0]
        return moved(match[1], high, low)

    return re.sub(pair, halves, text, flags=re.IGNORECASE)


#: From the first of the surrogates to the first letter of private use.
_MOVED = 0xE000 - 0xD800


def _with_pairs(value: str) -> str:
    """Put the halves of characters together again."""
    import re

    return re.sub(
        "[\ue000-\ue3ff][\ue400-\ue7ff]",
        lambda pair: chr(0x10000 + (ord(pair[0][0]) - 0xE000) * 0x400 + ord(pair[0][1]) - 0xE400),
        value,
    )


class _Open:
    """A collection whose end has not come yet; `size` counts its values, aliases written out."""

    __slots__ = (
        "anchor",
        "children",
        "in_brackets",
        "is_map",
        "items",
        "key",
        "keys",
        "size",
        "start",
    )

    def __init__(self, is_map: bool, in_brackets: bool, start: Mark, anchor: str | None) -> None:
        self.is_map = is_map
        self.in_brackets = in_brackets
        self.start = start
        self.anchor = anchor
        self.size = 1
        self.children: list[Tree] = []
        self.items: dict[str, Tree] = {}
        self.keys: dict[str, Scalar] = {}
        self.key: Scalar | None = None

    def close(self, source: Source, end: Mark) -> Tree:
        """Return the finished collection."""
        length = end - self.start
        if self.is_map:
            return YamlMap(self.items, self.keys, source, self.start, length)
        return List(tuple(self.children), source, self.start, length)


class _Builder:
    """Builds the tree of one source.  Events are the parser's, untyped."""

    def __init__(self, source: Source, *, in_halves: bool = False) -> None:
        self.source = source
        self.in_halves = in_halves
        self.problems: list[Problem] = []
        self.root: Tree | None = None
        self.open: list[_Open] = []
        self.anchors: dict[str, tuple[Tree, int]] = {}
        self.aliased = 0
        self.documents = 0

    def build(self, events: Iterator[Any]) -> Tree:
        """Build the tree; complaints that allow to go on are collected."""
        handlers = {
            yaml.StreamStartEvent: _pass,
            yaml.DocumentStartEvent: self.document,
            yaml.ScalarEvent: self.scalar,
            yaml.AliasEvent: self.alias,
            yaml.MappingStartEvent: self.start,
            yaml.SequenceStartEvent: self.start,
            yaml.MappingEndEvent: self.end,
            yaml.SequenceEndEvent: self.end,
            yaml.DocumentEndEvent: _pass,
            yaml.StreamEndEvent: _pass,
        }
        event: Any = None
        try:
            for event in events:
                handlers[type(event)](event)
        except (yaml.YAMLError, RecursionError, MemoryError) as error:
            self.measure(event, error)
            raise
        if self.problems:
            raise SpecErrors(self.problems)
        if self.root is None or (isinstance(self.root, Scalar) and not self.root.text):
            hint = "a spec has at least `input: 32x32x3` and `layers:` with a list"
            self.stop("E006", "the file holds no spec: it is empty", None, hint)
        assert self.root is not None
        return self.root

    def scalar(self, event: Any) -> None:  # noqa: ANN401
        if event.tag and event.tag != "!":
            self.tag(event)
        value = intern(event.value)  # a large file repeats few words
        if self.in_halves and event.style == '"':
            value = _with_pairs(value)
        begin, end = event.start_mark, event.end_mark  # `_place` of both, without its calls
        start = begin.line << COLUMN_BITS | begin.column
        length = (end.line << COLUMN_BITS | end.column) - start
        node = Scalar(value, event.implicit[0], self.source, start, length)
        if event.anchor:
            self.anchors[event.anchor] = (node, 1)
        self.add(node, 1)

    def alias(self, event: Any) -> None:  # noqa: ANN401
        if event.anchor not in self.anchors:
            message = f"the alias *{event.anchor} stands for nothing yet"
            hint = f"write &{event.anchor} before the value it should stand for"
            if any(around.anchor == event.anchor for around in self.open):
                message = f"the alias *{event.anchor} stands inside of what it stands for"
                hint = "nothing can hold itself; `repeat` repeats layers"
            self.stop("E101", message, _place(event.start_mark), hint)
        node, size = self.anchors[event.anchor]
        self.aliased += size
        if self.aliased > MAX_ALIASED:
            message = f"aliases stand for more than {MAX_ALIASED:,} values"
            hint = "use `blocks` and `repeat`, which are counted before they are expanded"
            self.stop("E104", message, _place(event.start_mark), hint)
        self.add(node, size)

    def start(self, event: Any) -> None:  # noqa: ANN401
        if event.tag and event.tag != "!":
            self.tag(event)
        if len(self.open) >= MAX_DEPTH:
            self.too_deep(_place(event.start_mark))
        is_map = type(event) is yaml.MappingStartEvent
        start = _place(event.start_mark)
        self.open.append(_Open(is_map, event.flow_style, start, event.anchor))

    def end(self, event: Any) -> None:  # noqa: ANN401
        done = self.open.pop()
        node = done.close(self.source, _place(event.end_mark))
        if done.anchor:
            self.anchors[done.anchor] = (node, done.size)
        self.add(node, done.size)

    def measure(self, last: Any, error: Exception) -> None:  # noqa: ANN401
        """Refuse what nests too deeply between the last event and the parser's complaint.

        A parser has limits of its own and looks ahead: it may give up on text of which it has
        handed nothing over yet.
        """
        from shapecalc.spec.yaml_messages import OpenLevel, opened_beyond

        text = self.source.text
        begin, column = (last.end_mark.index, last.end_mark.column) if last else (0, 0)
        levels = [
            OpenLevel(line_and_column(o.start)[1], not o.is_map, o.in_brackets) for o in self.open
        ]
        stop = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
        stretch = begin, stop.index if stop is not None else len(text)
        at = opened_beyond(text, levels, stretch, column, MAX_DEPTH)
        if at is not None:
            from shapecalc.spec.yaml_messages import place_of

            self.too_deep(mark(*place_of(text, at)))

    def too_deep(self, at: Mark) -> None:
        message = f"lists and maps are nested more than {MAX_DEPTH} deep"
        hint = "use `repeat` and `blocks` for structure that recurs"
        self.stop("E103", message, at, hint)

    def document(self, event: Any) -> None:  # noqa: ANN401
        self.documents += 1
        if self.documents > 1:
            message = "the file holds more than one document"
            hint = "one file is one network: remove the '---' line and what follows"
            self.stop("E106", message, _place(event.start_mark), hint)

    def add(self, node: Tree, size: int) -> None:
        """Put a finished node where it belongs."""
        if not self.open:
            self.root = node
            return
        top = self.open[-1]
        top.size += size
        if top.size > MAX_VALUES:
            message = f"the file holds more than {MAX_VALUES:,} values, its aliases written out"
            self.stop("E104", message, node.start, "use `blocks` and `repeat` for what recurs")
        if not top.is_map:
            top.children.append(node)
            if len(top.children) == MAX_ROWS + 1 and self.in_table():
                message = f"a list to walk through holds more than {MAX_ROWS:,} items"
                hint = "let `times` and `index` count the rounds, and compute what differs"
                self.stop("E104", message, node.start, hint)
        elif top.key is None:
            top.key = self.key(node, top)
        else:
            top.items[top.key.text] = node
            top.keys[top.key.text] = top.key
            top.key = None

    def in_table(self) -> bool:
        """Tell whether the open list is one of constants or of `for`: no list of layers."""
        keys = (level.key for level in self.open)
        return any(key is not None and key.text in ("let", "for") for key in keys)

    def key(self, node: Tree, top: _Open) -> Scalar:
        """Check a key."""
        if not isinstance(node, Scalar):
            self.complain("E110", f"a key is a word, not {describe(node)}", node.start, "")
            return Scalar(f"\0{len(top.items)}", False, self.source, node.start, node.length)
        if node.text == "<<" and node.plain:
            hint = "put shared fields into `defaults:` or into a block"
            self.complain("E105", "merge keys (<<) are not part of the language", node.start, hint)
        elif node.text in top.keys:
            first = line_and_column(top.keys[node.text].start)[0] + 1
            message = f"'{node.text}' stands twice in one map, first in line {first}"
            self.complain("E102", message, node.start, "keep one of the two", end_of(node))
        return node

    def tag(self, event: Any) -> None:  # noqa: ANN401
        shown = event.tag.replace("tag:yaml.org,2002:", "!!")
        message = f"the tag {shown} is not part of the language"
        self.complain("E105", message, _place(event.start_mark), "remove the tag; values are plain")

    def complain(
        self, code: str, message: str, at: Mark | None, hint: str, end: Mark | None = None
    ) -> None:
        """Note a problem and go on."""
        self.problems.append(_problem(code, message, self.source, at, hint, end))

    def stop(self, code: str, message: str, at: Mark | None, hint: str) -> None:
        """Give up."""
        raise SpecErrors([_problem(code, message, self.source, at, hint)])


def _pass(event: Any) -> None:  # noqa: ANN401
    """Pass over what says nothing."""


def _place(of: Any) -> Mark:  # noqa: ANN401
    """Return where the parser's own mark stands."""
    return mark(of.line, of.column)


def _problem(
    code: str, message: str, source: Source, at: Mark | None, hint: str, end: Mark | None = None
) -> Problem:
    span = None
    if at is not None:
        line, column = line_and_column(at)
        span = Span(
            line, column, *(line_and_column(end) if end is not None else (line, column + 1))
        )
    return Problem(code, message, Origin(source, span), hint=hint)
