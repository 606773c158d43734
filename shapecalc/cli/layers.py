"""`shapecalc layers`: the layer types of the language."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from shapecalc.cli.common import complete_layer, emit, reported

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shapecalc.spec.language import LayerHelp


@click.command(
    short_help="List the layer types, or show one.",
    epilog="""\b
Examples:
  shapecalc layers
  shapecalc layers conv
""",
)
@click.argument("type_", metavar="[TYPE]", required=False, shell_complete=complete_layer)
def layers(type_: str | None) -> None:
    """List the layer types, or show the fields, rules and an example of TYPE."""
    from shapecalc.errors import refuse
    from shapecalc.layers import ALIASES, BUILTIN, STRUCTURE
    from shapecalc.spec.language import all_layers, layer_help
    from shapecalc.text.words import did_you_mean

    with reported():
        if type_ is None:
            emit("\n".join(_listing(list(all_layers()))) + "\n", None)
            return
        known = [*BUILTIN, *ALIASES, *STRUCTURE]
        if type_ not in known:
            hint = did_you_mean(type_.lower(), known) or "`shapecalc layers` lists them"
            raise refuse("E112", f"'{type_}' is not a layer type", hint=hint)
        emit("\n".join(_page(layer_help(type_))) + "\n", None)


def _listing(every: list[LayerHelp]) -> Iterator[str]:
    width = max(len(entry.type) for entry in every)
    for entry in every:
        alias = f" (also: {', '.join(entry.aliases)})" if entry.aliases else ""
        yield f"{entry.type:<{width}}  {entry.summary}{alias}"
    yield ""
    yield "The papers' words work too: conv3-64 (kernel 3, 64 filters, pad same), FC-4096,"
    yield "soft-max."
    yield "`shapecalc layers conv` shows the fields of a type."


def _page(page: LayerHelp) -> Iterator[str]:
    from textwrap import wrap

    from shapecalc.spec.language import common_fields

    alias = f" (also: {', '.join(page.aliases)})" if page.aliases else ""
    yield f"{page.type}: {page.summary}{alias}"
    yield ""
    for title in ("example", "rule", "counts", "learns"):
        text = getattr(page, title)
        if text:
            head = f"  {title:<9}"
            lines = wrap(text, 88, break_long_words=False)
            yield from (
                (head if number == 0 else " " * len(head)) + line
                for number, line in enumerate(lines)
            )
    if page.principal:
        yield f"  {'short':<9}{page.type}: VALUE sets {page.principal}"
    yield ""
    yield "fields"
    for field in page.fields:
        default = f", default {field.default}" if field.default not in ("", "required") else ""
        required = ", required" if field.default == "required" else ""
        holds = f"{field.holds}{default}{required}".strip(", ")
        yield f"  {field.name:<16}{holds}".rstrip()
        yield from (f"{'':<18}{line}" for line in wrap(field.doc, 80))
    if not page.fields:
        yield "  none of its own"
    yield ""
    yield "every layer"
    for field in common_fields():
        yield f"  {field.name:<16}{field.doc}"
