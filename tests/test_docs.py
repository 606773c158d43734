"""The documentation says what is true: its commands run, and nothing is missing from it.

`SHAPECALC_REGENERATE=1 pytest tests/test_docs.py` renews the outputs of the console blocks and the
parts that docs/make.py makes, in README.md and in every page of docs/.
"""

from __future__ import annotations

import doctest
import os
import re
import shlex
from importlib.util import module_from_spec, spec_from_file_location
from typing import TYPE_CHECKING

import click
import pytest
import yaml

import shapecalc
from shapecalc.analysis.explain import TOPICS
from shapecalc.analysis.tables import compare_file
from shapecalc.cli import COMMANDS, main
from shapecalc.counting.profiles import PROFILES
from shapecalc.counting.quantities import QUANTITIES
from shapecalc.errors import CODES
from shapecalc.homework.diagnosis.misconceptions import CATALOGUE
from shapecalc.layers import ALIASES, BUILTIN, STRUCTURE
from shapecalc.output.columns import COLUMNS
from shapecalc.output.formats import FORMATS
from shapecalc.spec.find import shipped
from shapecalc.spec.grammar import TOP_KEYS
from tests.paths import ROOT
from tests.runner import runner

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from types import ModuleType

DOCS = ROOT / "docs"
README = ROOT / "README.md"
PAGES = (README, *sorted(DOCS.glob("*.md")))
REGENERATE = os.environ.get("SHAPECALC_REGENERATE") == "1"
FENCED = re.compile(r"^( *)```.*?^\1```$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"(?<!!)\[[^\]]*\]\(([^)\s]+)\)")
HEADING = re.compile(r"^#+ (.*)$", re.MULTILINE)

every_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)


def docs_make() -> ModuleType:
    spec = spec_from_file_location("make", DOCS / "make.py")
    assert spec is not None
    assert spec.loader is not None
    made = module_from_spec(spec)
    spec.loader.exec_module(made)
    return made


def prose(page: Path) -> str:
    """Return a page without what stands between fences."""
    return FENCED.sub("", page.read_text("utf-8"))


