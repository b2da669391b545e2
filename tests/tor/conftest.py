"""What a test of where tor is, and of what it is told, may ask for."""

import socket

import pytest

LOOK_UP = (
    *("getaddrinfo", "gethostbyname", "gethostbyname_ex"),
    *("gethostbyaddr", "getnameinfo", "getfqdn"),
)


@pytest.fixture
def nobody_to_ask(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever wants to know the address of a name falls over."""
    for name in LOOK_UP:
        monkeypatch.delattr(socket, name)
