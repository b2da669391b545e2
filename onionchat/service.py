"""The node's own process, and the same profile without one.

`python -m onionchat.service START REPORT LOCK` is started by the supervisor with three
file descriptors: the options and the passphrase, a pipe to say how it is doing, and the
profile's lock. It gives up what it does not need of the machine (onionchat/sandbox),
unlocks, opens the store, answers JSON-RPC, and runs the node; what tor does never ends it.
It is the only process that holds keys.

`offline` opens the profile in the calling process for one verb that needs no node. What
follows there has no network either, and starts no program.
"""

import asyncio
import json
import os
import secrets
import signal
import sys
from contextlib import suppress
from functools import partial
from typing import Any, Never

import msgspec

from onionchat.crypto.vault import Cost
from onionchat.errors import RefusedError, ScarceError, UserError, first_of
from onionchat.hardening import harden
from onionchat.node import arrivals, confinement
from onionchat.node.node import Node
from onionchat.node.options import UpOptions
from onionchat.node.places import Where
from onionchat.node.profile import Profile, create_locked, unlocked
from onionchat.node.start import Start
from onionchat.node.verbs import VERBS
from onionchat.os_errors import known_as
from onionchat.paths import Paths
from onionchat.rpc.idle import lock_after
from onionchat.rpc.server import Server
from onionchat.sandbox.layers import seal, seal_calls
from onionchat.store.lock import Lock
from onionchat.tor.address import unix
from onionchat.tor.attach import FOREIGN_TARGET, Attachment
from onionchat.tor.client import TorClient

TOR_STARTS = 10.0
"""Seconds that our own tor may take to open its control socket, on a slow machine."""


class _Reporter:
    """One JSON object a line to the supervisor. Never an address of a contact or a key; what
    came in only for a person's `--on-message`, and its text only with `--on-message-text`."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    def __call__(self, event: str, **fields: Any) -> None:
        line = json.dumps({"event": event, **fields}) + "\n"
        with suppress(BrokenPipeError):  # the supervisor is ending, and we with it
            os.write(self._descriptor, line.encode())


def main(given: int, report: int, lock: int) -> int:
    """The process. Its exit code is only read by the supervisor."""
    harden()
    say = _Reporter(report)
    start = Start.adopt(given)
    options = start.options
    try:
        layers = seal(confinement.reach(options))
        if options.strict:
            confinement.demand(layers)
        with Lock.adopt(lock):
            if options.paths.ephemeral and not options.paths.exists():
                _bear(start)
            asyncio.run(_serve(start, say))
    except (UserError, OSError, MemoryError, BaseExceptionGroup) as failed:
        first = first_of(failed) if isinstance(failed, BaseExceptionGroup) else failed
        error = known_as(first) or first
        if not isinstance(error, UserError):
            raise
        passes = isinstance(error, ScarceError)
        say("error", error=error.name, message=error.message, hint=error.hint, passes=passes)
        return error.exit_code
    return 0


def _bear(start: Start) -> None:
    """The profile in memory, under a passphrase of 256 bits: that needs no Argon2id."""
    start.keep(secrets.token_urlsafe(32).encode())
    create_locked(start.options.paths, start.passphrase(), Cost.FLOOR)


async def _serve(start: Start, say: _Reporter) -> None:
    options = start.options
    async with unlocked(options.paths, start.passphrase()) as profile:
        profile.keep = start.keep
        profile.lock = _refuse_to_lock if options.paths.ephemeral else partial(say, "lock")
        if profile.warning:
            say("warning", message=profile.warning)
        tor, where = _tor(options)
        client = TorClient(tor)
        node = Node(profile, client, where, dial=options.dial)
        async with asyncio.TaskGroup() as group:
            server = Server(profile, options.paths.rpc_socket, VERBS)
            helpers = [
                group.create_task(server.run()),
                group.create_task(lock_after(options.lock_after, profile, server, profile.lock)),
                group.create_task(client.run()),
                group.create_task(_tell_progress(client, node, say)),
                group.create_task(_tell_arrivals(profile, options, say)),
            ]
            _stop_on_signals(node)
            await node.run()
            for helper in helpers:
                helper.cancel()


def _refuse_to_lock() -> Never:
    raise RefusedError(
        "a profile in memory cannot be locked: nobody knows its passphrase",
        "`onionchat down` ends it for good",
    )


def _tor(options: UpOptions) -> tuple[Attachment, Where]:
    """The tor to steer, and where it delivers what comes in for our onions."""
    paths = options.paths
    if (foreign := confinement.foreign(options)) is not None:
        return foreign, lambda _: FOREIGN_TARGET
    doors = unix(paths.tor_control), unix(paths.tor_socks)
    own = Attachment(*doors, paths.tor_cookie, patience=TOR_STARTS)
    return own, lambda name: unix(paths.onion_socket(name))


def _stop_on_signals(node: Node) -> None:
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, node.stop)


async def _tell_progress(client: TorClient, node: Node, say: _Reporter) -> Never:
    """tor's state whenever it changes, and once that the address is published.

    The server's task has begun before this one: who is told `unlocked` is answered.
    """
    say("unlocked")
    ready = False
    seen = client.status
    while True:
        tor = {"state": seen.state, "bootstrap": seen.bootstrap, "step": seen.step}
        say("tor", **tor, warning=seen.warning)
        if node.findable and not ready:
            ready = True
            say("ready", address=node.address)
        seen = await client.change(seen)


async def _tell_arrivals(profile: Profile, options: UpOptions, say: _Reporter) -> None:
    """For `--on-message`: what comes in from now on."""
    if options.on_message is None:
        return

    def ring(arrival: dict[str, Any]) -> None:
        say("arrived", arrival=arrival)

    since = await profile.feed.newest()
    await arrivals.tell(profile, since, ring, with_text=options.on_message_text)


def offline(paths: Paths, passphrase: bytes, method: str, params: dict[str, Any]) -> Any:
    """One verb on a profile whose node does not run. The same function, the same result."""

    async def call() -> Any:
        async with unlocked(paths, passphrase) as profile:
            verb = VERBS[method]
            result = await verb.call(profile, msgspec.convert(params, verb.params))
            return msgspec.to_builtins(result)

    harden()
    seal_calls()
    paths.check()
    with Lock.acquire(paths.lock):
        return asyncio.run(call())


if __name__ == "__main__":
    sys.exit(main(*(int(word) for word in sys.argv[1:4])))
