"""`shapecalc page`: networks as one page that computes."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from shapecalc.cli import options
from shapecalc.cli.common import complete_spec, emit, remark, reported

if TYPE_CHECKING:
    from shapecalc.analysis.page.opening import Opened


@click.command(
    short_help="Write networks as a page that computes anew.",
    epilog="""\b
Examples:
  shapecalc page alexnet.yaml -o alexnet.html
  shapecalc page resnet50 vgg16 -o both.html
  shapecalc page specs/*.yaml -o site/
""",
)
@click.argument("specs", metavar="SPEC...", nargs=-1, required=True, shell_complete=complete_spec)
@click.option(
    "-o",
    "--output",
    "path",
    metavar="PAGE",
    type=click.Path(),
    help="Write the page to this file, or with a / at its end, or if it is one, to this folder: a"
    " page a network, and an index.  Default: standard output.",
)
@options.settings
@options.inputs
def page(
    specs: tuple[str, ...], path: str | None, settings: dict[str, str], inputs: dict[str, str]
) -> None:
    """Write networks as one page whose sizes can be turned.

    Each SPEC is a file, the name of a shipped spec, or - for standard input.  The page is one file
    that asks for nothing from anywhere: a table that folds, every number with its arithmetic, and
    the input's size and the spec's constants as fields; all numbers are computed anew, exactly.
    """
    with reported():
        from shapecalc.analysis.page.opening import opened
        from shapecalc.spec.find import find

        networks = [opened(find(spec), settings, inputs) for spec in specs]
        for network in networks:
            remark(network.plain.doubts)
        if path is not None and (path.endswith(("/", "\\")) or Path(path).is_dir()):
            _write_site(path, list(zip(specs, networks, strict=True)))
            return
        from shapecalc.analysis.page.layout import to_page

        emit(to_page(networks), None if path == "-" else path)


def _write_site(folder: str, networks: list[tuple[str, Opened]]) -> None:
    """Write a page a network, and the index last."""
    from shapecalc.analysis.page.site import INDEX, site_of
    from shapecalc.errors import refuse
    from shapecalc.text import Origin

    pages = site_of(networks)
    try:
        Path(folder).mkdir(parents=True, exist_ok=True)
    except OSError as error:
        message = f"the folder '{folder}' cannot be made: {error.strerror}"
        raise refuse("E007", message, Origin.of_file(folder)) from None
    for name in (*(name for name in pages if name != INDEX), INDEX):
        emit(pages[name], str(Path(folder, name)))
