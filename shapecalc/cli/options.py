"""Options that several commands have, each described once."""

from __future__ import annotations

import sys
from functools import wraps
from importlib import import_module
from typing import TYPE_CHECKING, Any, TypeVar

import click

from shapecalc.cli.common import CHECK_FAILED, emit_parts, page_width, remark, said_partial
from shapecalc.cli.usage import misuse

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from click.decorators import FC
    from click.shell_completion import CompletionItem

    from shapecalc.draw import FileKind
    from shapecalc.draw.picture import Drawing
    from shapecalc.text.shown import Shown

T = TypeVar("T")


def _pairs(ctx: click.Context, param: click.Parameter, values: tuple[str, ...]) -> dict[str, str]:
    """Read NAME=VALUE options."""
    by_name = {}
    for value in values:
        name, equals, text = value.partition("=")
        if not equals or not name.strip() or not text.strip():
            raise click.BadParameter(f"'{value}' is not NAME=VALUE, like k=128")
        by_name[name.strip()] = text.strip()
    return by_name


def _inputs(ctx: click.Context, param: click.Parameter, values: tuple[str, ...]) -> dict[str, str]:
    """Read SHAPE, or NAME=SHAPE for a network with several inputs."""
    by_name = {}
    for value in values:
        name, equals, text = value.rpartition("=")
        if equals and not name.strip():
            raise click.BadParameter(f"'{value}' is not SHAPE or NAME=SHAPE, like left=105x105x1")
        by_name[name.strip()] = text.strip()
    return by_name


def read_depth(ctx: click.Context, param: click.Parameter, value: str | None) -> int | None:
    """Read a depth: a number from 1 on, or `all`, which is 0."""
    if value is None:
        return None
    if value == "all":
        return 0
    if value.isdecimal() and value.isascii() and len(value) < 5 and int(value):
        return int(value)
    raise click.BadParameter(f"'{value}' is neither a number from 1 on nor 'all'")


def _columns_help(ctx: click.Context, param: click.Parameter, value: str | None) -> str | None:
    """List the columns when asked for `help`."""
    if value == "help":
        from shapecalc.output.columns import COLUMNS
        from shapecalc.output.text import terms_text

        meanings = [(column.key, column.meaning) for column in COLUMNS]
        click.echo("\n".join(terms_text(meanings, page_width())))
        ctx.exit()
    return value


