"""Options and commands that behave the same everywhere.

The options of the program (`--json`, `--profile`, ...) are taken before and after the
command; the last one on the command line wins, and the environment comes after both.
Every option can be set by `ONIONCHAT_<NAME>` and says so in its help, except those
that carry a text or a secret: the environment of a process can be read by others.

Help shows examples before anything else. Commands are imported when they are used, so
that a single command starts as fast as the interpreter allows.
"""

from collections.abc import Callable, Sequence
from importlib import import_module
from typing import Any, TypeVar

import click
from click.core import ParameterSource

from onionchat import __version__
from onionchat.cli.help import Context, Formatter
from onionchat.errors import UserError

F = TypeVar("F", bound=Callable[..., Any])

WHOLE = 1000
"""Characters: more than any first sentence has."""


class Option(click.Option):
    """Says which variable of the environment is wrong, where one is: nobody has typed it here."""

    def process_value(self, ctx: click.Context, value: Any) -> Any:
        try:
            return super().process_value(ctx, value)
        except UserError as error:
            if ctx.get_parameter_source(str(self.name)) is not ParameterSource.ENVIRONMENT:
                raise
            raise type(error)(f"{self.envvar}: {error.message}", error.hint) from None


def option(*names: str, private: bool = False, **attributes: Any) -> Callable[[F], F]:
    """`click.option` with its environment variable, unless it is `private`."""
    if not private:
        attributes |= {"envvar": _variable(names), "show_envvar": True}
    return click.option(*names, cls=Option, **attributes)


def _variable(names: Sequence[str]) -> str:
    long = next(name for name in names if name.startswith("--"))
    return "ONIONCHAT_" + long.removeprefix("--").partition("/")[0].replace("-", "_").upper()


def _learn(context: click.Context, parameter: click.Parameter, value: Any) -> None:
    source = context.get_parameter_source(str(parameter.name))
    given = source is ParameterSource.COMMANDLINE or source is ParameterSource.ENVIRONMENT
    if given:
        setattr(context.obj, str(parameter.name), value)
    if source is ParameterSource.COMMANDLINE and parameter.name in {"data_dir", "profile"}:
        context.obj.place[parameter.opts[0]] = value


def _help(context: click.Context, _: click.Parameter, asked: bool) -> None:
    if asked and not context.resilient_parsing:
        text = context.get_help()
        context.obj.out.row({"help": text}, text, whole=True)
        context.exit()


def _version(context: click.Context, _: click.Parameter, asked: bool) -> None:
    if asked and not context.resilient_parsing:
        context.obj.out.row({"version": __version__}, f"onionchat {__version__}")
        context.exit()


def candidates(source: str) -> Callable[[click.Context, click.Parameter, str], list[Any]]:
    """What the shell offers for a word: a function of cli/candidates.py, imported when asked."""

    def complete(context: click.Context, _: click.Parameter, begins: str) -> list[Any]:
        found: list[Any] = getattr(import_module("onionchat.cli.candidates"), source)(
            context, begins
        )
        return found

    return complete


_GLOBAL: list[tuple[tuple[str, ...], dict[str, Any]]] = [
    (
        ("-d", "--data-dir"),
        {
            "metavar": "DIR",
            "help": "Where profiles are kept.  [default: $XDG_DATA_HOME/onionchat]",
            "shell_complete": candidates("directories"),
        },
    ),
    (
        ("-p", "--profile"),
        {
            "metavar": "NAME",
            "help": "Which profile.  [default: default]",
            "shell_complete": candidates("profiles"),
        },
    ),
    (
        ("--passphrase-fd",),
        {
            "metavar": "N",
            "type": click.IntRange(min=0),
            "help": "Read the passphrase as one line from this file descriptor.",
        },
    ),
    (
        ("--json", "as_json"),
        {"is_flag": True, "help": "One JSON object per line on stdout, nothing else."},
    ),
    (("-q", "--quiet"), {"is_flag": True, "help": "Results and errors only."}),
    (("-v", "--verbose"), {"count": True, "help": "More about what happens; can be repeated."}),
    (
        ("--color",),
        {"type": click.Choice(["auto", "always", "never"]), "help": "Colour.  [default: auto]"},
    ),
    (("--debug",), {"is_flag": True, "help": "A traceback where something fails."}),
]


