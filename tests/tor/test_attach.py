from collections.abc import Mapping
from pathlib import Path

import pytest

from onionchat.errors import UsageError
from onionchat.tor.address import TcpAddress, UnixAddress
from onionchat.tor.attach import Attachment, attachment

CONTROL = UnixAddress(Path("/run/tor/control"))
SOCKS = TcpAddress("127.0.0.1", 9050)


def test_nothing_said_means_our_own_tor() -> None:
    assert attachment(None, None, {"TOR_SOCKS_HOST": "127.0.0.1", "TOR_CONTROL_PORT": ""}) is None


def test_options() -> None:
    assert attachment("/run/tor/control", "localhost:9050", {}) == Attachment(CONTROL, SOCKS)


@pytest.mark.parametrize(
    "environ",
    [
        {"TOR_CONTROL_IPC_PATH": "/run/tor/control", "TOR_SOCKS_PORT": "9050"},
        {
            "TOR_CONTROL_IPC_PATH": "/run/tor/control",
            "TOR_CONTROL_HOST": "10.0.0.1",
            "TOR_CONTROL_PORT": "9051",
            "TOR_SOCKS_HOST": "127.0.0.1",
            "TOR_SOCKS_PORT": "9050",
        },
    ],
)
def test_environment(environ: Mapping[str, str]) -> None:
    assert attachment(None, None, environ) == Attachment(CONTROL, SOCKS)


def test_options_win_over_the_environment() -> None:
    environ = {"TOR_CONTROL_PORT": "1", "TOR_SOCKS_PORT": "2"}
    assert attachment("/run/tor/control", "127.0.0.1:9050", environ) == Attachment(CONTROL, SOCKS)


@pytest.mark.parametrize("given", ['"open sesame"', "open sesame"])
def test_the_password_may_be_quoted_and_never_prints(given: str) -> None:
    environ = {"TOR_CONTROL_PASSWD": given, "TOR_CONTROL_COOKIE_AUTH_FILE": "/run/tor/cookie"}
    tor = attachment("/run/tor/control", "127.0.0.1:9050", environ)
    assert tor is not None
    assert (tor.password, tor.cookie) == ("open sesame", Path("/run/tor/cookie"))
    assert "sesame" not in repr(tor)


@pytest.mark.parametrize(
    ("control", "socks", "environ"),
    [
        ("/run/tor/control", None, {}),
        (None, "127.0.0.1:9050", {}),
        (None, None, {"TOR_CONTROL_PORT": "9051"}),
        (None, None, {"TOR_CONTROL_PORT": "x", "TOR_SOCKS_PORT": "9050"}),
        ("192.168.1.1:9051", "127.0.0.1:9050", {}),
        (
            None,
            None,
            {"TOR_CONTROL_HOST": "10.0.0.1", "TOR_CONTROL_PORT": "1", "TOR_SOCKS_PORT": "2"},
        ),
    ],
)
def test_half_a_tor_or_one_elsewhere_is_refused(
    control: str | None, socks: str | None, environ: Mapping[str, str]
) -> None:
    with pytest.raises(UsageError) as refused:
        attachment(control, socks, environ)
    assert refused.value.hint
