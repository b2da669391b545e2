"""When nobody has given a command for a while: the node is locked (`up --lock-after`).

A command is a connection to the node, whatever it then asks. One that goes on, as `receive
--follow` does or a bot, is one command, given when it began: a screen that shows what comes in
is no proof that somebody sits before it. The time is that of the kernel's clock, which counts
the machine's sleep: who opens a laptop after the night finds the node locked.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING

from onionchat.node.clock import LOOK, pause

if TYPE_CHECKING:
    from onionchat.node.profile import Profile
    from onionchat.rpc.server import Server


async def lock_after(
    seconds: float | None, profile: "Profile", server: "Server", lock: Callable[[], None]
) -> None:
    """`lock`, once, so long after the last command; None: never."""
    if seconds is None:
        return
    while (left := server.last_client / 1000 + seconds - profile.uptime().now / 1000) > 0:
        await pause(min(left, LOOK))
    lock()
