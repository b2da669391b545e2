"""Making a backup of a profile, and a profile of a backup.

A backup never holds what must not exist twice. A restored profile is a new installation of
the same person: its contacts find that no session is common any more, start a new one, and
send again, encrypted anew, whatever was not receipted (protocol 3 and 6). Messages keep
their IDs, so on neither side is one shown twice.
"""

import asyncio
import os
import secrets
from pathlib import Path

import msgspec

from onionchat.crypto import backup as file
from onionchat.crypto.vault import Cost
from onionchat.errors import DamagedError, RefusedError
from onionchat.node.clock import wall_clock
from onionchat.node.profile import Profile, make_profile
from onionchat.paths import Paths
from onionchat.store import backup, restore
from onionchat.store.backup_content import Content
from onionchat.store.identity import Me
from onionchat.types import Incarnation, Millis, StreamId


async def sealed(
    profile: Profile, passphrase: bytes, *, history: bool, cost: Cost = Cost.DEFAULT
) -> tuple[bytes, Content, int]:
    """The file's bytes, what is in it, and how many messages that matter are not."""
    content, left_out = await profile.db.run(_take, profile.clock(), history)
    encoded = msgspec.msgpack.encode(content)
    return await asyncio.to_thread(file.seal, encoded, passphrase, cost), content, left_out


def read(path: Path) -> bytes:
    """A backup's file, as far as it can be checked without its passphrase.

    It may be anybody's file, or no file at all: nothing else is read to its end.
    DamagedError, RefusedError.
    """
    try:
        with path.open("rb") as opened_file:
            start = opened_file.read(len(file.MAGIC))
            rest = opened_file.read(file.LARGEST_FILE) if start == file.MAGIC else b""
    except OSError as error:
        raise RefusedError(
            f"{path} cannot be read: {os.strerror(error.errno or 0)}", "check who may read it"
        ) from None
    file.check(start + rest)
    return start + rest


def opened(sealed: bytes, passphrase: bytes) -> Content:
    """What a backup holds; LockedError, DamagedError."""
    try:
        return _DECODER.decode(file.open_(sealed, passphrase))
    except (msgspec.MsgspecError, UnicodeError) as error:
        raise DamagedError(
            f"the backup is not in the form of version {file.VERSION}: {error}",
            "was it made by another program? nothing was changed",
        ) from None


def restore_profile(
    paths: Paths, content: Content, passphrase: bytes, cost: Cost = Cost.DEFAULT
) -> str:
    """The profile as it was, under a new passphrase; its address. RefusedError if there is one."""
    me = reborn(content)
    return make_profile(
        paths, passphrase, me, lambda: restore.put_back(content, me, wall_clock()), cost
    )


def reborn(content: Content) -> Me:
    """The same person, as an installation that never was before."""
    stream, incarnation = secrets.token_bytes(8), secrets.token_bytes(16)
    return Me(content.seed, StreamId(stream), Incarnation(incarnation))


def _take(now: Millis, history: bool) -> tuple[Content, int]:
    return backup.take(now, history=history), 0 if history else backup.left_out()


_DECODER = msgspec.msgpack.Decoder(Content)
