"""The SOCKS dialogue as a value, and over a socket that answers from a script."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onionchat.tor import socks
from onionchat.tor.address import TcpAddress, UnixAddress
from onionchat.tor.dial_errors import (
    DialError,
    DialTimeout,
    HostUnreachable,
    KeyMissing,
    NotPublished,
    NotSocks,
    Starting,
    UnknownRefusal,
    refusal,
)
from onionchat.tor.socks import conversation, dial

HOST = "aoqqpp7tzyil4hlq3umoos6atft6jvrqtosq2xy53sdgiesvgg4bqead.onion"
GREETED = b"\x05\x02" + b"\x01\x00"
IPV6 = b"\x05\x00\x00\x04" + bytes(18)


def play(answers: bytes) -> tuple[bytes, bytes]:
    """What is written in the whole dialogue, and what of `answers` is left over."""
    steps = conversation(HOST, 5222, "token")
    written = b""
    with contextlib.suppress(StopIteration):
        out, wanted = next(steps)
        while True:
            written += out
            piece, answers = answers[:wanted], answers[wanted:]
            if len(piece) < wanted:
                raise EOFError
            out, wanted = steps.send(piece)
    return written, answers


def test_every_byte_to_tor() -> None:
    written, _ = play(GREETED + IPV6)
    assert written == (
        b"\x05\x01\x02\x01\x09<torS0X>0\x05token\x05\x01\x00\x03\x3e" + HOST.encode() + b"\x14\x66"
    )


@pytest.mark.parametrize(
    "reply",
    [
        b"\x05\x00\x00\x01" + bytes(6),
        b"\x05\x00\x00\x04" + bytes(18),
        b"\x05\x00\x00\x03\x00" + bytes(2),
        b"\x05\x00\x00\x03\xff" + bytes(257),
    ],
)
def test_a_reply_is_read_by_its_address_type_and_not_one_byte_further(reply: bytes) -> None:
    _, rest = play(GREETED + reply + b"the peer's first words")
    assert rest == b"the peer's first words"


@pytest.mark.parametrize(
    "answers",
    [
        b"HTTP/1.1 400",
        b"\x05\x00",
        b"\x05\xff",
        b"\x05\x02\x01\x01",
        GREETED + b"\x04\x00\x00\x01",
        GREETED + b"\x05\x00\x00\x02",
    ],
)
def test_what_is_not_tor_is_said_so(answers: bytes) -> None:
    with pytest.raises(NotSocks):
        play(answers)


@given(st.binary(max_size=600), st.booleans())
def test_the_dialogue_is_total(noise: bytes, greeted: bool) -> None:
    with contextlib.suppress(DialError, EOFError):
        play((GREETED if greeted else b"") + noise)


@pytest.mark.parametrize("token", ["", "x" * 256])
def test_a_token_that_does_not_fit_is_our_bug(token: str) -> None:
    with pytest.raises(ValueError, match="255"):
        next(conversation(HOST, 5222, token))


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        (0xF0, "offline"),
        (0xF1, "unreachable"),
        (0xF2, "offline"),
        (0xF3, "network"),
        (0xF4, "unauthorised"),
        (0xF5, "unauthorised"),
        (0xF6, "unreachable"),
        (0xF7, "network"),
        (0x01, "network"),
        (0x04, "offline"),
        (0x05, "unreachable"),
        (0x06, "network"),
    ],
)
def test_every_code_of_tor_has_its_own_leaf(code: int, reason: str) -> None:
    error = refusal(code)
    assert (error.code, error.reason) == (code, reason)
    assert error.message
    assert error.hint


def test_no_two_codes_share_a_sentence_and_unknown_ones_have_one() -> None:
    sentences = {refusal(code).message for code in range(1, 256)}
    assert len(sentences) == 13
    assert isinstance(refusal(0x02), UnknownRefusal)


# over a socket

Answer = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


def dialled(path: Path, answer: Answer, patience: float = 5) -> bytes:
    """Dial a tor that behaves like `answer`; the first bytes of the peer."""

    async def run() -> bytes:
        address = UnixAddress(path / "socks")
        server = await asyncio.start_unix_server(answer, address.path)
        async with server:
            deadline = asyncio.get_running_loop().time() + patience
            link = await dial(address, HOST, 5222, "token", deadline)
            try:
                return await link.read()
            finally:
                await link.close()

    return asyncio.run(run())


def answering(*chunks: bytes) -> Answer:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for chunk in chunks:
            writer.write(chunk)
            await writer.drain()
        with contextlib.suppress(ConnectionError):
            await reader.read()
        writer.close()

    return answer


WHOLE = GREETED + IPV6 + b"peer"


@pytest.mark.parametrize("chunks", [[WHOLE], [WHOLE[i : i + 1] for i in range(len(WHOLE))]])
def test_one_chunk_and_single_bytes_are_the_same(tmp_path: Path, chunks: list[bytes]) -> None:
    assert dialled(tmp_path, answering(*chunks)).startswith(b"p")


@pytest.mark.parametrize(
    ("answers", "error"),
    [
        (GREETED + b"\x05\xf0\x00\x01" + bytes(6), NotPublished),
        (GREETED + b"\x05\xf4\x00\x01", KeyMissing),
        (GREETED + b"\x05\x04\x00\x01" + bytes(6), HostUnreachable),
        (b"220 mail.example ESMTP\r\n", NotSocks),
    ],
)
def test_a_refusal_arrives_as_its_leaf(
    tmp_path: Path, answers: bytes, error: type[DialError]
) -> None:
    with pytest.raises(error):
        dialled(tmp_path, answering(answers))


def test_a_tor_that_hangs_up_is_starting_again(tmp_path: Path) -> None:
    async def hang_up(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(GREETED)
        writer.close()

    with pytest.raises(Starting):
        dialled(tmp_path, hang_up)


def test_a_tor_that_says_nothing_meets_our_deadline(tmp_path: Path) -> None:
    with pytest.raises(DialTimeout):
        dialled(tmp_path, answering(GREETED), patience=0.05)


@pytest.mark.parametrize("address", [UnixAddress(Path("/nowhere/s")), TcpAddress("127.0.0.1", 1)])
def test_nobody_there_is_a_tor_that_has_not_started(address: UnixAddress | TcpAddress) -> None:
    async def run() -> None:
        await dial(address, HOST, 5222, "token", asyncio.get_running_loop().time() + 5)

    with pytest.raises(Starting) as refused:
        asyncio.run(run())
    assert refused.value.reason == "starting"


@pytest.mark.usefixtures("nobody_to_ask")
def test_the_name_is_given_to_tor_and_to_nobody_else(tmp_path: Path) -> None:
    assert dialled(tmp_path, answering(WHOLE))
    assert socks.USERNAME == b"<torS0X>0"
