"""What the tool has, listed: `layers`, `specs`, `profiles`, `schema`, `errors` and `completion`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from shapecalc.cli import options
from shapecalc.cli.common import complete_layer, complete_spec, emit, reported
from shapecalc.cli.usage import misuse

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shapecalc.counting.profile import Profile
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
    from shapecalc.layers import ALIASES, BUILT_IN_BLOCKS, BUILTIN, STRUCTURE
    from shapecalc.spec.language import all_layers, layer_help
    from shapecalc.text.words import did_you_mean

    with reported():
        if type_ is None:
            emit("\n".join(_layer_listing(list(all_layers()))) + "\n", None)
            return
        known = [*BUILTIN, *BUILT_IN_BLOCKS, *ALIASES, *STRUCTURE]
        if type_ not in known:
            hint = did_you_mean(type_.lower(), known) or "`shapecalc layers` lists them"
            raise refuse("E112", f"'{type_}' is not a layer type", hint=hint)
        emit("\n".join(_layer_page(layer_help(type_))) + "\n", None)


def _layer_listing(every: list[LayerHelp]) -> Iterator[str]:
    width = max(len(entry.type) for entry in every)
    for entry in every:
        alias = f" (also: {', '.join(entry.aliases)})" if entry.aliases else ""
        yield f"{entry.type:<{width}}  {entry.summary}{alias}"
    yield ""
    yield "The papers' words work too: conv3-64 (kernel 3, 64 filters, pad same), conv3-64/2,"
    yield "POOL-2, max-pool, FC-4096, soft-max."
    yield "`shapecalc layers conv` shows the fields of a type."


def _layer_page(page: LayerHelp) -> Iterator[str]:
    from textwrap import wrap

    from shapecalc.spec.language import common_fields

    alias = f" (also: {', '.join(page.aliases)})" if page.aliases else ""
    yield f"{page.type}: {page.summary}{alias}"
    yield ""
    for title in ("example", "rule", "counts", "learns", "unsaid"):
        text = getattr(page, title)
        if text:
            head = f"  {title:<9}"
            if title == "unsaid":
                text = f'where "what it does" is silent: {text}'
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
        yield f"  {field.name + ' ':<16}{holds}".rstrip()
        yield from (f"{'':<18}{line}" for line in wrap(field.doc, 80))
    if not page.fields:
        yield "  none of its own"
    yield ""
    yield "every layer"
    for field in common_fields():
        yield f"  {field.name:<16}{field.doc}"


@click.command(
    short_help="List the shipped specs, or print one.",
    epilog="""\b
Examples:
  shapecalc specs
  shapecalc specs --units M -f csv
  shapecalc specs zfnet > my-zfnet.yaml
""",
)
@click.argument("name", required=False, shell_complete=complete_spec)
@click.option("--names", is_flag=True, help="Print only the names, a line each, for a script.")
@options.written("analysis.shipped_specs.ShippedSpecs")
@options.units
def specs(name: str | None, output: options.Output, names: bool, units: str) -> None:
    """List the shipped specs, or print the text of NAME to start from.

    The list has every network's input, parameters, MACs and source; csv and json have its story,
    too.
    """
    with reported(as_json=output.as_json):
        from shapecalc.spec.find import find, shipped

        if name is not None or names:
            if output.format is not None or output.page or units != "exact" or (name and names):
                one = f"the text of {name}" if name else "names alone"
                raise misuse(f"{one} takes no other option than --output", "leave the others out")
            text = "".join(f"{known}\n" for known in shipped()) if name is None else find(name).text
            emit(text, output.path)
            return
        from shapecalc.analysis.shipped_specs import shipped_specs
        from shapecalc.output.options import make_view

        output.chosen()
        output.write(shipped_specs(), view=make_view(units=units))


@click.command(
    short_help="List the counting conventions, or show one.",
    epilog="""\b
Examples:
  shapecalc profiles
  shapecalc profiles thop
