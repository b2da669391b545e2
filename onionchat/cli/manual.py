"""`python -m onionchat.cli.manual DOCS` writes DOCS/onionchat.1 from the commands themselves.

One page for the whole program, because a reader searches in `man onionchat` and does not
know yet how the command is called. It is committed: who packages the program for a
distribution installs a file and runs nothing. A test compares it with what this writes.

The text is man(7) as groff and mandoc both read it. There is no date in it, so that the
same commands always give the same page.
"""

import re
import sys
from collections.abc import Iterable, Iterator
from inspect import cleandoc
from pathlib import Path

import click

from onionchat import __version__
from onionchat.cli.main import root
from onionchat.cli.options import Command, Group

NAME = "a messenger whose address is a Tor onion service"
EXITS = (
    (0, "", "done, or safely queued"),
    (1, "internal", "a bug: please report it"),
    (2, "usage", "the command line is wrong"),
    (3, "unreachable", "the node, tor or the network is not reachable"),
    (4, "identity", "not verified where that was demanded"),
    (5, "undelivered", "the wait ended first; what was queued stays queued"),
    (6, "locked", "locked, or the passphrase is wrong or missing"),
    (7, "not-found", "no such profile, contact, request or message"),
    (8, "refused", "blocked, too large, already there, or the disk is full"),
    (9, "damaged", "a file fails its checks; nothing was changed"),
    (130, "interrupted", "Ctrl-C or SIGTERM"),
)
FILES = (
    ("$XDG_DATA_HOME/onionchat/PROFILE/", "What stays: keys and messages, encrypted."),
    ("$XDG_RUNTIME_DIR/onionchat/PROFILE/", "The sockets of a running node."),
    ("DIR/PROFILE/, DIR/PROFILE/run/", "Both, with `--data-dir DIR`."),
)
VARIABLES = """
Every option can be set by the variable that stands with it, except those that carry a text
or a secret: others can read the environment of a process. The command line comes first.
`NO_COLOR`, `FORCE_COLOR` and `TERM=dumb` are honoured where `--color` is not given.
"""
SEE = "The protocol, JSON-RPC for scripts and bots, and how to install it are in the\
 documentation that comes with the program."


def page() -> str:
    """The whole page."""
    context = _context(root, "onionchat")
    lines = [
        f'.TH ONIONCHAT 1 "" "onionchat {__version__}" "User Commands"',
        *(".nh", ".ad l"),  # a variable's name is not broken in two
        *(".SH NAME", rf"onionchat \- {NAME}"),
        *(".SH SYNOPSIS", r"\fBonionchat\fR [\fIOPTIONS\fR] \fICOMMAND\fR [\fIARGS\fR]..."),
        *(".SH DESCRIPTION", *_prose(root.help)),
        *(".SH EXAMPLES", *_examples(root.examples)),
        *(".SH OPTIONS", "They can stand before and after the command.", *_options(context)),
        *(".SH COMMANDS", *_commands(context)),
        *(".SH EXIT STATUS", *_exits()),
        *(".SH ENVIRONMENT", *_prose(VARIABLES)),
        *(".SH FILES", *_list(FILES)),
        *(".SH SEE ALSO", r"\fBtor\fR(1)", ".PP", *_prose(SEE)),
    ]
    return "\n".join(lines) + "\n"


def _commands(above: click.Context) -> Iterator[str]:
    """Every command below `above`, in the order of its help; a group before its members."""
    group = above.command
    assert isinstance(group, Group)
    for name in group.list_commands(above):
        command = group.get_command(above, name)
        assert isinstance(command, Command | Group)
        context = _context(command, name, above)
        arguments = [] if isinstance(command, Group) else _arguments(context)
        yield f'.SS "{_plain(" ".join([context.command_path, *arguments]))}"'
        yield from _prose(command.help)
        yield from _examples(command.examples)
        yield from _options(context)
        if isinstance(command, Group):
            yield from _commands(context)


def _context(
    command: click.Command, name: str, above: click.Context | None = None
) -> click.Context:
    return click.Context(command, above, name, **command.context_settings)


def _arguments(context: click.Context) -> list[str]:
    return [piece for piece in context.command.collect_usage_pieces(context) if piece]


def _options(context: click.Context) -> Iterator[str]:
    """What help says of each option, but for the hidden ones and `--help` of a command."""
    for option in context.command.get_params(context):
        record = option.get_help_record(context)
        if record and ("--help" not in option.opts or context.parent is None):
            yield from _list([record])


def _list(items: Iterable[tuple[str, str]]) -> Iterator[str]:
    for head, text in items:
        yield from (".TP", rf"\fB{_plain(head)}\fR", *_prose(text))


def _exits() -> Iterator[str]:
    return _list(
        (str(code), f"{name}: {meaning}." if name else f"{meaning}.")
        for code, name, meaning in EXITS
    )


def _examples(examples: Iterable[str]) -> Iterator[str]:
    yield from (".PP", ".nf", ".RS 4")
    yield from (_line(_plain(example)) for example in examples)
    yield from (".RE", ".fi", ".PP")


def _prose(text: str | None) -> Iterator[str]:
    """Paragraphs; what stands in backticks is bold."""
    for number, paragraph in enumerate(re.split(r"\n{2,}", cleandoc(text or ""))):
        if number:
            yield ".PP"
        bold = re.sub(r"`([^`]+)`", r"\\fB\1\\fR", _plain(" ".join(paragraph.split())))
        yield _line(bold)


def _plain(text: str) -> str:
    """Nothing in it is a command of roff's, and a hyphen is the character that is typed."""
    return (
        text.replace("\\", r"\e")
        .replace("-", r"\-")
        .replace("'", r"\(aq")
        .replace('"', r"\(dq")
        .replace("^", r"\(ha")
        .replace("~", r"\(ti")
    )


def _line(text: str) -> str:
    return rf"\&{text}" if text.startswith(".") else text


if __name__ == "__main__":
    (Path(sys.argv[1]) / "onionchat.1").write_text(page())
