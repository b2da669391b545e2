"""The peers of the ratchet: DoubleRatchet (Python) and vodozemac (Rust).

Neither encrypts headers nor has a KEM, so both do less for a message than we do.
DoubleRatchet runs with its own recommended parts in the fastest of its choices, Curve25519
and SHA-256, and in one event loop for all messages. Of vodozemac it is an Olm session.
"""

import asyncio
import secrets

import vodozemac
from doubleratchet import DoubleRatchet, Header
from doubleratchet.recommended import (
    HashFunction,
    aead_aes_hmac,
    diffie_hellman_ratchet_curve25519,
    kdf_hkdf,
    kdf_separate_hmacs,
)

from benchmarks.rounds import Work

AD = bytes(32)


class Aead(aead_aes_hmac.AEAD):
    @staticmethod
    def _get_hash_function() -> HashFunction:
        return HashFunction.SHA_256

    @staticmethod
    def _get_info() -> bytes:
        return b"benchmark AEAD"


class RootChain(kdf_hkdf.KDF):
    @staticmethod
    def _get_hash_function() -> HashFunction:
        return HashFunction.SHA_256

    @staticmethod
    def _get_info() -> bytes:
        return b"benchmark root chain"


class MessageChain(kdf_separate_hmacs.KDF):
    @staticmethod
    def _get_hash_function() -> HashFunction:
        return HashFunction.SHA_256


class Ratchet(DoubleRatchet):
    @staticmethod
    def _build_associated_data(associated_data: bytes, header: Header) -> bytes:
        counters = (header.sending_chain_length, header.previous_sending_chain_length)
        numbers = b"".join(count.to_bytes(4, "big") for count in counters)
        return associated_data + header.ratchet_pub + numbers


def double_ratchet(text: bytes, *, alternating: bool) -> Work:
    sender, receiver = asyncio.run(_pair(text))

    async def exchange(messages: int) -> None:
        nonlocal sender, receiver
        for _ in range(messages):
            message = await sender.encrypt_message(text, AD)
            assert await receiver.decrypt_message(message, AD) == text
            if alternating:
                sender, receiver = receiver, sender

    return lambda messages: asyncio.run(exchange(messages))


async def _pair(text: bytes) -> tuple[Ratchet, Ratchet]:
    curve = diffie_hellman_ratchet_curve25519.DiffieHellmanRatchet
    private, shared = secrets.token_bytes(32), secrets.token_bytes(32)
    public = curve._derive_pub(private)
    parts = (curve, RootChain, MessageChain, b"\x01\x02", 1000, 1000, Aead, shared)
    alice, first = await Ratchet.encrypt_initial_message(*parts, public, text, AD)
    bob, _ = await Ratchet.decrypt_initial_message(*parts, private, first, AD)
    await alice.decrypt_message(await bob.encrypt_message(text, AD), AD)
    return alice, bob


def olm(text: bytes, *, alternating: bool) -> Work:
    ours, theirs = vodozemac.Account(), vodozemac.Account()
    theirs.generate_one_time_keys(1)
    (key,) = theirs.one_time_keys.values()
    sender = ours.create_outbound_session(theirs.curve25519_key, key)
    first = sender.encrypt(text).to_pre_key()
    assert first is not None
    receiver, _ = theirs.create_inbound_session(ours.curve25519_key, first)
    sender.decrypt(receiver.encrypt(text))

    def exchange(messages: int) -> None:
        nonlocal sender, receiver
        for _ in range(messages):
            assert receiver.decrypt(sender.encrypt(text)) == text
            if alternating:
                sender, receiver = receiver, sender

    return exchange
