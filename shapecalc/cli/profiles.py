"""`shapecalc profiles`: the counting conventions."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from shapecalc.cli import options
from shapecalc.cli.common import emit, reported

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shapecalc.counting.profile import Profile


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
            emit("\n".join(_listing(list(PROFILES.values()))) + "\n", None)
            return
        emit("\n".join(_page(chosen([name])[0])) + "\n", None)


def _listing(every: list[Profile]) -> Iterator[str]:
    width = max(len(profile.name) for profile in every)
    for profile in every:
        yield f"{profile.name:<{width}}  {profile.version or profile.label}"
    yield ""
    yield "`shapecalc profiles thop` shows the rules of one, `--profile thop` counts by them."


def _page(profile: Profile) -> Iterator[str]:
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
