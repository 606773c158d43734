"""`shapecalc schema`: the language as JSON Schema."""

from __future__ import annotations

import click

from shapecalc.cli import options
from shapecalc.cli.common import emit, reported


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
