"""`shapecalc run`: a network's activations, for a picture or at random."""

from __future__ import annotations

from os.path import realpath

import click

from shapecalc.cli import options
from shapecalc.cli.common import complete_spec, must_run, reported, write
from shapecalc.cli.usage import misuse


@click.command(
    short_help="Run a network and show its activations.",
    epilog="""\b
Examples:
  shapecalc run lenet5
  shapecalc run vgg16 --image cat.png --weights vgg16.npz --save-activations cat.npz
""",
)
@click.argument("spec", shell_complete=complete_spec)
@click.option("--image", type=click.Path(), metavar="FILE", help="A picture of the input's size.")
@click.option(
    "--weights",
    type=click.Path(),
    metavar="FILE",
    help="Trained weights, .npz, named like conv1.weight.  Default: an ONNX file's own, or random.",
)
@click.option(
    "--save-activations",
    type=click.Path(),
    metavar="FILE",
    help="Write every layer's output, channels x height x width, by its name.",
)
@click.option(
    "--save-weights", type=click.Path(), metavar="FILE", help="Write the weights that were used."
)
@options.seed
@options.settings
@options.inputs
@options.written("verify.activations.Activations")
@options.force
def run(
    spec: str,
    image: str | None,
    weights: str | None,
    save_activations: str | None,
    save_weights: str | None,
    seed: int,
    settings: dict[str, str],
    inputs: dict[str, str],
    output: options.Output,
    force: bool,
) -> None:
    """Run SPEC forward in NumPy, and sum up every layer's activations.

    Without --image the input is random, from -1 to 1; a picture goes in from 0 to 1.
    """
    if save_weights and save_activations and realpath(save_weights) == realpath(save_activations):
        both = "--save-activations and --save-weights"
        raise misuse(f"{both} name the same file", "give each its own")
    with reported(as_json=output.as_json):
        from shapecalc.api import summarize
        from shapecalc.reference import run as execute
        from shapecalc.verify.activations import Activations, Activity, activity, unwarned
        from shapecalc.verify.own_weights import own_weights
        from shapecalc.verify.run_files import read_picture, read_weights, write_arrays

        output.chosen()
        report = summarize(spec, settings=settings, input=inputs)
        must_run([report], keep=save_activations is not None, force=force)
        own = None if weights else own_weights(report)
        trained = read_weights(weights, report) if weights else own and own.arrays
        seen: list[Activity] = []
        with unwarned():  # what is not finite is told below the table
            done = execute(
                report.graph,
                read_picture(image, report) if image else None,
                trained,
                seed=seed,
                keep="all" if save_activations else (),
                watch=lambda step: seen.append(activity(step)),
            )
        if save_activations:
            kept = {name: y[0] for name, y in done.values.items()}
            write(save_activations, lambda file: write_arrays(file, kept))
        if save_weights:
            write(save_weights, lambda file: write_arrays(file, done.parameters))
        chance = f"random, seed {seed}"
        held = weights or (own.words(seed) if own else chance)
        origins = (f"Input: {image or chance}.  Weights: {held}.",)
        saved = tuple(f"Wrote {file}." for file in (save_activations, save_weights) if file)
        output.write(Activations(report, tuple(seen), origins, saved))
