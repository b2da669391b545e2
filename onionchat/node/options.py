"""What `up` was asked for, as one value that crosses from the supervisor to the node."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

import msgspec

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


def encode_start(options: UpOptions, passphrase: bytes) -> bytes:
    """One line of JSON, then the passphrase to the end."""
    return json.dumps(asdict(options), default=str).encode() + b"\n" + passphrase


def decode_start(data: bytes) -> tuple[UpOptions, bytes]:
    """The inverse of `encode_start`."""
    line, _, passphrase = data.partition(b"\n")
    options = msgspec.convert(
        json.loads(line), UpOptions, strict=False, dec_hook=lambda kind, value: kind(value)
    )
    return options, passphrase
