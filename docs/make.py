"""Renew what is made in README.md and docs/: parts from the code, outputs by running commands.

    python docs/make.py         renews the pages
    python docs/make.py site    builds them as a site, with the pages of all networks beside them,
                                and fails where a link is broken

A part between `<!-- made: NAME -->` and `<!-- end -->` comes from the maker of that name below.  In
a ```console block the lines that begin with `$ ` are run, one after the other, in a folder of the
page's own: `shapecalc ...`, and `cat FILE`, which makes the file of what the page shows when there
is none yet.  tests/test_docs.py compares.
"""

from __future__ import annotations

import contextlib
import re
import shlex
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING

import yaml
from click.testing import CliRunner

import shapecalc
from shapecalc.analysis.explain import picture as explained
from shapecalc.analysis.tables.model import (
    COLUMN_KEYS,
    CONVENTION_KEYS,
    ERRATUM_KEYS,
    ROW_KEYS,
    TABLE_KEYS,
)
from shapecalc.analysis.tables.quantities import QUANTITIES as PRINTED
from shapecalc.cli import main
from shapecalc.counting.profile import described, grouped, without_rule
from shapecalc.counting.profiles import PROFILES
from shapecalc.counting.quantities import QUANTITIES, SUFFIXES
from shapecalc.draw.svg import to_svg
from shapecalc.errors import CODES
from shapecalc.homework.assignment.model import assign
from shapecalc.homework.diagnosis.misconceptions import CATALOGUE
from shapecalc.homework.sheets.pictured import drawings
from shapecalc.layers.shape import as_text
from shapecalc.output.columns import COLUMNS
from shapecalc.output.view import View
from shapecalc.spec.find import shipped
from shapecalc.spec.language import all_layers, common_fields

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

DOCS = Path(__file__).parent
ROOT = DOCS.parent
GOLDEN = ROOT / "tests" / "errors"
PAGES = (ROOT / "README.md", *sorted(DOCS.glob("*.md")))
PART = re.compile(r"(<!-- made: (\w+) -->\n).*?(<!-- end -->)", re.DOTALL)
CONSOLE = re.compile(r"(```console\n)(.*?)(```)", re.DOTALL)


def renewed(page: Path, folder: Path) -> str:
    """Return the text of a page with its parts made and its commands run in `folder`."""
    text = PART.sub(lambda part: f"{part[1]}\n{_made(part[2])}\n{part[3]}", page.read_text("utf-8"))
    with contextlib.chdir(folder):
        return CONSOLE.sub(lambda block: block[1] + _executed(block[2]) + block[3], text)


def _made(name: str) -> str:
    return "".join(f"{line}\n" for line in MAKERS[name]())


def _executed(block: str) -> str:
    """Return a console block with the outputs as they come out now."""
    steps = [step.partition("\n") for step in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]]
    return "".join(
        f"$ {command}\n{_output(shlex.split(command), shown).rstrip()}\n"
        for command, _, shown in steps
    )


def _output(words: list[str], shown: str) -> str:
    """Return what a terminal would show after a command."""
    program, *arguments = words
    if program == "cat":
        path = Path(*arguments)
        if not path.exists():
            path.write_text(shown, encoding="utf-8")
        return path.read_text("utf-8")
    if program != "shapecalc":
        raise ValueError(f"a console block runs shapecalc and cat, not {program}")
    return CliRunner().invoke(main, arguments, prog_name="shapecalc").output


def _columns() -> Iterator[str]:
    yield "| column | meaning | in CSV and JSON | shown by default |"
    yield "|---|---|---|---|"
    shown = {
        "everywhere": "yes",
        "machines": "in CSV and JSON",
        "asked": "no",
        "frozen": "where something is frozen",
        "frozen machines": "in CSV and JSON where something is frozen",
    }
    for column in COLUMNS:
        yield _row(f"`{column.key}`", column.meaning, f"`{column.name}`", shown[column.shown])


def _suffixes() -> Iterator[str]:
    yield "Some kinds of layers have a suffix: layers"
    yield ", ".join(f"{text} (`{word}`)" for word, text in SUFFIXES.items()) + "."


def _profiles() -> Iterator[str]:
    for profile in PROFILES.values():
        yield f"### {profile.name}"
        yield ""
        yield f"{_plain(described(profile))}."
        yield ""
        yield "| rule | layers |"
        yield "|---|---|"
        for rule, kinds in grouped(profile).items():
            yield f"| `{rule}` | {', '.join(kinds)} |"
        if unknown := without_rule(profile):
            yield f"| none, `?` | {', '.join(unknown)} |"
        yield ""