""",
)
@click.argument(
    "name", metavar="[NAME]", required=False, shell_complete=options.complete_words("profile")
)
def profiles(name: str | None) -> None:
    """List the counting conventions that --profile takes, or show the rules of NAME."""
    with reported():
        from shapecalc.analysis.reconcile import chosen
        from shapecalc.counting.profiles import PROFILES

        if name is None:
            emit("\n".join(_profile_listing(list(PROFILES.values()))) + "\n", None)
            return
        emit("\n".join(_profile_page(chosen([name])[0])) + "\n", None)


def _profile_listing(every: list[Profile]) -> Iterator[str]:
    width = max(len(profile.name) for profile in every)
    for profile in every:
        yield f"{profile.name:<{width}}  {profile.version or profile.label}"
    yield ""
    yield "`shapecalc profiles thop` shows the rules of one, `--profile thop` counts by them."


def _profile_page(profile: Profile) -> Iterator[str]:
    from textwrap import wrap

    from shapecalc.counting.profile import addends, described, grouped
    from shapecalc.counting.quantities import QUANTITIES

    yield profile.name
    yield from wrap(described(profile), 88)
    yield ""
    names: dict[str, None] = {}
    rules = grouped(profile)
    width = max(map(len, rules))
    for rule, kinds in rules.items():
        lines = wrap(", ".join(kinds), 84 - width, break_long_words=False)
        yield f"  {rule:<{width}}  {lines[0]}"
        yield from (f"  {'':<{width}}  {line}" for line in lines[1:])
        names.update(dict.fromkeys(addend.quantity for addend in addends(rule)))
    yield ""
    for name in names:
        meaning = f"{name}: {QUANTITIES[name].meaning}"
        yield from wrap(meaning, 88, initial_indent="  ", subsequent_indent="    ")


@click.command(
    short_help="Print the JSON Schema of the language.",
    epilog="""\b
Examples:
  shapecalc schema -o shapecalc.schema.json
  In a spec, for editors with the YAML language server:
  # yaml-language-server: $schema=shapecalc.schema.json
""",
)
@options.output_as("")
def schema(path: str | None) -> None:
    """Print the JSON Schema of the spec language, for completion in an editor."""
    from shapecalc.output.json import dump
    from shapecalc.spec.language import json_schema

    with reported():
        emit(dump(json_schema(), 2, ascii=True) + "\n", None if path == "-" else path)


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
    match = re.search(section, _errors_page(), re.MULTILINE | re.DOTALL)
    assert match is not None, f"docs/errors.md lacks {code}"
    example, meaning = match.groups()
    yield f"{code}: {CODES[code]}"
    yield ""
    yield textwrap.indent(example, "    ").rstrip("\n")
    for paragraph in meaning.strip().split("\n\n"):
        text = re.sub(r"\[(.*?)\]\(.*?\)", r"\1", paragraph)  # links
        yield ""
        yield textwrap.fill(text, 80, break_long_words=False, break_on_hyphens=False)


def _errors_page() -> str:
    """Return the text of docs/errors.md: in the wheel, or beside the package in a checkout."""
    from pathlib import Path

    import shapecalc

    package = Path(shapecalc.__file__).parent
    inside = package / "errors.md"
    page = inside if inside.exists() else package.parent / "docs" / "errors.md"
    return page.read_text(encoding="utf-8")


@click.command(
    short_help="Print a shell's completion script.",
    epilog='Example:  eval "$(shapecalc completion bash)"   in ~/.bashrc',
)
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def completion(shell: str) -> None:
    """Print the script that makes SHELL complete shapecalc's commands, specs and layers."""
    from click.shell_completion import get_completion_class

    from shapecalc.cli import main

    completion = get_completion_class(shell)
    if completion is None:
        raise misuse(f"there is no completion for {shell}")
    click.echo(completion(main, {}, "shapecalc", "_SHAPECALC_COMPLETE").source())
