"""docs/errors.md explains every code, with an example that is really said."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from shapecalc.errors import CODES
from tests.paths import ROOT

HERE = Path(__file__).parent
DOCS = (ROOT / "docs" / "errors.md").read_text(encoding="utf-8")
SAID = "\n\n".join(path.read_text(encoding="utf-8") for path in sorted(HERE.glob("*.txt")))


def section(code: str) -> str:
    match = re.search(rf"^### {code}: .*?(?=^##|\Z)", DOCS, re.MULTILINE | re.DOTALL)
    assert match, f"docs/errors.md lacks {code}"
    return match[0]


@pytest.mark.parametrize(("code", "title"), CODES.items())
def test_a_code_has_its_title_an_example_and_what_to_do(code: str, title: str) -> None:
    text = section(code)
    assert text.startswith(f"### {code}: {title}\n")
    example, rest = re.fullmatch(r"[^\n]*\n\n```text\n(.*?)\n```\n\n(.*)", text, re.DOTALL).groups()  # type: ignore[union-attr]
    assert example.startswith(f"error[{code}]: ")
    assert example in SAID
    assert len(rest.split()) >= 5


def test_no_code_is_explained_that_there_is_not() -> None:
    assert re.findall(r"^### (E\d+):", DOCS, re.MULTILINE) == list(CODES)


def test_every_code_that_the_package_uses_is_one() -> None:
    package = ROOT / "shapecalc"
    used = {
        code
        for path in package.rglob("*.py")
        for code in re.findall(r'"(E\d{3})"', path.read_text(encoding="utf-8"))
    }
    assert used == set(CODES)