def _quantities() -> Iterator[str]:
    yield "| quantity | meaning |"
    yield "|---|---|"
    for name, quantity in QUANTITIES.items():
        yield _row(f"`{name}`", quantity.meaning)


def _table_keys() -> Iterator[str]:
    for title, keys in (
        ("The keys of the file", TABLE_KEYS),
        ("A column", COLUMN_KEYS),
        ("A row", ROW_KEYS),
        ("A convention", CONVENTION_KEYS),
        ("An erratum", ERRATUM_KEYS),
    ):
        yield f"### {title}"
        yield ""
        yield "| key | what it holds |"
        yield "|---|---|"
        for key, meaning in keys.items():
            yield _row(f"`{key}`", meaning)
        yield ""
    yield "### What a cell may hold"
    yield ""
    yield "| quantity | what it is | its convention's `count` |"
    yield "|---|---|---|"
    for quantity in PRINTED.values():
        counts = ", ".join(f"`{word}`" for word in quantity.counts)
        yield _row(f"`{quantity.name}`", quantity.meaning, counts)


def _layers() -> Iterator[str]:
    names = ", ".join(f"`{field.name}`" for field in common_fields())
    yield f"Every layer also takes {names}; see [language.md](language.md#layers)."
    for layer in all_layers():
        yield ""
        yield f"### {layer.type}"
        yield ""
        aliases = ", ".join(f"`{alias}`" for alias in layer.aliases)
        also = f" Also: {aliases}." if aliases else ""
        yield f"{_capitalized(layer.summary)}.{also}"
        yield ""
        yield f"    - {layer.example}"
        if layer.rule or layer.counts or layer.principal:
            yield ""
        if layer.rule:
            yield f"- Rule: {_plain(layer.rule)}."
        if layer.counts:
            yield f"- Counts: {_plain(layer.counts)}."
        if layer.learns:
            yield f"- Learns: {_plain(layer.learns)}."
        if layer.unsaid:
            yield f'- Where "what it does" is silent: {_plain(layer.unsaid)}.'
        if layer.principal:
            yield f"- `{layer.type}: VALUE` sets `{layer.principal}`."
        if layer.fields:
            yield ""
            yield "| field | holds | default | |"
            yield "|---|---|---|---|"
            for field in layer.fields:
                yield _row(f"`{field.name}`", field.holds, field.default, field.doc)


def _misconceptions() -> Iterator[str]:
    for entry in CATALOGUE.values():
        first = entry.examples[0]
        where = first.layer if "\n" in first.spec else f"{first.spec} {first.layer}"
        convention = " *Convention.*" if entry.convention else ""
        yield f"### {entry.id}"
        yield ""
        yield f"**{_capitalized(_plain(entry.name))}**"
        yield ""
        yield f"{_plain(entry.done)} {_plain(entry.why)}{convention}"
        yield ""
        yield f"- {where}, {first.column}: {_plain(first.wrong)} in place of {first.right}."
        yield ""


def _anchor(heading: str) -> str:
    """Return what a heading is linked by: GitHub and MkDocs leave its points out."""
    return heading.replace(".", "")


def _networks() -> Iterator[str]:
    reports = {name: shapecalc.summarize(name) for name in shapecalc.shipped()}
    yield "| spec | network | input | parameters | MACs | activations |"
    yield "|---|---|---|---:|---:|---:|"
    for name, report in reports.items():
        totals = report.totals
        inputs = ", ".join(as_text(row.output) for row in report.rows if row.type == "input")
        counts = (f"{n:,}" for n in (totals.params, totals.macs, totals.activations))
        yield _row(f"[`{name}`](#{_anchor(name)})", report.name, inputs, *counts)
    for name, report in reports.items():
        spec = report.graph.spec
        yield ""
        yield f"### {name}"
        yield ""
        yield f"**{_plain(report.name)}.** {_plain(spec.note)}"
        yield ""
        yield f"- Published: {_plain(spec.citation)}."
        if spec.expect:
            yield f"- Totals expected by: {_plain(spec.expect_source)}."


