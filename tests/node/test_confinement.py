"""What the node keeps, for a tor of its own and for one of others."""

from pathlib import Path

import pytest

from onionchat.errors import RefusedError
from onionchat.node import confinement
from onionchat.node.options import UpOptions
from onionchat.paths import locate
from onionchat.sandbox.layers import Layer

ACTIVE = Layer("seccomp", "active", "nothing left")
MISSING = Layer("landlock", "missing", "this kernel has no Landlock", "take another")
WEAKER = Layer("namespaces", "weaker", "a port is needed")


@pytest.fixture
def options(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> UpOptions:
    for name in (
        "CONTROL_IPC_PATH",
        "CONTROL_PORT",
        "SOCKS_IPC_PATH",
        "SOCKS_PORT",
        "CONTROL_PASSWD",
    ):
        monkeypatch.delenv(f"TOR_{name}", raising=False)
    monkeypatch.delenv("TOR_CONTROL_COOKIE_AUTH_FILE", raising=False)
    return UpOptions(locate(tmp_path, "default", {}))


def attached(options: UpOptions) -> UpOptions:
    return UpOptions(options.paths, tor_control="127.0.0.1:9051", tor_socks="unix:/run/tor/socks")


def test_with_a_tor_of_our_own_the_profile_is_enough(options: UpOptions) -> None:
    reach = confinement.reach(options)
    assert reach.write == (options.paths.root, options.paths.run)
    assert reach.read is not None
    assert reach.ports is None


def test_of_a_tor_of_others_the_ports_that_are_named(options: UpOptions) -> None:
    reach = confinement.reach(attached(options))
    assert reach.ports == frozenset({9051})
    assert reach.read is None


def test_where_its_cookie_is_known_nothing_else_is_read(
    options: UpOptions, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TOR_CONTROL_COOKIE_AUTH_FILE", "/run/tor/control.authcookie")
    read = confinement.reach(attached(options)).read
    assert read is not None
    assert Path("/run/tor") in read
    assert Path("/") not in read


@pytest.mark.parametrize("layer", [MISSING, WEAKER])
def test_strict_names_the_layer_and_the_next_step(layer: Layer) -> None:
    confinement.demand((ACTIVE, ACTIVE))
    with pytest.raises(RefusedError) as refused:
        confinement.demand((ACTIVE, layer))
    assert layer.name in refused.value.message
    assert layer.detail in refused.value.message
    assert refused.value.hint


def test_strict_is_asked_before_anything_else_is(
    options: UpOptions, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(confinement, "tried", lambda *_, **__: (MISSING,))
    confinement.check(options)
    with pytest.raises(RefusedError):
        confinement.check(UpOptions(options.paths, strict=True))


def test_a_tor_at_our_own_doors_is_ours(options: UpOptions) -> None:
    doors = (f"unix:{options.paths.tor_control}", f"unix:{options.paths.tor_socks}")
    beside = UpOptions(options.paths, tor_control=doors[0], tor_socks=doors[1])
    assert confinement.foreign(beside) is None
    assert confinement.reach(beside).ports is None
    half = UpOptions(options.paths, tor_control=doors[0], tor_socks="127.0.0.1:9050")
    assert confinement.foreign(half) is not None
