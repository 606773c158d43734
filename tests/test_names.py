"""Names say what they name: no class twice, and no value called by a word that fits any value."""

from __future__ import annotations

import ast
from collections import defaultdict
from typing import TYPE_CHECKING

import pytest

from tests.paths import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator

PACKAGE = ROOT / "shapecalc"
#: Words that could name anything; `row`, `cell` or `layer` say what it is.
EMPTY_WORDS = frozenset({"told", "said", "found", "each", "some"})


def empty_names(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Yield line and name of every value that is bound to an empty word."""
    for node in ast.walk(tree):
        name = ""
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            name = node.id
        elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
            name = node.attr
        elif isinstance(node, ast.arg):
            name = node.arg
        elif isinstance(node, ast.FunctionDef | ast.ClassDef | ast.MatchAs):
            name = node.name or ""
        if name.strip("_") in EMPTY_WORDS:
            yield node.lineno, name


def test_no_value_is_called_by_an_empty_word() -> None:
    places = [
        f"{path.relative_to(ROOT)}:{line}: {name}"
        for path in sorted(PACKAGE.rglob("*.py"))
        for line, name in empty_names(ast.parse(path.read_text(encoding="utf-8")))
    ]
    assert places == []


@pytest.mark.parametrize(
    "text",
    [
        "[each for each in rows]",
        "def f(told): pass",
        "found = 3",
        "self.said = 3",
        "def said(): pass",
        "found: int = 3",
    ],
)
def test_an_empty_word_is_found(text: str) -> None:
    assert len(list(empty_names(ast.parse(text)))) == 1


def test_no_two_classes_have_one_name() -> None:
    places = defaultdict(list)
    for path in sorted(PACKAGE.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ClassDef):
                places[node.name].append(str(path.relative_to(PACKAGE)))
    assert {name: files for name, files in places.items() if len(files) > 1} == {}
