"""Every code is explained, with an example that is really said: in docs/errors.md and by `errors`."""

from __future__ import annotations

import os
import pty
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from shapecalc.cli import main
from shapecalc.errors import CODES
from tests.paths import ROOT
from tests.runner import runner

HERE = Path(__file__).parent
DOCS = ROOT / "docs"
PAGE = (DOCS / "errors.md").read_text(encoding="utf-8")
PARAGRAPHS = {
    code: entry["text"]
    for codes in yaml.safe_load((DOCS / "errors.yaml").read_text(encoding="utf-8")).values()
    for code, entry in codes.items()
}
MESSAGES = "\n\n".join(path.read_text(encoding="utf-8") for path in sorted(HERE.glob("*.txt")))


def section(code: str) -> str:
    match = re.search(rf"^### {code}\n.*?(?=^##|^<!--|\Z)", PAGE, re.MULTILINE | re.DOTALL)
    assert match, f"docs/errors.md lacks {code}"
    return match[0]


@pytest.mark.parametrize(("code", "title"), CODES.items())
def test_a_code_has_its_title_an_example_and_what_to_do(code: str, title: str) -> None:
    text = section(code)
    assert text.startswith(f"### {code}\n\n**{title[0].upper()}{title[1:]}**\n")
    example, rest = re.search(r"\n\n```text\n(.*?)\n```\n\n(.*)", text, re.DOTALL).groups()  # type: ignore[union-attr]
    assert example.startswith(f"error[{code}]: ")
    assert example in MESSAGES
    assert rest.strip() == PARAGRAPHS[code].strip()
    assert len(rest.split()) >= 5


def test_no_code_is_explained_that_there_is_not() -> None:
    assert re.findall(r"^### (E\d+)$", PAGE, re.MULTILINE) == list(CODES)


@pytest.mark.parametrize(("code", "title"), CODES.items())
def test_the_command_says_what_the_page_says(code: str, title: str) -> None:
    shown = runner().invoke(main, ["errors", code.lower()])
    assert shown.exit_code == 0
    assert shown.output.startswith(f"{code}: {title}\n\n    error[{code}]: ")
    meaning = re.sub(r"\[(.*?)\]\(.*?\)", r"\1", PARAGRAPHS[code])
    assert " ".join(shown.output.split()).endswith(" ".join(meaning.split()))


def test_the_command_lists_all_codes() -> None:
    shown = runner().invoke(main, ["errors"])
    assert [line.split("  ", 1) for line in shown.output.splitlines()] == list(
        map(list, CODES.items())
    )


def test_a_code_that_there_is_not_is_refused() -> None:
    shown = runner().invoke(main, ["errors", "E299"])
    assert shown.exit_code == 2
    assert "no error has the code 'E299'" in shown.output


@pytest.mark.parametrize(
    ("spec", "named"), [("E204-window.yaml", "errors E204 "), ("several.yaml", "errors CODE ")]
)
def test_on_a_terminal_a_message_names_its_page(spec: str, named: str) -> None:
    program = [sys.executable, "-m", "shapecalc", "summarize", str(HERE / spec)]
    terminal, side = pty.openpty()
    with subprocess.Popen(program, stdout=subprocess.DEVNULL, stderr=side) as running:
        os.close(side)
        shown = b""
        try:
            while part := os.read(terminal, 65536):
                shown += part
        except OSError:  # the other side is closed
            pass
    os.close(terminal)
    assert running.returncode == 2
    last = shown.decode().splitlines()[-1]
    assert last == f"shapecalc {named}says what it means and how to mend it"


def test_every_code_that_the_package_uses_is_one() -> None:
    package = ROOT / "shapecalc"
    used = {
        code
        for path in package.rglob("*.py")
        for code in re.findall(r'"(E\d{3})"', path.read_text(encoding="utf-8"))
    }
    assert used == set(CODES)