def _global_options(*, root: bool) -> list[click.Parameter]:
    """The options of the program: shown and read from the environment at the root only."""
    options: list[click.Parameter] = []
    for names, attributes in _GLOBAL:
        shown = {"envvar": _variable(names), "show_envvar": True} if root else {"hidden": True}
        options.append(
            click.Option(names, expose_value=False, callback=_learn, **attributes, **shown)
        )
    options.append(
        click.Option(
            ["--version"],
            is_flag=True,
            is_eager=True,
            expose_value=False,
            callback=_version,
            hidden=not root,
            help="The version, and exit.",
        )
    )
    return options


class _Helpful(click.Command):
    """Prints its help like every result, so that a full disk or a closed pipe is told."""

    context_class = Context
    examples: Sequence[str]

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """A complaint about the words themselves does not know yet which command they are for."""
        try:
            return super().parse_args(ctx, args)
        except click.UsageError as error:
            error.ctx = error.ctx or ctx
            raise

    def format_help(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        assert isinstance(formatter, Formatter)
        formatter.write_examples(self.examples)
        super().format_help(ctx, formatter)

    def get_help_option(self, ctx: click.Context) -> click.Option | None:
        found = super().get_help_option(ctx)
        if found is not None:
            found.callback = _help
        return found


class Command(_Helpful):
    """A command with the options of the program, and with examples: (command line, meaning)."""

    def __init__(self, *args: Any, examples: Sequence[str] = (), **attributes: Any) -> None:
        attributes.setdefault("context_settings", {"help_option_names": ["-h", "--help"]})
        super().__init__(*args, **attributes)
        self.examples = examples
        self.params.extend(_global_options(root=False))

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        formatter.write_paragraph()
        formatter.write_text("The options of every command: onionchat --help")

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[Any]:
        """The options of the program as well: hidden here, they are taken here."""
        own = super().shell_complete(ctx, incomplete)
        root = ctx.find_root()
        others = click.Command.shell_complete(root.command, root, incomplete)
        return own + [item for item in others if item.value not in {"-h", "--help"}]


class Group(_Helpful, click.Group):
    """A group of commands; a value of `lazy` is `module:function`, imported when asked for.

    `default`: the command that is meant where the first word is none: `history bob`; `alone`: and
    where there is no word at all.
    """

    def __init__(
        self,
        *args: Any,
        examples: Sequence[str] = (),
        lazy: dict[str, str] | None = None,
        root: bool = False,
        default: str | None = None,
        alone: bool = False,
        **attributes: Any,
    ) -> None:
        attributes.setdefault("context_settings", {"help_option_names": ["-h", "--help"]})
        super().__init__(*args, **attributes)
        self.examples = examples
        self.lazy = lazy or {}
        self.default = default
        self.alone = alone
        if default is not None:
            self.ignore_unknown_options = True
        self.params.extend(_global_options(root=root))

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if self.alone and self.default is not None and not args:
            args = [self.default]
        return super().parse_args(ctx, args)

    def list_commands(self, ctx: click.Context) -> list[str]:
        """In the order of the table: the way a person meets them."""
        return [*self.commands, *self.lazy]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in self.lazy:
            return super().get_command(ctx, cmd_name)
        module, _, function = self.lazy[cmd_name].partition(":")
        found = getattr(import_module(f"onionchat.cli.{module}"), function)
        assert isinstance(found, click.Command)
        return found

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if self.default is not None and args[0] not in self.list_commands(ctx):
            args = [self.default, *args]
        option = args[0].startswith("-")
        if not option and not ctx.resilient_parsing and self.get_command(ctx, args[0]) is None:
            from onionchat.cli.suggestion import unknown

            raise unknown(self, ctx, args[0])
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Each with its whole first sentence, which click would cut to one line."""
        known = [(name, self.get_command(ctx, name)) for name in self.list_commands(ctx)]
        with formatter.section("Commands"):
            formatter.write_dl(
                [(name, found.get_short_help_str(WHOLE)) for name, found in known if found]
            )
