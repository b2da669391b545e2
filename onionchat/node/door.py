"""Who knocks: every connection that somebody else opened, until we know who it is.

Before a connection has proven an identity it may cost little and learn nothing: 4 KiB,
30 seconds in all, one of 64 places (room.py), and with all the others at it an eighth of the
node's time (attention.py). Garbage, silence, an unknown, a blocked and a known key see the same
bytes and the same silence.

After the proof an accepted contact, or somebody we have asked, goes to their peer;
everybody else is a stranger. Each onion has a door of its own, so that a crowd before one keeps
nobody out of another. Behind the door of an invite strangers are guests (guests.py), and somebody
we have asked is one. Behind that of an inbox there are no strangers: whoever is not an accepted
contact, and came with a key that somebody passed on, meets silence.
"""

import asyncio

from onionchat.errors import RefusedError, RemoteError
from onionchat.node.attention import Attention
from onionchat.node.connection import Connection
from onionchat.node.guests import Guests
from onionchat.node.peers import Peers
from onionchat.node.profile import Profile
from onionchat.node.room import Room
from onionchat.node.strangers import Strangers
from onionchat.protocol.channel import Channel
from onionchat.protocol.events import PeerHello
from onionchat.protocol.hello import Hello
from onionchat.protocol.limits import HANDSHAKE_SECONDS, UNPROVEN_CONNECTIONS
from onionchat.store.contacts import Gone
from onionchat.tor.link import Link


class Door:
    """Takes every inbound link. `answer` returns when the link is done with. `others`: who hears
    those that are no contacts; None: nobody does."""

    def __init__(self, profile: Profile, peers: Peers, others: Strangers | Guests | None) -> None:
        self._profile = profile
        self._peers = peers
        self._others = others
        self._unproven = Room(UNPROVEN_CONNECTIONS)
        self._attention = Attention()

    async def answer(self, link: Link) -> None:
        channel = Channel.answer(self._profile.identity)
        connection = Connection(link, channel, attention=self._attention)
        try:
            hello = await self._prove(connection)
            await self._welcome(connection, hello)
        except (RemoteError, ConnectionError, TimeoutError, Gone):
            pass
        except RefusedError:
            pass  # a full disk: nothing was stored, nothing is answered
        finally:
            await connection.close()

    async def _prove(self, connection: Connection) -> Hello:
        async with self._unproven.place(connection), asyncio.timeout(HANDSHAKE_SECONDS):
            return (await connection.expect(PeerHello)).hello

    async def _welcome(self, connection: Connection, hello: Hello) -> None:
        key = connection.channel.peer
        assert key is not None
        connection.initiator = key
        peer = self._peers.known(key)
        if peer is not None and (peer.accepted or isinstance(self._others, Strangers)):
            await peer.welcome(connection, hello)
        elif self._others is not None:
            await self._others.hear(connection, key)
