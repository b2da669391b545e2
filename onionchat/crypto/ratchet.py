"""The double ratchet with encrypted headers and ML-KEM-768 in every step.

Signal's published Double Ratchet (revision 4, header encryption) with each step's
Diffie-Hellman joined by an encapsulation, so that a recorded conversation stays closed to
a quantum computer and a stolen state heals within one round trip. docs/protocol.md 4 is
the authority, byte for byte.

    encrypt(state, padded)         -> the next state, the envelope
    decrypt(state, skipped, wire)  -> the next state, the text, what became of skipped keys

Both are pure: the caller commits the new state before an envelope leaves and together
with what an envelope brought. Whatever is refused leaves no trace.

Limits, because a peer may lie: 1000 keys for one jump, 1000 stored, past header keys of
at most 64 chains. Eviction follows events, never the clock: over Tor a timer is a
fingerprint.
"""

import hashlib
import secrets
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import chain

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

from onionchat.crypto import header as headers
from onionchat.crypto import kdf, kem
from onionchat.crypto.header import Header
from onionchat.crypto.identity import exchange
from onionchat.crypto.ratchet_errors import Clone, NotMine, Refused, TooFar
from onionchat.crypto.ratchet_state import OwnKeys, State
from onionchat.crypto.session_secrets import SessionSecrets
from onionchat.errors import LocalError, RemoteError

Rand = Callable[[int], bytes]
HeaderKeyNumber = tuple[bytes, int]
Skipped = Mapping[HeaderKeyNumber, bytes]
"""Message keys of envelopes that have not come, newest first in iteration."""

LARGEST_JUMP = 1000
STORED_KEYS = 1000
PAST_HEADER_KEYS = 64
OVERHEAD = headers.SEALED + headers.TAG
"""Bytes that an envelope is longer than what it carries: 2362."""


@dataclass(frozen=True, slots=True)
class Opened:
    """What an envelope brought.

    `stored`: new skipped keys (header key, number, message key), oldest first.
    `dropped`: entries of `skipped` that are used up or evicted. `digest`: SHA-256 of the
    encrypted header. `stepped`: it began a chain that answers ours.
    """

    state: State
    padded: bytes
    digest: bytes
    stepped: bool = False
    stored: tuple[tuple[bytes, int, bytes], ...] = field(default=(), repr=False)
    dropped: tuple[HeaderKeyNumber, ...] = field(default=(), repr=False)


def start_alice(session: SessionSecrets, rand: Rand = secrets.token_bytes) -> State:
    """The state of who dialled: may speak at once. Draws X25519 (32) and ML-KEM seed (64)."""
    if session.peer_dh is None or session.peer_ek is None:
        raise LocalError("a session of Bob's cannot be started as Alice")
    state = State(
        sid=session.sid,
        ad=session.ad,
        rk=session.sk,
        own=OwnKeys.of(rand(32), rand(kem.SEED)),
        nhkr=session.nhkb,
        peer_dh=session.peer_dh,
        peer_ek=session.peer_ek,
    )
    return replace(_sending_half(state), hks=session.hka)


def start_bob(session: SessionSecrets) -> State:
    """The state of who answered: must hear Alice first."""
    if session.dh_private is None or session.kem_seed is None:
        raise LocalError("a session of Alice's cannot be started as Bob")
    return State(
        sid=session.sid,
        ad=session.ad,
        rk=session.sk,
        own=OwnKeys.of(session.dh_private, session.kem_seed),
        nhks=session.nhkb,
        nhkr=session.hka,
    )


def digest(wire: bytes) -> bytes:
    """SHA-256 of an envelope's encrypted header, which names it without opening it."""
    if len(wire) < OVERHEAD:
        raise RemoteError("an envelope that is shorter than its header")
    return hashlib.sha256(wire[: headers.SEALED]).digest()


