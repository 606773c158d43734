"""`shapecalc watch`: a network's page, renewed while its spec is written."""

from __future__ import annotations

import click

from shapecalc.cli import options
from shapecalc.cli.common import complete_spec, reported
from shapecalc.cli.usage import misuse


@click.command(
    short_help="Show a network's page while its spec is written.",
    epilog="""\b
Examples:
  shapecalc watch net.yaml
  shapecalc watch net.yaml --port 8000 --set k=128
""",
)
@click.argument("spec", shell_complete=complete_spec)
@click.option(
    "--port",
    metavar="N",
    type=options.WholeNumber(0, 65535),
    default=0,
    help="The port.  Default: any that is free.",
)
@options.settings
@options.inputs
def watch(spec: str, port: int, settings: dict[str, str], inputs: dict[str, str]) -> None:
    """Serve the page of SPEC to this machine, and renew it whenever the file is saved.

    What is wrong with the file stands in the page, at its line, until it is mended.  Ctrl-C ends.
    """
    with reported():
        if spec == "-":
            raise misuse("standard input is read once: there is nothing to watch", "name a file")
        from shapecalc.analysis.page.serve import PageServer, Watched
        from shapecalc.errors import refuse

        try:
            server = PageServer(Watched(spec, settings, inputs), port)
        except OSError as error:
            hint = "leave --port out for one that is free"
            raise refuse(
                "E007", f"port {port} cannot be used: {error.strerror}", hint=hint
            ) from None
    with server:
        click.echo(f"{spec} is at {server.address}   (Ctrl-C ends)")
        try:
            server.serve_forever(poll_interval=0.1)
        except KeyboardInterrupt:
            click.echo("")