def complete_words(option: str) -> Callable[..., list[str]]:
    """Complete an option's words, looked up when a shell asks."""

    def complete(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:
        from shapecalc.counting.profiles import profile_names
        from shapecalc.counting.storage import BITS
        from shapecalc.output.columns import COLUMNS
        from shapecalc.output.options import UNIT_WORDS

        words = {
            "columns": [column.key for column in COLUMNS],
            "dtype": list(BITS),
            "profile": profile_names(),
            "units": list(UNIT_WORDS),
        }
        before, comma, last = incomplete.rpartition(",")
        return [f"{before}{comma}{word}" for word in words[option] if word.startswith(last)]

    return complete


class WholeNumber(click.IntRange):
    """A whole number in a range, whose message calls it so."""

    def convert(
        self,
        value: Any,  # noqa: ANN401  (click's)
        param: click.Parameter | None,
        ctx: click.Context | None,
    ) -> int:
        """Read the number."""
        try:
            int(str(value))
        except ValueError:
            self.fail(f"'{value}' is not a whole number", param, ctx)
        number: int = super().convert(value, param, ctx)
        return number


class LateOption(click.Option):
    """An option whose help is made when somebody asks for it."""

    def __init__(self, *words: Any, help_of: Callable[[], str], **arguments: Any) -> None:  # noqa: ANN401
        super().__init__(*words, **arguments)
        self.help_of = help_of

    def get_help_record(self, ctx: click.Context) -> tuple[str, str] | None:
        """Return the option with its help."""
        self.help = self.help_of()
        return super().get_help_record(ctx)


def _kind(name: str) -> type[Shown]:
    """Import a kind of result by its module and name."""
    module, _, kind = name.rpartition(".")
    made: type[Shown] = getattr(import_module(f"shapecalc.{module}"), kind)
    return made


def _format_help(kind: str) -> str:
    from shapecalc.output.formats import formats_of

    *names, last = formats_of(_kind(kind))
    default = "Default: terminal, or text when piped; with -o the file's suffix decides."
    return f"{', '.join(names)} or {last}.  {default}"


#: Suffixes of pictures; .tex is that of a table or of a text, where there is one.
PICTURE_SUFFIXES = (".svg", ".png", ".pdf")


def _file_help(kind: str, drawn: str, more: str) -> str:
    from shapecalc.output.formats import FORMATS, formats_of

    suffixes = (FORMATS[name].suffixes for name in formats_of(_kind(kind)))
    help_ = f"Write to FILE ({' '.join(usual for usual, *_ in filter(None, suffixes))}).{more}"
    return f"{help_}  {' '.join(PICTURE_SUFFIXES)}: {drawn}." if drawn else help_


def _complete_format(kind: str) -> Callable[..., list[str]]:
    """Complete the formats of a kind of result."""

    def complete(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:
        from shapecalc.output.formats import formats_of

        return [name for name in formats_of(_kind(kind)) if name.startswith(incomplete)]

    return complete


class FileName(click.types.StringParamType):
    """The name of a file, which shells complete; whoever opens it says what is wrong with it.

    click's own `Path` asks gettext for its name, a millisecond of every start.
    """

    name = "path"

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[CompletionItem]:
        """Let the shell list its files."""
        from click.shell_completion import CompletionItem

        return [CompletionItem(incomplete, type="file")]


def format_of(kind: str) -> Callable[[FC], FC]:
    """Return the option of a kind's format."""
    return click.option(
        "-f",
        "--format",
        "format_",
        cls=LateOption,
        metavar="FORMAT",
        shell_complete=_complete_format(kind),
        help_of=lambda: _format_help(kind),
    )


def file_of(kind: str, drawn: str = "", more: str = "") -> Callable[[FC], FC]:
    """Return the option of a file that a kind of result is written to, or drawn into."""
    return click.option(
        "-o",
        "--output",
        "path",
        cls=LateOption,
        metavar="FILE",
        type=FileName(),
        help_of=lambda: _file_help(kind, drawn, more),
    )


def output_as(suffixes: str) -> Callable[[FC], FC]:
    """Return the option of a file to write, with these suffixes or any."""
    return click.option(
        "-o",
        "--output",
        "path",
        metavar="FILE",
        type=FileName(),
        help=f"Write to FILE ({suffixes})." if suffixes else "Write to FILE.",
    )


class Output:
    """How and where a command writes its result; `page` holds those of its options that are set."""

    def __init__(
        self,
        kind: str,
        format: str | None,  # noqa: A002  (the word of the command line)
        path: str | None,
        page: Mapping[str, object],
    ) -> None:
        self.kind = kind
        self.format = format
        self.path = path
        self.page = page

    @property
    def as_json(self) -> bool:
        """Whether a program reads the messages, too."""
        return self.format == "json"

    def picture(self) -> FileKind | None:
        """Return the format of the picture that the file's suffix asks for, if it does.

        Raises `SpecErrors`: E354 without what converts it, E323 for options of a page.
        """
        if self.format is not None or self.path is None:
            return None
        if not self.path.lower().endswith(PICTURE_SUFFIXES):
            return None
        from shapecalc.draw import FILES
        from shapecalc.draw.converted import must_be_convertible

        kinds = (kind for kind in FILES.values() if kind.writer)
        kind = next(kind for kind in kinds if self.path.lower().endswith(kind.suffixes))
        for word in self.page:
            raise misuse(f"--{word} is that of a page, and {kind.name} has none", "leave it out")
        if kind.name != "svg":
            must_be_convertible(kind.name)
        return kind

    def draw(self, kind: FileKind, drawing: Drawing) -> None:
        """Write a picture into the file."""
        emit_parts([kind.write(drawing)], self.path)

    def chosen(self) -> str:
        """Choose the format, before anything is computed.

        Raises `SpecErrors`: E302, and E323 for options that the format has no use for.
        """
        from shapecalc.output.formats import FORMATS, format_for

        kind, terminal = _kind(self.kind), sys.stdout.isatty()
        name = format_for(self.format, self.path, terminal=terminal, of=kind)
        for word in self.page:
            if word == "width" and "records" in FORMATS[name].writers:
                raise misuse(f"--width is that of a page, and {name} has none", "leave it out")
            if word != "width" and name != "latex":
                raise misuse(f"--{word} belongs to LaTeX", "add -f latex or -o FILE.tex")
        return name

    def write(self, result: Shown, **options: Any) -> None:  # noqa: ANN401  (those of the result)
        """Write a result."""
        from shapecalc.output.formats import parts

        chosen = self.chosen()
        made = parts(result, chosen, **self.page, **options)
        emit_parts(made, self.path, coloured=chosen == "terminal")
        choice = options["view"].choice if "view" in options else None
        if choice is not None and chosen == "csv":  # which has no place for a remark
            remark([f"only some rows are written ({choice.words}); the totals are those of all"])
        remark(result.doubts)


def written(
    kind: str, *, latex: bool = True, drawn: str = "", more: str = ""
) -> Callable[[Callable[..., T]], Callable[..., T]]:
    """Return the options of how and where a kind of result is written; the command gets an Output.

    `latex` says whether it can be a table of LaTeX, `drawn` what a picture of it shows, if it has
    one, `more` what else its help says of the file.
    """

    def decorate(command: Callable[..., T]) -> Callable[..., T]:
        @wraps(command)
        def run(*args: object, format_: str | None, path: str | None, **others: Any) -> T:  # noqa: ANN401
            words = ("width", *(("latex", "caption", "label") if latex else ()))
            page = {word: others.pop(word) for word in words}
            page_options = {word: value for word, value in page.items() if value is not None}
            output = Output(kind, format_, None if path == "-" else path, page_options)
            return command(*args, output=output, **others)

        file = file_of(kind, drawn, more)
        chosen = (format_of(kind), file, width, *(latex_options if latex else ()))
        for option in reversed(chosen):
            run = option(run)
        return run

    return decorate


width = click.option(
    "--width",
    metavar="N",
    type=WholeNumber(20, 10_000),
    help="Fit lines into N characters: text is wrapped, and tables leave out default columns, if"
    " they have any, or say that they are wider.  Default: that of the terminal; LaTeX: 80.",
)
latex_options = (
    click.option(
        "--latex",
        metavar="KIND",
        type=click.Choice(["table", "table*", "longtable"]),
        help="With LaTeX: table, a float; table*, one over both columns; longtable, over pages."
        "  Default: table, longtable beyond 40 lines.",
    ),
    click.option("--caption", metavar="TEXT", help="With LaTeX: the caption, as LaTeX reads it."),
    click.option("--label", metavar="NAME", help="With LaTeX: the label, like tab:alexnet."),
)
#: The languages of `homework.languages`, which takes its time to import.
LANGUAGES = ["en", "de", "es"]
language = click.option(
    "--language",
    type=click.Choice(LANGUAGES),
    help="The language of what students read.  Default: what the homework's file says, else en.",
)
encoding = click.option(
    "--encoding",
    metavar="NAME",
    default="",
    help="How the roster's letters are encoded, where it is no UTF-8: gb18030, cp1251, ...",
)
homework_file = click.option(
    "--homework",
    "file",
    metavar="FILE",
    type=FileName(),
    help="The teacher's file, homework.yaml: what is asked, how it is counted and marked.",
)
variants = click.option(
    "--variants",
    metavar="FILE",
    type=FileName(),
    help="The class's variants.csv; the sheet's stamp tells which variant is meant.",
)
variant = click.option(
    "--variant",
    "student",
    metavar="ID",
    help="The student whose variant is meant; with --variants, or with --seed.",
)
variant_seed = click.option(
    "--seed", metavar="S", help="The seed that the variants were drawn with."
)
columns = click.option(
    "-c",
    "--columns",
    metavar="LIST",
    is_eager=True,
    callback=_columns_help,
    shell_complete=complete_words("columns"),
    help="Columns to show, separated by commas; 'all' for all, 'help' to list them.",
)
depth = click.option(
    "--depth",
    metavar="N|all",
    callback=read_depth,
    help="Fold blocks below N levels of the names.  Default: 1, in `summarize`, `training` and"
    " `compare` with alike blocks of a repeat in one line; csv and json: all.",
)
rows = click.option(
    "--rows",
    multiple=True,
    metavar="PATTERN",
    help="Show only rows whose name, type or block fits a pattern, like 'conv*'.  Repeatable.",
)
only = click.option(
    "--only",
    multiple=True,
    metavar="WHAT",
    help="Show only such rows: weighted, params, frozen, inplace, or a pattern.  Repeatable.",
)
hide = click.option(
    "--hide",
    multiple=True,
    metavar="WHAT",
    help="Leave such rows out; totals are always those of the whole network.  Repeatable.",
)
settings = click.option(
    "--set",
    "settings",
    multiple=True,
    metavar="NAME=VALUE",
    callback=_pairs,
    help="Give a `let` constant or a symbol of the input a value.  Repeatable.",
)
free = click.option(
    "--free",
    multiple=True,
    metavar="NAME",
    help="Make a `let` constant a symbol, so that the numbers become formulas.  Repeatable.",
)
inputs = click.option(
    "--input",
    "inputs",
    multiple=True,
    metavar="[NAME=]SHAPE",
    callback=_inputs,
    help="Replace the input's shape by one of as many extents, channels last: 224x224x3, or HxWx3"
    " with symbols.",
)
fold_batchnorm = click.option(
    "--fold-batchnorm",
    is_flag=True,
    help="As deployed: batch normalisations go into the weights of the layers before them.",
)
profile = click.option(
    "--profile",
    metavar="NAME",
    shell_complete=complete_words("profile"),
    help="Add the column `count` under a counting convention: macs, flops, full, paper:resnet,"
    " torchinfo, fvcore, ...; `shapecalc profiles` lists them.",
)
batch = click.option(
    "--batch",
    metavar="N",
    type=WholeNumber(1, 10**9),
    default=1,
    show_default=True,
    help="Examples at once; scales memory.",
)
dtype = click.option(
    "--dtype",
    default="float32",
    show_default=True,
    metavar="TYPE",
    shell_complete=complete_words("dtype"),
    help="Type of an element, which scales memory: float64, float32, float16, bfloat16, float8,"
    " int64, int32, int16, int8 or uint8; or one a kind, like weights=int8,activations=float16;"
    " biases and buffers follow the weights.  These may be smaller than a byte: float4, int4,"
    " uint4, int2, uint2, int1, uint1.",
)
units = click.option(
    "--units",
    default="exact",
    show_default=True,
    metavar="UNIT",
    shell_complete=complete_words("units"),
    help="exact, K, M or G (powers of 1000), Ki, Mi or Gi (powers of 1024), or auto: what suits"
    " each column; or one a column, like auto,memory=Ki.  A column that does not reach its unit"
    " takes a smaller one.",
)
device = click.option(
    "--device",
    metavar="LIMITS",
    help='Say what bounds each layer on a device, and its least time: "ops=10T, bandwidth=100G",'
    " operations and bytes a second.",
)
layout = click.option(
    "--layout",
    type=click.Choice(["hwc", "chw"]),
    default="hwc",
    show_default=True,
    help="Order of a volume's extents in the output; the key `layout` of a spec is that of its"
    " input.",
)
fail_if = click.option(
    "--fail-if",
    "conditions",
    multiple=True,
    metavar="CONDITION",
    help="Exit 1 when it holds, like 'params > 60M' or 'peak_memory > 512KiB'.  Repeatable.",
)
seed = click.option(
    "--seed",
    type=WholeNumber(0, 2**32 - 1),
    default=0,
    show_default=True,
    help="Seed of what is random.",
)


def strict(command: Callable[..., T]) -> Callable[..., T]:
    """Add --strict: after what a command does, exit code 1 where a model was read in part."""

    @wraps(command)
    def run(*args: object, strict: bool, **others: Any) -> T:  # noqa: ANN401
        done = command(*args, **others)
        if strict and said_partial():
            sys.exit(CHECK_FAILED)
        return done

    return click.option(
        "--strict", is_flag=True, help="Exit 1 where a model file holds what no rule is known of."
    )(run)


force = click.option("--force", is_flag=True, help="Run even what needs more memory than is free.")
