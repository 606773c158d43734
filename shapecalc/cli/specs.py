"""`shapecalc specs`: the specs that come with the tool."""

from __future__ import annotations

import click

from shapecalc.cli.common import complete_spec, emit, reported


@click.command(
    short_help="List the shipped specs, or print one.",
    epilog="""\b
Examples:
  shapecalc specs
  shapecalc specs zfnet > my-zfnet.yaml
""",
)
@click.argument("name", required=False, shell_complete=complete_spec)
def specs(name: str | None) -> None:
    """List the shipped specs, or print the text of NAME to start from."""
    from shapecalc.spec.find import find, shipped

    with reported():
        if name is not None:
            emit(find(name).text, None)
            return
        lines = []
        for shipped_name in shipped():
            story, citation = _head(shipped_name)
            lines += [shipped_name, f"    {story}", f"    {citation}", ""]
        lines.append("Any of these names works as a SPEC: shapecalc summarize alexnet")
        emit("\n".join(lines) + "\n", None)


def _head(name: str) -> tuple[str, str]:
    """Read a spec's note and source."""
    from shapecalc.spec.find import find
    from shapecalc.spec.yaml_compose import compose
    from shapecalc.text import Scalar, YamlMap

    tree = compose(find(f"{name}.yaml"))
    items = tree.items if isinstance(tree, YamlMap) else {}
    note, source = items.get("note"), items.get("source")
    return (
        note.text if isinstance(note, Scalar) else "",
        source.text if isinstance(source, Scalar) else "",
    )
