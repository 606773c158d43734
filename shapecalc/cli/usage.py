"""What is wrong with the words of a command line, told as everything else that is wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from shapecalc.errors import Problem, SpecErrors, refuse
from shapecalc.text import Origin, Source

if TYPE_CHECKING:
    from collections.abc import Iterable


class Command(click.Command):
    """A command whose `--help` is in English as all the rest.

    click asks gettext for its own, which takes a millisecond, to import locale and look for files.
    """

    help_option: click.Option | None = None

    def get_help_option(self, ctx: click.Context) -> click.Option | None:
        """Return the one option, made when a command line is read first."""
        if self.help_option is None:
            self.help_option = click.Option(
                self.get_help_option_names(ctx),
                is_flag=True,
                is_eager=True,
                expose_value=False,
                callback=_show_help,
                help="Show this message and exit.",
            )
        return self.help_option


class Commands(Command, click.Group):
    """A group whose unknown commands are answered with the known ones."""

    def invoke(self, ctx: click.Context) -> object:
        """Run a command; one whose words could not be read is named by the error."""
        try:
            return super().invoke(ctx)
        except click.UsageError as error:
            name = ctx.invoked_subcommand
            command = self.get_command(ctx, name) if name else None
            if error.ctx is None and command is not None:
                error.ctx = click.Context(command, info_name=name, parent=ctx)
            raise

    def meant(self, word: str, known: Iterable[str]) -> str:
        """Suggest what is meant by a word that is no command, or return nothing."""
        return near(word, known)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        known = self.list_commands(ctx)
        if args and args[0] not in known and not args[0].startswith("-"):
            hint = self.meant(args[0], known) or f"`{_path(ctx)} --help` lists the commands"
            message = f"there is no command '{args[0]}'"
            raise refuse("E320", message, _place(ctx), hint, rule=_usage(ctx))
        return super().resolve_command(ctx, args)


def _show_help(ctx: click.Context, _param: click.Parameter, wanted: bool) -> None:
    if wanted and not ctx.resilient_parsing:
        click.echo(ctx.get_help(), color=ctx.color)
        ctx.exit()


def misuse(message: str, hint: str = "") -> SpecErrors:
    """Return the error of words that do not go together, for the command that runs."""
    ctx = click.get_current_context()
    return refuse("E323", message, _place(ctx), hint or _help(ctx), rule=_usage(ctx))


def problem_of(error: click.UsageError) -> Problem:
    """Return what click found wrong, in the words and the shape of our own messages."""
    ctx = error.ctx or click.get_current_context()
    code, message, at, hint = "E323", error.format_message(), _path(ctx), ""
    many, _, extra = error.message.rstrip(".)").partition(" (")
    if isinstance(error, click.NoSuchOption):
        code, message, at = "E321", f"there is no option '{error.option_name}'", error.option_name
        hint = near(error.option_name, _options(ctx))
    elif isinstance(error, click.MissingParameter) and error.param is not None:
        code, message = "E322", f"{_called(error.param)} is missing"
    elif isinstance(error, click.BadParameter) and error.param is not None:
        code, at = "E303", _word(error.param)
        message = f"{at}: {error.message.rstrip('.')}"
    elif isinstance(error, click.BadOptionUsage):
        at = error.option_name
        if "requires" in error.message:
            code, message = "E322", f"a value for {at} is missing"
    elif many.startswith("Got unexpected extra argument"):
        message, hint = f"there is no place for '{extra}'", "leave it out, or put a text in quotes"
    return Problem(code, message, _place(ctx, at), _usage(ctx), hint or _help(ctx))


def near(word: str, known: Iterable[str]) -> str:
    """Suggest known words that are near; imported late, as most commands are written right."""
    from shapecalc.text.words import did_you_mean

    return did_you_mean(word, known)


def _place(ctx: click.Context, at: str = "") -> Origin:
    """Return the place: an option, or the command."""
    return Origin(Source(at or _path(ctx), ""))


def _path(ctx: click.Context) -> str:
    """Write a command as it is called; a notebook's stands alone."""
    names = []
    while ctx.parent is not None:
        names.append(ctx.info_name or "")
        ctx = ctx.parent
    own = ctx.info_name if (ctx.info_name or "").startswith("%") else None
    return " ".join((own or "shapecalc", *reversed(names)))


def _usage(ctx: click.Context) -> str:
    return " ".join((_path(ctx), *ctx.command.collect_usage_pieces(ctx)))


def _help(ctx: click.Context) -> str:
    return f"`{_path(ctx).replace('%%', '%')} --help` says what it takes"


def _options(ctx: click.Context) -> Iterable[str]:
    return [word for param in ctx.command.get_params(ctx) for word in param.opts]


def _word(param: click.Parameter) -> str:
    """Return an option's usual word, or an argument's."""
    return param.opts[-1] if isinstance(param, click.Option) else param.human_readable_name


def _called(param: click.Parameter) -> str:
    kind = "the option" if isinstance(param, click.Option) else "the argument"
    return f"{kind} {_word(param)}"
