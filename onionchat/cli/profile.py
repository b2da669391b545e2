"""`init`, `id`, `profile list`: a profile, and the address that is its name."""

import os

import click

from onionchat.cli.ask import ask_anyway
from onionchat.cli.invocation import Invocation
from onionchat.cli.new_passphrase import new_passphrase
from onionchat.cli.options import Command, Group, option
from onionchat.cli.qr import qr_code
from onionchat.cli.render import line


@click.command(
    "init",
    cls=Command,
    examples=(
        "onionchat init                                   asks for a passphrase, or offers one",
        "onionchat --passphrase-fd 3 init 3< FILE         without a terminal",
        "onionchat --profile work init                    a second, separate profile",
    ),
)
@click.pass_obj
def init(invocation: Invocation) -> None:
    """Make the profile: a new identity, encrypted under a passphrase.

    Nobody can reset the passphrase.
    """
    paths = invocation.new("use it with `onionchat up`, or choose another name with --profile")
    phrase = new_passphrase(invocation.passphrase_fd)
    from onionchat.node.profile import create_profile

    address = create_profile(paths, phrase)
    invocation.out.row({"address": address}, address, whole=True)
    invocation.out.next("This is your address. Next:", "onionchat up")


@click.command(
    "id",
    cls=Command,
    examples=(
        "onionchat id          your address, to give to somebody",
        "onionchat id --qr     the same as a code that a camera reads from the screen",
    ),
)
@option("--qr", is_flag=True, help="Show it as a QR code too.")
@click.pass_obj
def show_id(invocation: Invocation, qr: bool) -> None:
    """Show the address of this profile.

    Give it on a way on which it cannot be swapped, and let all of it be compared.
    """
    row = ask_anyway(invocation, "id")
    address = line(row["address"])
    code = f"{qr_code(f'onionchat:{address}')}\n" if qr and not invocation.as_json else ""
    invocation.out.row(row, code + address, whole=True)


@click.group("profile", cls=Group, examples=("onionchat profile list",))
def profile() -> None:
    """Separate identities on this machine; --profile says which one is meant."""


@profile.command("list", cls=Command, examples=("onionchat profile list",))
@click.pass_obj
def list_(invocation: Invocation) -> None:
    """List the profiles, and whether their nodes run."""
    from onionchat.paths import locate, profiles
    from onionchat.store.lock import holder

    names = profiles(invocation.data_dir, os.environ)
    if not names:
        invocation.out.next("there is no profile; next:", "onionchat init")
    for name in names:
        paths = locate(invocation.data_dir, name, os.environ)
        running = holder(paths.lock) is not None
        row = {"profile": name, "running": running, "ephemeral": paths.ephemeral}
        how = "running" if running else "gone" if paths.ephemeral else "not running"
        memory = ", in memory only" if paths.ephemeral else ""
        invocation.out.row(row, f"{line(name)}  {how}{memory}")