def anchor(heading: str) -> str:
    """Return what GitHub makes of a heading: a link's `#...`."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def blocks(page: Path, language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", page.read_text("utf-8"), re.DOTALL)


@every_page
def test_a_page_is_what_its_commands_print_and_its_makers_make(page: Path, tmp_path: Path) -> None:
    renewed = docs_make().renewed(page, tmp_path)
    text = page.read_text("utf-8")
    if REGENERATE:
        page.write_text(renewed, encoding="utf-8")
    assert renewed == text


@pytest.mark.parametrize("name", [*docs_make().GALLERY, *docs_make().FIGURES])
def test_a_picture_of_the_gallery_is_what_is_drawn(name: str) -> None:
    path, drawn = DOCS / "gallery" / f"{name}.svg", docs_make().picture(name)
    if REGENERATE:
        path.write_text(drawn, encoding="utf-8")
    assert path.read_text("utf-8") == drawn


def test_a_command_that_prints_something_else_is_noticed(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("```console\n$ cat a.yaml\nx\n$ cat a.yaml\ny\n```\n", encoding="utf-8")
    text = docs_make().renewed(page, tmp_path)
    assert text == "```console\n$ cat a.yaml\nx\n$ cat a.yaml\nx\n```\n"


def test_the_commands_of_a_page_find_their_files() -> None:
    for page in PAGES:
        assert not any("error[E001]" in block for block in blocks(page, "console")), page.name


@pytest.mark.parametrize(
    "page", [page for page in PAGES if blocks(page, "pycon")], ids=lambda page: page.stem
)
def test_python_of_a_page_says_what_the_library_returns(page: Path) -> None:
    session = "".join(blocks(page, "pycon"))
    example = doctest.DocTestParser().get_doctest(session, {}, page.name, page.name, 0)
    assert doctest.DocTestRunner(verbose=False).run(example).failed == 0


def test_python_is_in_blocks_that_are_run() -> None:
    assert len(blocks(DOCS / "python.md", "pycon")) >= 7
    programs = {path.read_text("utf-8") for path in (DOCS / "families").glob("*.py")}
    shown = {block for page in PAGES for block in blocks(page, "python")}
    assert shown == programs  # which test_families.py runs


def test_the_readme_is_short() -> None:
    assert len(README.read_bytes()) <= 8192


def test_the_readme_sets_up_a_fresh_machine_with_its_first_two_blocks() -> None:
    summarizes, tests = blocks(README, "sh")[:2]
    assert "shapecalc summarize alexnet" in summarizes
    assert "pytest" in tests
    for block in (summarizes, tests):
        assert block.startswith("python3 -m venv .venv && . .venv/bin/activate && pip install ")


def commands_of(page: Path) -> Iterator[list[str]]:
    """Yield the words of every command in a page, in blocks and in the text."""
    text = page.read_text("utf-8")
    for block in blocks(page, "(?:sh|console)"):
        yield from (
            shlex.split(line.removeprefix("$ "), comments=True)
            for line in block.splitlines()
            if line.startswith(("shapecalc ", "$ shapecalc "))
        )
    for inline in re.findall(r"`(shapecalc [^`]*)`", FENCED.sub("", text)):
        yield shlex.split(inline)


def unknown_words(words: list[str]) -> list[str]:
    """Return the commands and options that there are not; PLACEHOLDERS stand for any."""
    command: click.Command = main
    unknown = []
    for word in words[1:]:
        if word.startswith("-"):
            options = {name for option in command.params for name in option.opts}
            if word not in {*options, "-", "--help", "--version"}:
                unknown.append(word)
        elif isinstance(command, click.Group) and not word.isupper() and word != "...":
            below = command.get_command(click.Context(command), word)
            if below is None:
                return [*unknown, word]
            command = below
    return unknown


@every_page
def test_commands_and_options_of_a_page_exist(page: Path) -> None:
    for words in commands_of(page):
        assert unknown_words(words) == [], " ".join(words)


def test_a_command_or_an_option_that_there_is_not_is_noticed() -> None:
    assert unknown_words(["shapecalc", "sumarize", "alexnet"]) == ["sumarize"]
    assert unknown_words(["shapecalc", "homework", "chek", "a.csv"]) == ["chek"]
    assert unknown_words(["shapecalc", "summarize", "alexnet", "--colums", "name"]) == ["--colums"]
    assert unknown_words(["shapecalc", "homework", "check", "FILE", "--hint", "3", "-o", "x"]) == []


@every_page
def test_links_of_a_page_lead_somewhere(page: Path) -> None:
    for link in LINK.findall(prose(page)):
        if link.startswith("https://"):
            continue
        path, _, part = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        assert target.exists(), link
        if page != README:  # the site has nothing but docs/
            assert target.is_relative_to(DOCS), link
        if part:
            assert part in map(anchor, HEADING.findall(prose(target))), link


@every_page
def test_headings_of_a_page_have_anchors_that_stay(page: Path) -> None:
    """The site's and GitHub's are the same, and none of them is numbered because it stands twice."""
    headings = HEADING.findall(prose(page))
    for heading in headings:
        site = re.sub(r"[-\s]+", "-", re.sub(r"[^\w\s-]", "", heading).strip().lower())
        assert site.isascii()
        assert anchor(heading) == site
    assert len(set(map(anchor, headings))) == len(headings)


def test_the_site_leads_to_every_page() -> None:
    config = yaml.safe_load((ROOT / "mkdocs.yml").read_text("utf-8"))

    def pages(entry: object) -> Iterator[str]:
        if isinstance(entry, str):
            yield entry
        elif isinstance(entry, dict):
            for below in entry.values():
                yield from pages(below)
        elif isinstance(entry, list):
            for below in entry:
                yield from pages(below)

    listed = list(pages(config["nav"]))
    assert sorted(listed) == sorted(page.name for page in PAGES if page != README)
    assert set(config["exclude_docs"].split()) == {
        path.name for path in DOCS.iterdir() if path.is_file() and path.suffix != ".md"
    }


@pytest.mark.parametrize("number", range(4))
def test_a_recipe_is_short_and_gives_what_it_promises(number: int) -> None:
    recipe = blocks(DOCS / "recipes.md", "yaml")[number]
    report = shapecalc.summarize(shapecalc.loads(recipe))
    totals = report.totals
    assert report.graph.expected == {"params": totals.params, "macs": totals.macs}
    lines = [line for line in recipe.splitlines() if line.startswith("  ")]
    short = lines[lines.index("    layers:") + 1 :] if "    layers:" in lines else lines
    assert len(short) <= 5


def test_recipes_are_four() -> None:
    assert len(blocks(DOCS / "recipes.md", "yaml")) == 4


def test_the_first_page_leads_to_every_page() -> None:
    linked = set(LINK.findall(prose(DOCS / "index.md")))
    named = {page.name for page in PAGES if page.parent == DOCS} - {"index.md"}
    assert named <= linked
    assert "docs/index.md" in LINK.findall(prose(README))


@pytest.mark.parametrize("word", [*BUILTIN, *ALIASES, *STRUCTURE])
def test_every_layer_type_is_documented(word: str) -> None:
    assert re.search(rf"(## {word}\n|`{word}`)", (DOCS / "layers.md").read_text("utf-8"))


@pytest.mark.parametrize("code", CODES)
def test_every_error_code_has_a_heading(code: str) -> None:
    assert f"\n### {code}\n" in (DOCS / "errors.md").read_text("utf-8")


@pytest.mark.parametrize("key", TOP_KEYS)
def test_every_key_of_the_language_is_documented(key: str) -> None:
    assert f"`{key}`" in (DOCS / "language.md").read_text("utf-8")


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_a_page_of_its_name_and_its_help_an_example(command: str) -> None:
    page = (DOCS / f"{command}.md").read_text("utf-8")
    assert page.startswith(f"# {command}\n")
    assert f"\n$ shapecalc {command} --help\n" in page
    help_ = runner().invoke(main, [command, "--help"])
    assert help_.exit_code == 0
    assert "Example" in help_.output


@pytest.mark.parametrize("topic", TOPICS)
def test_every_topic_of_explanations_is_documented(topic: str) -> None:
    assert f"| `{topic}` |" in (DOCS / "explain.md").read_text("utf-8")


@pytest.mark.parametrize(
    ("page", "name"),
    [
        *(("networks", name) for name in shipped()),
        *(("profiles", name) for name in PROFILES),
        *(("misconceptions", name) for name in CATALOGUE),
    ],
)
def test_every_entry_of_a_table_has_a_heading(page: str, name: str) -> None:
    assert f"\n### {name}\n" in (DOCS / f"{page}.md").read_text("utf-8")


@pytest.mark.parametrize("name", QUANTITIES)
def test_every_quantity_is_documented(name: str) -> None:
    assert f"\n| `{name}` |" in (DOCS / "profiles.md").read_text("utf-8")


@pytest.mark.parametrize("column", [column.key for column in COLUMNS])
def test_every_column_is_documented(column: str) -> None:
    assert f"`{column}`" in (DOCS / "columns.md").read_text("utf-8")


def test_the_example_of_a_table_holds(tmp_path: Path) -> None:
    (example,) = blocks(DOCS / "tables.md", "yaml")
    (tmp_path / "example.yaml").write_text(example, encoding="utf-8")
    compared = compare_file(tmp_path / "example.yaml")
    # 5 x 5 x 6 x 16 + 16 = 2,416 is an erratum; the other four cells are LeNet-5's
    assert tuple(compared.counts) == (5, 4, 0, 1, 0)


@pytest.mark.parametrize("format_", FORMATS)
def test_every_format_is_in_the_help(format_: str) -> None:
    assert format_ in runner().invoke(main, ["summarize", "--help"]).output
