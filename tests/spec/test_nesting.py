"""Too deep is too deep by our limit, whatever a parser makes of it and whenever it gives up."""

from __future__ import annotations

from collections import deque
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import yaml
from hypothesis import example, given
from hypothesis import strategies as st

from shapecalc.errors import Problem, SpecErrors
from shapecalc.spec import yaml_compose as module
from shapecalc.spec.find import specs_folder
from shapecalc.spec.yaml_compose import MAX_DEPTH, compose
from shapecalc.spec.yaml_messages import OpenLevel, opened_beyond
from shapecalc.text import Source

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

PARSE = yaml.parse
LOADERS = [yaml.Loader, *([yaml.CLoader] if hasattr(yaml, "CLoader") else [])]

#: Texts that nest too deeply, each in a way of its own.
DEEP = {
    "lists in brackets": "[" * 1_100,
    "lists in brackets, closed": "[" * 200 + "]" * 200,
    "maps in braces": "{a: " * 1_100,
    "brackets and braces": "[{a: " * 600,
    "a bracket on every line": "\n".join("[" * 1_100),
    "a bracket on every line, as old Macs end them": "\r".join("[" * 1_100),
    "behind a key": "input: 3\nlayers: " + "[" * 1_100,
    "behind a word in quotes": "\"[[[\" : [ \"]]]\", 'it''s [', " + "[" * 1_100,
    "behind a remark": "# ]]]\n[ # ]]]\n" + "[" * 1_100,
    "behind plain words": "a: it's [\nb: [it's, 1:2, " + "[" * 1_100,
    "behind a text of several lines": "a: |\n  [[[\n\n  {{{\nb: " + "[" * 1_100,
    "behind signs of two bytes": "é漢\U0001f600: [é, " + "[" * 1_100,
    "behind what is closed again": "[[[], {}, [[]]], " + "[" * 1_100,
    "dashes": "- " * 2_000,
    "question marks": "? " * 2_000,
    "keys inside each other": "".join(" " * i + "a:\n" for i in range(300)),
    "keys in quotes": "".join(" " * i + '"a b" :\n' for i in range(300)),
    "lists inside each other": "".join(" " * i + "-\n" for i in range(300)),
    "maps in lists in maps": "".join("  " * i + "- a:\n" for i in range(300)),
    "lists as far in as their keys": "".join(
        "  " * i + "a:\n" + "  " * i + "-\n" for i in range(99)
    ),
    "brackets in blocks": "".join(" " * i + "a:\n" for i in range(60)) + " " * 60 + "[" * 60,
    "a broken end": "[" * 150 + "}",
}
#: Texts that do not, and that are no YAML all the same.
SHALLOW = {
    "in double quotes": 'a: "' + "[" * 300 + '\\""\nb: [}\n',
    "in single quotes": "a: '" + "[" * 300 + "'\nb: [}\n",
    "in a key": '"' + "[" * 300 + '": [}\n',
    "in quotes, in brackets": '[{"' + "[" * 300 + '":"' + "{" * 300 + '"}, }\n',
    "in a remark": "a: 1 #" + "[" * 300 + "\nb: [}\n",
    "in a plain word": "a: b" + "[" * 300 + "\nb: [}\n",
    "in a plain word of two lines": "a: b\n  " + "[" * 300 + "\nb: [}\n",
    "in a text of several lines": "a: |\n  " + "[" * 300 + "\nb: [}\n",
    "in a folded text": "- >-\n\n   " + "{" * 300 + "\n- [}\n",
    "opened and closed": "a: [" + "[]," * 300 + "{}]\nb: [}\n",
    "dashes in a text": "a: b\n  " + "- " * 300 + "\nb: [}\n",
    "keys one under the other": "".join(f"a{i}:\n  - b\n" for i in range(300)) + "b: [}\n",
    "as deep as may be": "[" * MAX_DEPTH + "}",
    "blocks as deep as may be": "- " * (MAX_DEPTH - 1) + "[}",
}


def problem_of(text: str) -> Problem:
    with pytest.raises(SpecErrors) as caught:
        compose(Source("<text>", text))
    return caught.value.problems[0]


def complaint(mark: yaml.Mark) -> yaml.YAMLError:
    return yaml.scanner.ScannerError("while doing its best", mark, "too much for me", mark)