def _errors() -> Iterator[str]:
    paragraphs = yaml.safe_load((DOCS / "errors.yaml").read_text("utf-8"))
    listed = [code for codes in paragraphs.values() for code in codes]
    if listed != list(CODES):
        raise ValueError(f"docs/errors.yaml and CODES differ in {set(listed) ^ set(CODES)}")
    yield "| code | what is wrong |"
    yield "|---|---|"
    for code, title in CODES.items():
        yield _row(f"[{code}](#{code.lower()})", title)
    for section, codes in paragraphs.items():
        yield ""
        yield f"## {section}"
        for code, entry in codes.items():
            yield ""
            yield f"### {code}"
            yield ""
            yield f"**{_capitalized(CODES[code])}**"
            yield ""
            yield "```text"
            yield _message(code, entry["example"])
            yield "```"
            yield ""
            yield entry["text"].rstrip()


def _message(code: str, golden: str) -> str:
    """Return the first message with a code in a golden file."""
    text = (GOLDEN / f"{golden}.txt").read_text("utf-8")
    messages = re.split(r"\n\n(?=error\[)", text.rstrip("\n"))
    return next(message for message in messages if message.startswith(f"error[{code}]: "))


def _row(*cells: str) -> str:
    return "| " + " | ".join(map(_plain, cells)) + " |"


def _plain(text: str) -> str:
    """Keep Markdown from reading signs in a text."""
    return text.replace("|", "\\|").replace("*", "\\*")


def _capitalized(text: str) -> str:
    return text[0].upper() + text[1:]


#: The pictures of docs/draw.md.
GALLERY = (
    "lenet5",
    "alexnet",
    "vgg16",
    "googlenet",
    "resnet50",
    "densenet121",
    "unet",
    "mobilenet-v2",
    "alphago",
)


#: The pictures of other pages, by what they show and of which network.
FIGURES = (
    "volumes-vgg16",
    "volumes-unet",
    "costs-vgg16",
    "memory-resnet18",
    "field-alexnet",
    "gradient-alexnet",
    "sheet-lenet5",
)


def _gallery() -> Iterator[str]:
    for name in GALLERY:
        yield f"### {shapecalc.summarize(name).name.partition(' (')[0]}"
        yield ""
        yield f"`shapecalc draw {name} -o {name}.svg`"
        yield ""
        yield f"[![{name}](gallery/{name}.svg)](gallery/{name}.svg)"
        yield ""


def _program(name: str) -> Callable[[], list[str]]:
    """Return the maker of a block that shows a program of docs/families."""

    def shown() -> list[str]:
        source = (DOCS / "families" / f"{name}.py").read_text("utf-8")
        return ["```python", *source.splitlines(), "```"]

    return shown


def picture(name: str) -> str:
    """Draw a picture of the gallery, or of the figures."""
    kind, _, network = name.partition("-") if name in FIGURES else ("graph", "", name)
    report = shapecalc.summarize(network)
    if kind == "gradient":
        return to_svg(explained(report, "conv1", kind, View()))
    if kind == "sheet":
        homework = assign(report)._replace(picture="volumes")
        return "".join(to_svg(drawing) for _, drawing in drawings(homework, solution=False))
    return str(report.draw(kind).render("svg"))


MAKERS: dict[str, Callable[[], Iterable[str]]] = {
    "columns": _columns,
    "efficientnet": _program("efficientnet"),
    "errors": _errors,
    "gallery": _gallery,
    "layers": _layers,
    "misconceptions": _misconceptions,
    "networks": _networks,
    "profiles": _profiles,
    "quantities": _quantities,
    "regnet": _program("regnet"),
    "suffixes": _suffixes,
    "table_keys": _table_keys,
}


def site() -> int:
    """Build the site with the generator that pyproject.toml's extra `docs` names."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    generator = re.match(r"[\w-]+", project["optional-dependencies"]["docs"][0])
    assert generator is not None
    command = [sys.executable, "-m", generator[0], "build", "--clean", "--strict"]
    built = subprocess.run(command, cwd=ROOT, check=False).returncode  # noqa: S603  (our own words)
    return built or show_window()


def show_window() -> int:
    """Add the pages of all shipped networks to the site, at pages/index.html."""
    words = ["page", *shipped(), "-o", f"{ROOT / 'site' / 'pages'}/"]
    done = CliRunner().invoke(main, words, prog_name="shapecalc")
    sys.stderr.write(done.output)
    return done.exit_code


def renew() -> None:
    """Write every page and every picture anew."""
    for page in PAGES:
        with tempfile.TemporaryDirectory() as folder:
            text = renewed(page, Path(folder))
        page.write_text(text, encoding="utf-8")
    for name in (*GALLERY, *FIGURES):
        (DOCS / "gallery" / f"{name}.svg").write_text(picture(name), encoding="utf-8")


if __name__ == "__main__":
    sys.exit(site() if sys.argv[1:] == ["site"] else renew())
