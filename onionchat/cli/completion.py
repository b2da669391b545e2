"""`completion`: the script that lets the shell complete our commands, and its questions.

The script runs the program with `_ONIONCHAT_COMPLETE=SHELL_complete` and the words so far
in COMP_WORDS; it gets lines back. The scripts for zsh and fish are click's. bash has one of
ours, because a petname can contain spaces and characters of the shell's, and bash inserts
what it gets without quoting it.
"""

import os
from contextlib import suppress

import click
from click.shell_completion import BashComplete, FishComplete, ShellComplete, ZshComplete

from onionchat.cli.invocation import Invocation
from onionchat.cli.options import Command

VARIABLE = "_ONIONCHAT_COMPLETE"

BASH = r"""_onionchat_completion() {
    local IFS=$'\n' kind value
    COMPREPLY=()
    while IFS=, read -r kind value; do
        case $kind in
            dir) compopt -o dirnames ;;
            file) compopt -o default ;;
            plain)
                # Inside quotes that were typed readline takes the text as it is.
                [[ ${COMP_WORDS[COMP_CWORD]} == [\"\']* ]] || printf -v value %q "$value"
                COMPREPLY+=("$value")
                ;;
        esac
    done < <(env COMP_WORDS="${COMP_WORDS[*]}" COMP_CWORD="$COMP_CWORD" \
        _ONIONCHAT_COMPLETE=bash_complete "$1" 2>/dev/null)
}
complete -o nosort -F _onionchat_completion onionchat
"""


class Bash(BashComplete):
    """Asks and answers like click's, with our script."""

    def source(self) -> str:
        return BASH


class Fish(FishComplete):
    """click's, for names that have a comma."""

    source_template = FishComplete.source_template.replace("string split", "string split --max 1")


SHELLS: dict[str, type[ShellComplete]] = {"bash": Bash, "zsh": ZshComplete, "fish": Fish}


@click.command(
    "completion",
    cls=Command,
    examples=(
        'eval "$(onionchat completion bash)"                 in ~/.bashrc',
        'eval "$(onionchat completion zsh)"                  in ~/.zshrc, after compinit',
        "onionchat completion fish > ~/.config/fish/completions/onionchat.fish",
    ),
)
@click.argument("shell", type=click.Choice(list(SHELLS)))
@click.pass_obj
def completion(invocation: Invocation, shell: str) -> None:
    """Print the script that completes commands, names and numbers in this SHELL.

    Names come from the running node; without one, or if it is busy, there are none.
    """
    root = click.get_current_context().find_root().command
    script = SHELLS[shell](root, {}, "onionchat", VARIABLE).source()
    invocation.out.row({"shell": shell, "script": script}, script.rstrip("\n"))


def reply(root: click.Command, invocation: Invocation) -> None:
    """Answer the shell's question, or say nothing: an error would land in the prompt."""
    shell, _, _ = os.environ[VARIABLE].partition("_")
    with suppress(Exception, KeyboardInterrupt):
        asked = SHELLS[shell](root, {"obj": invocation}, "onionchat", VARIABLE)
        click.echo(asked.complete().encode())
