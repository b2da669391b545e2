from pathlib import Path

import pytest

from onionchat.errors import UsageError
from onionchat.tor.address import SUN_PATH_MAX, TcpAddress, UnixAddress, parse


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("/run/tor/control", UnixAddress(Path("/run/tor/control"))),
        ("unix:/run/tor/control", UnixAddress(Path("/run/tor/control"))),
        ("127.0.0.1:9051", TcpAddress("127.0.0.1", 9051)),
        ("127.8.9.10:1", TcpAddress("127.8.9.10", 1)),
        ("localhost:9051", TcpAddress("127.0.0.1", 9051)),
    ],
)
def test_an_address_on_this_machine(text: str, address: object) -> None:
    assert parse(text) == address


@pytest.mark.parametrize(
    "text",
    [
        "",
        "control",
        "unix:control",
        "9051",
        "127.0.0.1",
        "127.0.0.1:",
        "127.0.0.1:0",
        "127.0.0.1:65536",
        "127.0.0.1:٣",
        "10.0.0.1:9051",
        "0.0.0.0:9051",
        "tor.example:9051",
        "::1:9051",
        "127.1:9051",
    ],
)
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(UsageError):
        parse(text)


@pytest.mark.usefixtures("nobody_to_ask")
def test_no_name_is_ever_looked_up() -> None:
    assert parse("localhost:9051") == TcpAddress("127.0.0.1", 9051)
    with pytest.raises(UsageError):
        parse("tor.example:9051")


def test_the_limit_of_a_socket_path_is_in_bytes() -> None:
    assert str(parse("/" + "é" * 53)) == "unix:/" + "é" * 53
    with pytest.raises(UsageError, match=str(SUN_PATH_MAX)):
        parse("/" + "é" * 54)
