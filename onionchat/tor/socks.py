"""SOCKS5 (RFC 1928, 1929) to tor, with tor's extended onion errors.

Our own, because libraries fold F0 to F7 into "failed", and they are what tells a person
whether the peer, the network or the key is the trouble (dial_errors.py). Rules:

- The user name is `<torS0X>0` (proposal 351: any other name of that form is refused since
  0.4.9) and the password a random token: streams of different tokens never share a circuit,
  so one token per contact keeps contacts apart and a new one gives a fresh path. NEWNYM,
  which throws away everybody's circuits, is never needed.
- The name is always sent, never looked up.
- The reply is read by its address type: on a unix socket tor answers with IPv6.
- tor's own time-out is absent when the peer's descriptor asks for work, so the deadline
  is ours.

`conversation` is the protocol without IO: it yields what to write and how many bytes to
read next. It reads not one byte more than its reply, so what follows belongs to the peer.
"""

import asyncio
from collections.abc import Generator

from onionchat.tor.address import SocksAddress
from onionchat.tor.dial_errors import DialTimeout, NotSocks, Starting, refusal
from onionchat.tor.link import StreamLink, connect

USERNAME = b"<torS0X>0"

_IPV4, _NAME, _IPV6 = 1, 3, 4
_FIXED_LENGTH = {_IPV4: 4, _IPV6: 16}

Step = tuple[bytes, int]
"""Bytes to write, then how many to read."""


def conversation(host: str, port: int, token: str) -> Generator[Step, bytes, None]:
    """From greeting to open stream. `token`: 1 to 255 ASCII bytes. DialError if refused."""
    login = b"\x01" + _sized(USERNAME) + _sized(token.encode("ascii"))
    request = b"\x05\x01\x00\x03" + _sized(host.encode("ascii")) + port.to_bytes(2)
    chosen = yield b"\x05\x01\x02", 2
    if chosen != b"\x05\x02":
        raise NotSocks
    verdict = yield login, 2
    if verdict != b"\x01\x00":
        raise NotSocks
    version, code, _, kind = yield request, 4
    if version != 5:
        raise NotSocks
    if code:
        raise refusal(code)
    if kind == _NAME:
        (length,) = yield b"", 1
    elif kind in _FIXED_LENGTH:
        length = _FIXED_LENGTH[kind]
    else:
        raise NotSocks
    yield b"", length + 2


def _sized(field: bytes) -> bytes:
    if not 0 < len(field) < 256:
        raise ValueError("a SOCKS field holds 1 to 255 bytes")
    return bytes([len(field)]) + field


async def dial(
    socks: SocksAddress, host: str, port: int, token: str, deadline: float
) -> StreamLink:
    """A link to `host`:`port` through tor; DialError. `deadline` is in the loop's time."""
    try:
        async with asyncio.timeout_at(deadline):
            return await _dial(socks, host, port, token)
    except TimeoutError as error:
        raise DialTimeout from error


async def _dial(socks: SocksAddress, host: str, port: int, token: str) -> StreamLink:
    try:
        link = await connect(socks)
    except OSError as error:
        raise Starting from error
    try:
        await _converse(link, conversation(host, port, token))
    except BaseException:
        await link.close()
        raise
    return link


async def _converse(link: StreamLink, steps: Generator[Step, bytes, None]) -> None:
    try:
        out, wanted = next(steps)
        while True:
            await link.write(out)
            out, wanted = steps.send(await link.read_exactly(wanted))
    except StopIteration:
        return
    except ConnectionError as error:
        raise Starting from error
