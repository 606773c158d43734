"""`shapecalc errors`: what an error's code means, and how to mend it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from shapecalc.cli.common import emit, reported

if TYPE_CHECKING:
    from collections.abc import Iterator


def complete_code(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:
    """Complete an error's code."""
    from shapecalc.errors import CODES

    return [code for code in CODES if code.startswith(incomplete.upper())]


@click.command(
    short_help="List the errors, or explain one.",
    epilog="""\b
Examples:
  shapecalc errors
  shapecalc errors E204
""",
)
@click.argument("code", required=False, shell_complete=complete_code)
def errors(code: str | None) -> None:
    """List the codes of errors, or explain CODE: an example, what it means, how to mend it."""
    from shapecalc.errors import CODES, refuse
    from shapecalc.text.words import did_you_mean

    with reported():
        if code is None:
            emit("".join(f"{known}  {title}\n" for known, title in CODES.items()), None)
            return
        if code.upper() not in CODES:
            hint = did_you_mean(code.upper(), CODES) or "`shapecalc errors` lists them"
            raise refuse("E303", f"no error has the code '{code}'", hint=hint)
        emit("\n".join(_explanation(code.upper())) + "\n", None)


def _explanation(code: str) -> Iterator[str]:
    """Yield the lines of what docs/errors.md has to say about a code."""
    import re
    import textwrap

    from shapecalc.errors import CODES

    section = rf"^### {code}\n.*?```text\n(.*?)```\n(.*?)(?=^##|^<!--|\Z)"
    match = re.search(section, _page(), re.MULTILINE | re.DOTALL)
    assert match is not None, f"docs/errors.md lacks {code}"
    example, meaning = match.groups()
    yield f"{code}: {CODES[code]}"
    yield ""
    yield textwrap.indent(example, "    ").rstrip("\n")
    for paragraph in meaning.strip().split("\n\n"):
        text = re.sub(r"\[(.*?)\]\(.*?\)", r"\1", paragraph)  # links
        yield ""
        yield textwrap.fill(text, 80, break_long_words=False, break_on_hyphens=False)


def _page() -> str:
    """Return the text of docs/errors.md: in the wheel, or beside the package in a checkout."""
    from pathlib import Path

    import shapecalc

    package = Path(shapecalc.__file__).parent
    inside = package / "errors.md"
    page = inside if inside.exists() else package.parent / "docs" / "errors.md"
    return page.read_text(encoding="utf-8")
