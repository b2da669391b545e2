"""The double ratchet with encrypted headers and ML-KEM-768 in every step.

Signal's published Double Ratchet (revision 4, header encryption) with each step's
Diffie-Hellman joined by an encapsulation. docs/protocol.md 4 is the authority, byte for
byte.

    encrypt(state, padded)         -> the next state, the envelope
    decrypt(state, skipped, wire)  -> the next state, the text, what became of skipped keys

Both are pure: the caller commits the new state before an envelope leaves and together
with what an envelope brought. Whatever is refused leaves no trace. The bounds on what a
lying peer can cost are in `ratchet_limits`.
"""

import secrets
from collections.abc import Callable

from onionchat.crypto import kem
from onionchat.crypto.envelope import OVERHEAD, Envelope, digest, seal
from onionchat.crypto.header import Header
from onionchat.crypto.ratchet_chain import ReceivingChain, StoredKey
from onionchat.crypto.ratchet_errors import Authentic, Clone, NotMine, Refused, TooFar
from onionchat.crypto.ratchet_limits import LARGEST_JUMP
from onionchat.crypto.ratchet_state import OwnKeys, Root, State
from onionchat.crypto.ratchet_step import begin_receiving, begin_sending
from onionchat.crypto.secret import Secret
from onionchat.crypto.session_secrets import SessionSecrets
from onionchat.crypto.skipped_keys import HeaderKeyNumber, Skipped, evict
from onionchat.errors import LocalError, RemoteError

__all__ = [
    "OVERHEAD",
    "HeaderKeyNumber",
    "Opened",
    "Skipped",
    "State",
    "decrypt",
    "digest",
    "encrypt",
    "start_alice",
    "start_bob",
]

Rand = Callable[[int], bytes]


class Opened(Secret, frozen=True):
    """What an envelope brought.

    `stored`: new skipped keys (header key, number, message key), oldest first.
    `dropped`: entries of `skipped` that are used up or evicted. `digest`: SHA-256 of the
    sealed header. `stepped`: it began a chain that answers ours.
    """

    state: State
    padded: bytes
    digest: bytes
    stepped: bool = False
    stored: tuple[StoredKey, ...] = ()
    dropped: tuple[HeaderKeyNumber, ...] = ()


def start_alice(session: SessionSecrets, rand: Rand = secrets.token_bytes) -> State:
    """The state of who dialled: may speak at once. Draws X25519 (32) and ML-KEM seed (64)."""
    if session.peer_dh is None or session.peer_ek is None:
        raise LocalError("a session of Bob's cannot be started as Alice")
    own = _new_keys(rand)
    rk, nhks, sending = begin_sending(
        session.sk, own, session.peer_dh, session.peer_ek, session.hka
    )
    root = Root(session.sid, session.ad, rk, nhks, session.nhkb, 0, own)
    return State(root, sending, None)


def start_bob(session: SessionSecrets) -> State:
    """The state of who answered: must hear Alice first."""
    if session.dh_private is None or session.kem_seed is None:
        raise LocalError("a session of Alice's cannot be started as Bob")
    own = OwnKeys(session.dh_private, session.kem_seed)
    root = Root(session.sid, session.ad, session.sk, session.nhkb, session.hka, 0, own)
    return State(root, None, None)


def encrypt(state: State, padded: bytes, rand: Rand = secrets.token_bytes) -> tuple[State, bytes]:
    """One envelope, 2362 bytes longer than `padded`. Draws 32 bytes for the salt."""
    chain = state.sending
    if chain is None or not state.can_send:
        raise LocalError("this session cannot send now; ask `can_send` first")
    mk, after = chain.take()
    header = Header(state.root.pn, chain.n, chain.keys)
    wire = seal(chain.hk, mk, header, padded, state.root.ad, rand(32))
    return State(state.root, after, state.receiving), wire


def decrypt(
    state: State, skipped: Skipped, wire: bytes, rand: Rand = secrets.token_bytes
) -> Opened:
    """Open an envelope whose digest is new; NotMine, Refused, TooFar, Clone.

    RemoteError when it is too short to be one. Only a step draws randomness: X25519 (32)
    and ML-KEM seed (64).
    """
    envelope = Envelope(wire, state.root.ad)
    current = state.receiving
    if current is not None and (header := envelope.header(current.hk)) is not None:
        return _open_current(state, current, skipped, envelope, header)
    if (header := envelope.header(state.root.nhkr)) is not None:
        return _open_next(state, skipped, envelope, header, rand)
    for past in dict.fromkeys(hk for hk, _ in skipped):
        if (header := envelope.header(past)) is not None:
            return _open_skipped(state, skipped, envelope, (past, header.n))
    raise NotMine("an envelope that opens under no session")


def _open_current(
    state: State, chain: ReceivingChain, skipped: Skipped, envelope: Envelope, header: Header
) -> Opened:
    """Another envelope of the chain that we are receiving."""
    if header.keys_digest != chain.keys_digest:
        raise Clone("two chains under one header key", envelope.digest)
    if header.n < chain.n:
        return _open_skipped(state, skipped, envelope, (chain.hk, header.n))
    chain, new = _skip(chain, header.n, envelope)
    mk, chain = chain.take()
    padded = envelope.open(mk)
    stored, dropped = evict(skipped, new, chain.hk) if new else ((), ())
    after = State(state.root, state.sending, chain)
    return Opened(after, padded, envelope.digest, stored=stored, dropped=dropped)


def _open_next(
    state: State, skipped: Skipped, envelope: Envelope, header: Header, rand: Rand
) -> Opened:
    """The first envelope that we see of a new chain of theirs: take a step."""
    root = state.root
    rest = _skip(state.receiving, header.pn, envelope)[1] if state.receiving else []
    try:
        rk, nhkr, chain = begin_receiving(root, header)
        chain, ahead = _skip(chain, header.n, envelope)
        mk, chain = chain.take()
        padded = envelope.open(mk)
        own = _new_keys(rand)
        rk, nhks, sending = begin_sending(rk, own, header.dh, header.ek, root.nhks)
    except Authentic:
        raise
    except RemoteError as error:
        raise Refused(error.message, envelope.digest) from None
    pn = state.sending.n if state.sending else 0
    after = State(Root(root.sid, root.ad, rk, nhks, nhkr, pn, own), sending, chain)
    stored, dropped = evict(skipped, rest + ahead, chain.hk)
    return Opened(after, padded, envelope.digest, True, stored, dropped)


def _open_skipped(
    state: State, skipped: Skipped, envelope: Envelope, which: HeaderKeyNumber
) -> Opened:
    """An envelope that was overtaken."""
    mk = skipped.get(which)
    if mk is None:
        raise Clone("a number that another envelope has used", envelope.digest)
    return Opened(state, envelope.open(mk), envelope.digest, dropped=(which,))


def _skip(
    chain: ReceivingChain, until: int, envelope: Envelope
) -> tuple[ReceivingChain, list[StoredKey]]:
    if until - chain.n > LARGEST_JUMP:
        raise TooFar("an envelope further ahead than keys are stored for", envelope.digest)
    return chain.skip(until)


def _new_keys(rand: Rand) -> OwnKeys:
    return OwnKeys(rand(32), rand(kem.SEED))
