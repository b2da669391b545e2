"""One contact: when to dial them, and the connections that exist.

A peer owns no sockets of its own: `run` dials and serves what it dialled, `serve` is
also called by the door for a connection the contact opened. `speaking` is the right to
encrypt for this contact; whoever dials holds it from before its hello is made until the
other hello is there, so that the counters in a hello stay true while it travels
(protocol 3: otherwise two connections at once would raise a false alarm).
"""

import asyncio
import secrets
from collections.abc import Sequence
from contextlib import suppress

from onionchat.errors import RefusedError, RemoteError
from onionchat.node import greeting, invites, outbox, requests, why
from onionchat.node.clock import wait
from onionchat.node.connection import ALL_OF_IT, Connection
from onionchat.node.detour import Detour
from onionchat.node.dialing import DIAL_DEADLINE, Schedule
from onionchat.node.greeting import Standing
from onionchat.node.inbox import Outcome
from onionchat.node.profile import Profile
from onionchat.node.session import Fresh
from onionchat.node.talk import Talk
from onionchat.node.why import Why
from onionchat.protocol.channel import Channel
from onionchat.protocol.events import Bye, Envelope, HandshakeDone, PeerHello
from onionchat.protocol.hello import Hello
from onionchat.protocol.limits import HANDSHAKE_SECONDS
from onionchat.store import contacts, endpoints
from onionchat.store.contacts import ContactRow
from onionchat.tor.dial_errors import DialError
from onionchat.tor.link import Link
from onionchat.tor.network import Network
from onionchat.types import Place, SessionId

CONNECTIONS = 4
"""With one contact at once; the oldest that does not speak makes room."""
FRESH_TOKEN = {"network"}
"""After these reasons the next dial gets a circuit of its own (tor.md: F2, F3)."""


