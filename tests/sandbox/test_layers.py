"""All layers together: what is told of each is true, and one that is not there breaks nothing."""

import pytest

from tests.sandbox.inside import Place

STATES = "[layer.state for layer in layers.active()]"


@pytest.fixture(autouse=True)
def here(place: Place) -> None:
    for layer in ("namespaces", "landlock", "seccomp"):
        place.needs(layer)


def test_what_is_told_of_each(place: Place) -> None:
    assert place.attempt(f"assert {STATES} == ['active'] * 3", "all") == "done"
    assert place.attempt(f"assert {STATES} == []", "none") == "done"


def test_a_tor_of_others_makes_it_weaker_and_that_is_told(place: Place) -> None:
    line = f"assert {STATES} == ['weaker', 'active', 'weaker']"
    assert place.attempt(line, "all", ports=(9050,)) == "done"
    told = "assert 'TCP to 9050;' in layers.active()[2].detail"
    assert place.attempt(told, "all", ports=(9050,)) == "done"
    cookie = "layers.seal(Reach((profile,), None, frozenset()))"
    line = f"{cookie}; assert {STATES} == ['weaker'] * 3; (home / 'id_rsa').read_text()"
    assert place.attempt(line, "none") == "done"
    assert place.attempt(f"{line}; (home / 'new').write_text('x')", "none") == "EACCES"


@pytest.mark.parametrize(
    ("function", "position"),
    [("namespaces, 'enter'", 0), ("landlock, 'restrict'", 1), ("seccomp, 'install'", 2)],
)
def test_one_that_is_not_there_is_told_and_the_others_hold(
    function: str, position: int, place: Place
) -> None:
    states = ["active"] * 3
    states[position] = "missing"
    line = (
        f"from unittest import mock; mock.patch.object({function}, side_effect=OSError(38, 'no'))"
        f".start(); layers.seal(reach); assert {STATES} == {states};"
        " assert layers.active()[POSITION].hint; (home / 'id_rsa').read_text()"
    ).replace("POSITION", str(position))
    assert place.attempt(line, "none") in {"EACCES", "ENOENT"}


def test_trying_it_changes_nothing_here(place: Place) -> None:
    line = (
        "told = layers.tried(reach); assert [layer.state for layer in told] == ['active'] * 3;"
        " socket.socket(socket.AF_INET); (home / 'id_rsa').read_text();"
        " os.execv('/bin/true', ['true'])"
    )
    assert place.attempt(line, "none") == "done"


def test_not_beside_a_thread_that_it_would_not_hold_for(place: Place) -> None:
    line = (
        "threading.Thread(target=threading.Event().wait, daemon=True).start();"
        " refused = __import__('pytest').raises(OnionchatError, layers.seal, reach)"
    )
    assert place.attempt(line, "none") == "done"
