"""What `up` was asked for, as one value that crosses from the supervisor to the node."""

from dataclasses import dataclass
from pathlib import Path

from onionchat.paths import Paths


@dataclass(frozen=True)
class UpOptions:
    """The options of `onionchat up`; see the command's help for their meaning.

    `tor_control` and `tor_socks` name a running tor to attach to (a unix socket path or
    `host:port`); with both None a tor of our own is launched. `timeout` is in seconds.
    `on_message` is a program that the supervisor runs when something came in. `lock_after`:
    seconds without a command after which the node is locked. `strict`: not without every layer
    of the sandbox.
    """

    paths: Paths
    tor: Path | None = None
    tor_control: str | None = None
    tor_socks: str | None = None
    torrc_include: Path | None = None
    bridges: tuple[str, ...] = ()
    transports: tuple[str, ...] = ()
    dial: bool = True
    timeout: float | None = None
    detach: bool = False
    on_message: Path | None = None
    on_message_text: bool = False
    lock_after: float | None = None
    strict: bool = False