@cache
def answer_of_the_patient(text: str) -> Problem:
    """Return the problem of a text that the slow parser, which has no limits, is asked for."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "_Loader", yaml.Loader)
        return problem_of(text)


#: What a parser that gives up may raise: with a place and without.
COMPLAINTS: dict[str, Callable[[yaml.Mark], Exception]] = {
    "a complaint with its place": complaint,
    "a complaint with the place of its context": lambda mark: yaml.MarkedYAMLError("here", mark),
    "a complaint without a place": lambda _: yaml.YAMLError("too deep"),
    "recursion": lambda _: RecursionError(),
    "memory": lambda _: MemoryError(),
}


def hasty(
    error: Callable[[yaml.Mark], Exception], limit: int, ahead: int
) -> Callable[..., Iterator[yaml.Event]]:
    """Make a parser that gives up beyond a depth, and holds back events that it looked at."""

    def parse(text: str, Loader: type) -> Iterator[yaml.Event]:  # noqa: N803
        held: deque[yaml.Event] = deque()
        depth = 0
        for event in PARSE(text, Loader=yaml.Loader):
            depth += isinstance(event, yaml.CollectionStartEvent)
            depth -= isinstance(event, yaml.CollectionEndEvent)
            if depth > limit:
                raise error(event.start_mark)
            held.append(event)
            if len(held) > ahead:
                yield held.popleft()
        yield from held

    return parse


@pytest.mark.parametrize("loader", LOADERS)
@pytest.mark.parametrize("name", DEEP)
def test_each_loader(monkeypatch: pytest.MonkeyPatch, name: str, loader: type) -> None:
    monkeypatch.setattr(module, "_Loader", loader)
    problem = problem_of(DEEP[name])
    assert (problem.code, problem.message) == (
        "E103",
        f"lists and maps are nested more than {MAX_DEPTH} deep",
    )
    assert "repeat" in problem.hint


@pytest.mark.parametrize(("limit", "ahead"), [(MAX_DEPTH, 1), (110, 30), (120, 10**6)])
@pytest.mark.parametrize("error", COMPLAINTS)
@pytest.mark.parametrize("name", DEEP)
def test_a_parser_that_gives_up_early(
    monkeypatch: pytest.MonkeyPatch, name: str, error: str, limit: int, ahead: int
) -> None:
    patient = answer_of_the_patient(DEEP[name])
    monkeypatch.setattr(yaml, "parse", hasty(COMPLAINTS[error], limit, ahead))
    assert problem_of(DEEP[name]) == patient


@pytest.mark.parametrize("name", SHALLOW)
def test_a_mistake_in_a_shallow_text_stays_what_it_is(
    monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    problem = problem_of(SHALLOW[name])
    assert problem.code == "E101"

    def parse(text: str, Loader: type) -> Iterator[yaml.Event]:  # noqa: N803
        yield from list(PARSE(text, Loader=Loader))

    monkeypatch.setattr(yaml, "parse", parse)  # it reads all before it hands anything over
    assert problem_of(SHALLOW[name]) == problem


@pytest.mark.parametrize("error", [RecursionError, MemoryError])
def test_what_is_no_matter_of_depth_is_not_called_so(
    monkeypatch: pytest.MonkeyPatch, error: type[Exception]
) -> None:
    def parse(text: str, Loader: type) -> Iterator[yaml.Event]:  # noqa: N803
        yield yaml.StreamStartEvent(
            yaml.Mark("", 0, 0, 0, None, 0), yaml.Mark("", 0, 0, 0, None, 0)
        )
        raise error

    monkeypatch.setattr(yaml, "parse", parse)
    with pytest.raises(error):
        compose(Source("<text>", "input: 3\nlayers: [relu]\n"))


# --- the measure --------------------------------------------------------------------------------


def depth_of(text: str) -> int:
    """Return how deep a text nests, as a parser reads it; `[a: b]` counts as `[a, b]`."""
    levels: list[int] = []
    most = 0
    for event in PARSE(text, Loader=yaml.Loader):
        if isinstance(event, yaml.CollectionStartEvent):
            in_list = event.flow_style and isinstance(event, yaml.MappingStartEvent)
            levels.append(not in_list or text[event.start_mark.index] == "{")
        elif isinstance(event, yaml.CollectionEndEvent):
            levels.pop()
        most = max(most, sum(levels))
    return most


def measured(text: str) -> int:
    return next(
        most for most in range(999) if opened_beyond(text, [], (0, len(text)), 0, most) is None
    )


TEXTS = [
    *sorted(Path(specs_folder()).glob("*.yaml")),
    *sorted(Path(__file__).parent.glob("*.yaml")),
]


@pytest.mark.parametrize("path", TEXTS, ids=lambda path: path.stem)
def test_networks_are_measured_as_the_parser_does(path: Path) -> None:
    text = path.read_text()
    assert measured(text) == depth_of(text)


WORDS = st.sampled_from(
    ["a", "1", "'it''s ['", '"[{\\""', "b[c", "it's", "a b", "-1", "{}", "[]", "[a, [b]]", "{a: {b: []}}",
     "&x a", "|\n                    [[[\n", "a:b", "http://[", "? ", "#", "x # [[", "~"]
)  # fmt: skip
TREES = st.recursive(
    WORDS, lambda inner: st.lists(inner, min_size=1, max_size=3).flatmap(lambda items: st.sampled_from([items, tuple(items)]))
)  # fmt: skip


def written(tree: str | list | tuple, indent: int) -> str:
    """Write a list with dashes, and a tuple as a map."""
    if isinstance(tree, str):
        return f" {tree}\n"
    lines = (
        f"{' ' * indent}{'-' if isinstance(tree, list) else f'k{i}:'}"
        + ("\n" if not isinstance(item, str) else "")
        + written(item, indent + 2)
        for i, item in enumerate(tree)
    )
    return "".join(lines)


@given(TREES)
@example(["a", ("b", ["[[c]]"])])
def test_nothing_is_measured_as_deeper_than_it_is(tree: str | list | tuple) -> None:
    text = written(tree, 0)
    try:
        depth = depth_of(text)
    except yaml.YAMLError:
        return
    assert measured(text) == depth


def test_what_is_open_already_counts() -> None:
    levels = [
        OpenLevel(0, is_list=False, in_brackets=False),
        OpenLevel(3, is_list=True, in_brackets=True),
    ]
    assert opened_beyond("a: [b, [c]]", levels, (4, 11), 4, 3) is None
    assert opened_beyond("a: [b, [c]]", levels, (4, 11), 4, 2) == 7
    assert opened_beyond("a: [b, [c]]", levels, (4, 6), 4, 2) is None


def test_there_is_nothing_behind_the_last_line() -> None:
    source = Source("net.yaml", "input: 8x8x3\nlayers: [relu]")
    assert [source.line(number) for number in range(4)] == [
        "input: 8x8x3",
        "layers: [relu]",
        "",
        "",
    ]