def encrypt(state: State, padded: bytes, rand: Rand = secrets.token_bytes) -> tuple[State, bytes]:
    """One envelope, 2362 bytes longer than `padded`. Draws 32 bytes for the salt."""
    if not state.can_send or state.cks is None or state.hks is None or state.ct is None:
        raise LocalError("this session cannot send now; ask `can_send` first")
    mk = kdf.mac(state.cks, b"\x01")
    salt = kdf.mac(mk, kdf.LABEL + b"salt\0" + rand(32) + padded)[: headers.SALT]
    header = Header(state.pn, state.ns, state.own.dh_public, state.own.ek, state.ct)
    eh = headers.seal(state.hks, salt, header, state.ad)
    cipher, nonce = _body_cipher(mk, state.ad, eh)
    after = replace(state, cks=kdf.mac(state.cks, b"\x02"), ns=state.ns + 1)
    return after, eh + cipher.encrypt(nonce, padded, state.ad)


def decrypt(
    state: State, skipped: Skipped, wire: bytes, rand: Rand = secrets.token_bytes
) -> Opened:
    """Open an envelope whose digest is new; NotMine, Refused, TooFar, Clone.

    Only a step draws randomness: X25519 (32) and ML-KEM seed (64).
    """
    envelope = _Envelope(wire, digest(wire), state.ad)
    if state.hkr is not None and (header := envelope.header(state.hkr)) is not None:
        return _open_current(state, skipped, envelope, header)
    if state.nhkr is not None and (header := envelope.header(state.nhkr)) is not None:
        return _open_next(state, skipped, envelope, header, rand)
    for past in dict.fromkeys(header_key for header_key, _ in skipped):
        if past != state.hkr and (header := envelope.header(past)) is not None:
            return _open_skipped(state, skipped, envelope, (past, header.n))
    raise NotMine("an envelope that opens under no session")


class _Envelope:
    """One envelope while it is being opened."""

    def __init__(self, wire: bytes, name: bytes, ad: bytes) -> None:
        self.eh, self.body = wire[: headers.SEALED], wire[headers.SEALED :]
        self.digest = name
        self._ad = ad

    def header(self, key: bytes) -> Header | None:
        """The header, if this is its key; Refused if it breaks a rule."""
        plain = headers.open_plain(key, self.eh, self._ad)
        if plain is None:
            return None
        header = Header.decode(plain)
        if header is None:
            raise Refused("a header of another version, or a number out of range", self.digest)
        return header

    def open(self, mk: bytes) -> bytes:
        cipher, nonce = _body_cipher(mk, self._ad, self.eh)
        try:
            return cipher.decrypt(nonce, self.body, self._ad)
        except InvalidTag:
            raise Refused("an envelope whose body does not open", self.digest) from None


def _open_current(state: State, skipped: Skipped, envelope: _Envelope, header: Header) -> Opened:
    """Another envelope of the chain that we are receiving."""
    assert state.hkr is not None
    assert state.ckr is not None
    if header.chain != state.chain:
        raise Clone("two chains under one header key", envelope.digest)
    if header.n < state.nr:
        return _open_skipped(state, skipped, envelope, (state.hkr, header.n))
    _check_jump(header.n - state.nr, envelope)
    ckr, stored = _advance(state.ckr, state.hkr, state.nr, header.n)
    padded = envelope.open(kdf.mac(ckr, b"\x01"))
    after = replace(state, ckr=kdf.mac(ckr, b"\x02"), nr=header.n + 1)
    return _opened(after, skipped, envelope, padded, stored, stepped=False)


def _open_next(
    state: State, skipped: Skipped, envelope: _Envelope, header: Header, rand: Rand
) -> Opened:
    """The first envelope that we see of a new chain of theirs: take a step."""
    stored: list[tuple[bytes, int, bytes]] = []
    _check_jump(header.n, envelope)
    if state.ckr is not None and state.hkr is not None:
        _check_jump(header.pn - state.nr, envelope)
        _, stored = _advance(state.ckr, state.hkr, state.nr, header.pn)
    try:
        half = _receiving_half(state, header)
        assert half.ckr is not None
        assert half.hkr is not None
        ckr, ahead = _advance(half.ckr, half.hkr, 0, header.n)
        padded = envelope.open(kdf.mac(ckr, b"\x01"))
        after = _sending_half(replace(half, own=OwnKeys.of(rand(32), rand(kem.SEED))))
    except Refused:
        raise
    except RemoteError as error:
        raise Refused(str(error), envelope.digest) from None
    after = replace(after, ckr=kdf.mac(ckr, b"\x02"), nr=header.n + 1)
    return _opened(after, skipped, envelope, padded, stored + ahead, stepped=True)