class Peer:
    """`contact` is the store's id; `key` the identity that every connection must prove."""

    def __init__(
        self, profile: Profile, network: Network, dials: asyncio.Semaphore, contact: ContactRow
    ) -> None:
        self.profile = profile
        self.contact = contact.id
        self.name = contact.name
        self.key = contact.key
        self.accepted = contact.state == "contact"
        self.speaking = asyncio.Lock()
        self.why: Why | None = None
        self._network = network
        self._dials = dials
        self._talks: list[Talk] = []
        self._schedule = Schedule()
        self._detour = Detour()
        self._stir = asyncio.Event()
        self._token = secrets.token_hex(16)
        self._left = False
        self.keyed: set[Place] = set()
        """Places that were dialled with a key."""

    @property
    def online(self) -> bool:
        return bool(self._talks)

    @property
    def preferred(self) -> Talk | None:
        """The connection to speak on: the smaller initiator key, of equals the newer."""
        newest_first = self._talks[::-1]
        return min(newest_first, key=lambda talk: talk.connection.initiator, default=None)

    def start(self, contacts: int, pause: float) -> None:
        """The node came up, with this many contacts: greet this one in its turn."""
        self._schedule.start(self._now() + pause, contacts)
        self._stir.set()

    def changed(self) -> None:
        """Something was committed for this contact: a message, a decision, a new state."""
        if not self._talks:
            self._schedule.wanted(self._now())
        for talk in self._talks:
            talk.wake()
        self._stir.set()

    def told(self) -> None:
        """There is something to say to them, but it is no reason to dial."""
        for talk in self._talks:
            talk.wake()

    def network_is_back(self) -> None:
        """Who was to be dialled later is dialled now."""
        if self._schedule.at is not None:
            self._schedule.again(self._now())
            self._stir.set()

    def woke(self, contacts: int, *, greet: bool) -> None:
        """The machine slept: is anybody still there? Who was to be dialled is dialled now, and
        with `greet` everybody is greeted in their turn, as after a start."""
        for talk in self._talks:
            talk.doubt()
        if greet and not self._talks:
            self.start(contacts, 0.0)
        self.network_is_back()

    def heard(self, found: Outcome, talk: Talk) -> None:
        """A contact who asks again has forgotten us: what was said to them elsewhere in the
        meantime was not heard, so it all begins anew, with our yes."""
        if talk.good:
            self._schedule.good()
        if found.moved:
            self.accepted = True
            if self.profile.live is not None:
                self.profile.live.rearrange()
        if found.consent:
            for other in self._talks:
                if other is not talk:
                    other.end()
            self._schedule.wanted(self._now())
            self._stir.set()

    async def run(self) -> None:
        """Dial when it is time, until the contact is blocked or removed."""
        while (contact := await self._active()) is not None:
            self._ask_again(contact)
            due = self._schedule.at is not None and self._schedule.at <= self._now()
            if due and not self._talks:
                await self._dial()
            else:
                await wait(self._stir, None if self._talks else self._schedule.at)
                self._stir.clear()
        await self.leave()

    async def leave(self) -> None:
        """The contact was blocked or removed: every connection ends, and no other begins."""
        self._left = True
        for talk in [*self._talks]:
            await talk.connection.close()

    async def welcome(self, connection: Connection, theirs: Hello) -> None:
        """Serve a connection that this contact opened and has proven to be theirs."""
        assert connection.channel.secrets is not None
        fresh = greeting.fresh_session(connection.channel.secrets, initiator=False)
        mine, standing = await self.profile.change(
            greeting.answer,
            *(self.contact, theirs, fresh, self.profile.clock()),
        )
        await connection.send(mine)
        await self._serve(connection, standing)

    async def receive_guest(
        self, connection: Connection, fresh: Fresh, said: Sequence[bytes]
    ) -> None:
        """Serve a connection on which they have brought an invite's token, in the first of the
        envelopes that they have `said`; hellos without sessions have been exchanged."""
        await self._serve(connection, Standing(fresh.sid, fresh, frozenset({fresh.sid})), said)

    async def say_bye(self) -> None:
        """On every connection; one that is over already needs none."""
        for talk in [*self._talks]:
            with suppress(ConnectionError, RemoteError):
                await talk.say_bye()

    async def _active(self) -> ContactRow | None:
        profile = self.profile
        contact = await profile.db.run(contacts.find, self.contact)
        if contact is not None and invites.is_over(contact, profile.clock()):
            await profile.change(invites.ask_instead, self.contact, profile.clock())
            contact = await profile.db.run(contacts.find, self.contact)
            self.accepted = False
        return contact if contact is not None and contact.active else None

    def _ask_again(self, contact: ContactRow) -> None:
        """A request that was not answered is offered again when its day is over, not before."""
        pause = requests.pause(contact, self.profile.clock())
        if contact.state == "requested" and contact.next_offer is not None and pause is not None:
            self._schedule.not_before(self._now() + pause)

    async def _dial(self) -> None:
        self._schedule.dialled(self._now())
        try:
            places = await self.profile.db.run(endpoints.places, self.contact, self.profile.clock())
            await self._tor_ready()
            async with self._dials:
                link = await self._link_to(self._detour.ways(places))
        except DialError as error:
            self._detour.missed(error)
            await self._failed(why.failed(error))
            return
        me = self.profile.identity
        connection = Connection(link, Channel.dial(me, self.key), me.key)
        try:
            await self._greet(connection)
        except (RemoteError, ConnectionError, TimeoutError, RefusedError) as error:
            self._detour.missed(error)
            await self._failed(why.failed(error))
        finally:
            await connection.close()

    async def _link_to(self, ways: Sequence[Place]) -> Link:
        """To the first of these places, or the next one where our key is not taken."""
        for place in ways:
            if place.client_key is not None:
                self.keyed.add(place)
            try:
                deadline = self._now() + DIAL_DEADLINE
                return await self._network.dial(place, self._token, deadline)
            except DialError as error:
                if error.reason != "unauthorised" or place is ways[-1]:
                    raise
        raise AssertionError("there is always a place")

    async def _greet(self, connection: Connection) -> None:
        """Handshake and hellos as the one who dialled; then talk, or ask to be accepted."""
        async with asyncio.timeout(HANDSHAKE_SECONDS):
            await connection.flush()
            done = await connection.expect(HandshakeDone)
            fresh = greeting.fresh_session(done.secrets, initiator=True)
            async with self.speaking:
                standing = await self._exchange_hellos(connection, fresh)
        if standing is None:
            await self._offer(connection, fresh)
        else:
            await self._serve(connection, standing)

    async def _exchange_hellos(self, connection: Connection, fresh: Fresh) -> Standing | None:
        """None: they have not accepted us yet."""
        profile = self.profile
        contact, mine = await profile.db.run(greeting.hello_to, self.contact)
        await connection.send(mine)
        theirs = (await connection.expect(PeerHello)).hello
        if contact.state == "requested":
            return None
        return await profile.change(greeting.settle, contact, mine, theirs, fresh, profile.clock())

    async def _offer(self, connection: Connection, fresh: Fresh) -> None:
        """Ask, once, and say goodbye: the answer comes by the other side's own dial."""
        profile = self.profile
        wire = await profile.db.run(requests.offer, self.contact, fresh)
        await connection.send(Envelope(wire), Bye())
        await profile.db.run(requests.offered, self.contact, profile.clock())
        self._schedule.connected()
        self._schedule.good()

    async def _serve(
        self, connection: Connection, standing: Standing, said: Sequence[bytes] = ()
    ) -> None:
        await self._make_room()
        if self._left:
            return
        connection.attention = ALL_OF_IT  # they are a contact
        talk = Talk(self, connection, standing, said)
        self._talks.append(talk)
        self._schedule.connected()
        self._detour.met()
        self.why = None
        await self._seen()
        try:
            await self._give_back()
            await talk.run()
        finally:
            self._talks.remove(talk)
        if self._talks:
            for other in self._talks:
                other.say_again()
            await self._give_back()
        else:
            await self._parted(talk)

    async def _give_back(self) -> None:
        """With a connection more or less: what was written in a session that the other ends of
        those there are do not know is written again in one that they do."""
        shared = frozenset[SessionId]().union(*(talk.shared for talk in self._talks))
        await self.profile.db.run(outbox.give_back, self.contact, shared)
        for talk in self._talks:
            talk.wake()

    async def _make_room(self) -> None:
        silent = [talk for talk in self._talks if talk is not self.preferred]
        if len(self._talks) >= CONNECTIONS and silent:
            await silent[0].connection.close()

    async def _parted(self, talk: Talk) -> None:
        await self._seen()
        waiting = await self._waiting()
        if talk.said_bye:
            self.why = why.LEFT
        if talk.refused is not None:
            self.why = why.failed(talk.refused)
        if not talk.good:
            self._schedule.failed(self._now(), waiting=waiting)
        elif waiting or not talk.said_bye:
            self._schedule.lost(self._now(), waiting=waiting)
        self._stir.set()

    async def _seen(self) -> None:
        with suppress(RefusedError):  # a full disk must not end a conversation
            await self.profile.db.run(contacts.touch, self.contact, self.profile.clock())
        self.profile.feed.live("contact.state", {"contact": self.name, "online": self.online})

    async def _failed(self, reason: Why) -> None:
        self.why = reason
        if reason.reason in FRESH_TOKEN:
            self._token = secrets.token_hex(16)
        waiting = await self._waiting()
        self._schedule.failed(self._now(), waiting=waiting, offline=reason.reason == "offline")

    async def _waiting(self) -> bool:
        """Is there a reason to try again: a message, or a request that is due?"""
        return await self.profile.db.run(
            requests.reason_to_dial, self.contact, self.profile.clock()
        )

    async def _tor_ready(self) -> None:
        while (status := self._network.status).state != "ready":
            await self._network.change(status)

    def _now(self) -> float:
        return asyncio.get_running_loop().time()
