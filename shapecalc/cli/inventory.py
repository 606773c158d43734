"""What the tool has, listed: `layers`, `specs`, `profiles`, `schema`, `errors` and `completion`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from shapecalc.cli import options
from shapecalc.cli.common import complete_layer, complete_spec, emit, page_width, reported
from shapecalc.cli.usage import misuse

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from shapecalc.counting.profile import Profile, Surprise
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
            emit("\n".join(_layer_listing(all_layers(), page_width())) + "\n", None)
            return
        known = [*BUILTIN, *BUILT_IN_BLOCKS, *ALIASES, *STRUCTURE]
        if type_ not in known:
            hint = did_you_mean(type_.lower(), known) or "`shapecalc layers` lists them"
            raise refuse("E112", f"'{type_}' is not a layer type", hint=hint)
        emit("\n".join(_layer_page(layer_help(type_), page_width())) + "\n", None)


def _layer_listing(every: Iterable[LayerHelp], width: int) -> Iterator[str]:
    from shapecalc.output.text import terms_text, wrap

    yield from terms_text([(entry.type, _summary(entry)) for entry in every], width)
    yield ""
    words = "conv3-64 (kernel 3, 64 filters, pad same), conv3-64/2, POOL-2, max-pool, FC-4096"
    yield from wrap(f"The papers' words work too: {words}, soft-max.", width)
    yield from wrap("`shapecalc layers conv` shows the fields of a type.", width)


def _summary(entry: LayerHelp) -> str:
    alias = f" (also: {', '.join(entry.aliases)})" if entry.aliases else ""
    return f"{entry.summary}{alias}"


def _layer_page(page: LayerHelp, width: int) -> Iterator[str]:
    from shapecalc.output.text import hung, wrap
    from shapecalc.spec.language import common_fields

    yield from wrap(f"{page.type}: {_summary(page)}", width)
    yield ""
    for title in ("example", "rule", "counts", "learns", "unsaid"):
        text = getattr(page, title)
        if text:
            silent = 'where "what it does" is silent: ' if title == "unsaid" else ""
            yield from hung(f"  {title}", f"{silent}{text}", 11, width)
    if page.principal:
        yield from hung("  short", f"{page.type}: VALUE sets {page.principal}", 11, width)
    yield ""
    yield "fields"
    for field in page.fields:
        default = f", default {field.default}" if field.default not in ("", "required") else ""
        required = ", required" if field.default == "required" else ""
        holds = f"{field.holds}{default}{required}".strip(", ")
        yield from hung(f"  {field.name} ", holds, max(18, len(field.name) + 3), width)
        yield from hung("", field.doc, 18, width)
    if not page.fields:
        yield "  none of its own"
    yield ""
    yield "every layer"
    for field in common_fields():
        yield from hung(f"  {field.name}", field.doc, 18, width)


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
            emit("\n".join(_profile_listing(PROFILES.values(), page_width())) + "\n", None)
            return
        emit("\n".join(_profile_page(chosen([name])[0], page_width())) + "\n", None)


def _profile_listing(every: Iterable[Profile], width: int) -> Iterator[str]:
    from shapecalc.output.text import terms_text, wrap

    yield from terms_text(
        [
            (profile.name, "; ".join((profile.version or profile.label, *profile.also)))
            for profile in every
        ],
        width,
    )
    yield ""
    rules = "`shapecalc profiles thop` shows the rules of one, `--profile thop` counts by them."
    yield from wrap(rules, width)


def _profile_page(profile: Profile, width: int) -> Iterator[str]:
    from shapecalc.counting.profile import addends, described, grouped
    from shapecalc.counting.quantities import QUANTITIES
    from shapecalc.output.text import terms_text, wrap

    yield profile.name
    yield from wrap(described(profile), width)
    yield ""
    rules = grouped(profile)
    kinds = [(rule, ", ".join(those)) for rule, those in rules.items()]
    yield from (f"  {line}" for line in terms_text(kinds, width - 2))
    yield ""
    names = dict.fromkeys(addend.quantity for rule in rules for addend in addends(rule))
    meanings = [(name, QUANTITIES[name].meaning) for name in names]
    yield from (f"  {line}" for line in terms_text(meanings, width - 2))
    if profile.surprise is not None:
        yield ""
        yield from wrap(_surprise(profile, profile.surprise), width)


def _surprise(profile: Profile, surprise: Surprise) -> str:
    """Say what a profile counts of one layer, and why that may surprise."""
    from shapecalc.api import loads
    from shapecalc.report.compute import compute_report

    report = compute_report(loads(surprise.spec))
    count, macs = profile.count(report.totals), report.totals.macs
    return (
        f"{surprise.layer} of {surprise.shape} counts {count:,}, with {macs:,} MACs:"
        f" {surprise.why}."
    )


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