def _open_skipped(
    state: State, skipped: Skipped, envelope: _Envelope, which: HeaderKeyNumber
) -> Opened:
    """An envelope that was overtaken."""
    mk = skipped.get(which)
    if mk is None:
        raise Clone("a number that another envelope has used", envelope.digest)
    return Opened(state, envelope.open(mk), envelope.digest, dropped=(which,))


def _receiving_half(state: State, header: Header) -> State:
    """Their new chain: everything moves to the next header keys."""
    secret = exchange(state.own.x25519, header.dh)
    shared = state.own.decapsulator.decapsulate(header.ct)
    context = kdf.digest(header.dh, state.own.dh_public, state.own.ek, header.ct)
    rk, ckr, nhkr = _root(state.rk, secret + shared, context)
    return replace(
        state,
        rk=rk,
        ckr=ckr,
        nhkr=nhkr,
        hkr=state.nhkr,
        hks=state.nhks,
        pn=state.ns,
        ns=0,
        nr=0,
        peer_dh=header.dh,
        peer_ek=header.ek,
        chain=header.chain,
    )


def _sending_half(state: State) -> State:
    """Our new chain, under `state.own`."""
    assert state.peer_dh is not None
    assert state.peer_ek is not None
    ct, shared = kem.encapsulate(state.peer_ek)
    secret = exchange(state.own.x25519, state.peer_dh)
    context = kdf.digest(state.own.dh_public, state.peer_dh, state.peer_ek, ct)
    rk, cks, nhks = _root(state.rk, secret + shared, context)
    return replace(state, rk=rk, cks=cks, nhks=nhks, ct=ct)


def _root(rk: bytes, secret: bytes, context: bytes) -> tuple[bytes, bytes, bytes]:
    keys = kdf.derive(rk, secret, kdf.LABEL + b"rk\0" + context, 96)
    return keys[:32], keys[32:64], keys[64:]


def _body_cipher(mk: bytes, ad: bytes, eh: bytes) -> tuple[ChaCha20Poly1305, bytes]:
    both = kdf.expand(mk, kdf.LABEL + b"msg\0" + kdf.digest(ad, eh), 44)
    return ChaCha20Poly1305(both[:32]), both[32:]


def _advance(
    ck: bytes, header_key: bytes, start: int, end: int
) -> tuple[bytes, list[tuple[bytes, int, bytes]]]:
    """The chain key at number `end`, and the message keys of start..end-1."""
    stored = []
    for number in range(start, end):
        stored.append((header_key, number, kdf.mac(ck, b"\x01")))
        ck = kdf.mac(ck, b"\x02")
    return ck, stored


def _check_jump(distance: int, envelope: _Envelope) -> None:
    if distance > LARGEST_JUMP:
        raise TooFar("an envelope further ahead than keys are stored for", envelope.digest)


def _opened(
    state: State,
    skipped: Skipped,
    envelope: _Envelope,
    padded: bytes,
    stored: list[tuple[bytes, int, bytes]],
    *,
    stepped: bool,
) -> Opened:
    kept, dropped = _evict(skipped, stored) if stored else (stored, [])
    return Opened(state, padded, envelope.digest, stepped, tuple(kept), tuple(dropped))


def _evict(
    skipped: Skipped, stored: list[tuple[bytes, int, bytes]]
) -> tuple[list[tuple[bytes, int, bytes]], list[HeaderKeyNumber]]:
    """Keep the newest keys within both limits; the oldest go."""
    newest_first = chain(((hk, n) for hk, n, _ in reversed(stored)), skipped)
    kept = set(_within_limits(newest_first))
    return (
        [entry for entry in stored if entry[:2] in kept],
        [entry for entry in skipped if entry not in kept],
    )


def _within_limits(newest_first: Iterator[HeaderKeyNumber]) -> Iterator[HeaderKeyNumber]:
    header_keys: set[bytes] = set()
    for count, (header_key, number) in enumerate(newest_first):
        header_keys.add(header_key)
        if count >= STORED_KEYS or len(header_keys) > PAST_HEADER_KEYS:
            return
        yield header_key, number
