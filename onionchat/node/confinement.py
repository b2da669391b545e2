"""What the node needs of the machine, and so all that it keeps (onionchat/sandbox).

With a tor of its own that is its profile and its sockets. A tor of others is reached at, and
delivers to, a port of this machine; and if it alone knows where its cookie is, whatever the
user can read must stay readable.
"""

import os
from pathlib import Path

from onionchat.errors import RefusedError
from onionchat.node.options import UpOptions
from onionchat.sandbox.layers import Layer, tried
from onionchat.sandbox.reach import Reach, of_python
from onionchat.tor.address import TcpAddress, unix
from onionchat.tor.attach import Attachment, attachment


def foreign(options: UpOptions) -> Attachment | None:
    """The tor of others, if that is to be used. One at the profile's own doors is ours, whoever
    has started it: the service of tor beside the one of the node (packaging/systemd)."""
    found = attachment(options.tor_control, options.tor_socks, os.environ)
    ours = unix(options.paths.tor_control), unix(options.paths.tor_socks)
    return None if found is None or (found.control, found.socks) == ours else found


def reach(options: UpOptions) -> Reach:
    write = (options.paths.root, options.paths.run)
    theirs = foreign(options)
    if theirs is None:
        return Reach(write)
    doors = (theirs.control, theirs.socks)
    ports = frozenset(door.port for door in doors if isinstance(door, TcpAddress))
    if theirs.cookie is None and theirs.password is None:
        return Reach(write, None, ports)
    cookie = () if theirs.cookie is None else (theirs.cookie.parent,)
    return Reach(write, (*of_python(), *cookie, Path("/etc")), ports)


def check(options: UpOptions) -> None:
    """With `--strict`, what would be refused anyway; tried by a child."""
    if options.strict:
        demand(tried(reach(options)))


def demand(layers: tuple[Layer, ...]) -> None:
    """RefusedError unless each of them is as strong as it can be."""
    for layer in layers:
        if layer.state != "active":
            raise RefusedError(
                f"--strict: the layer `{layer.name}` is {layer.state}: {layer.detail}",
                layer.hint or "let onionchat start a tor of its own, or leave out --strict",
            )
