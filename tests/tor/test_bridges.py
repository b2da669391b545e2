from pathlib import Path

import pytest

from onionchat.errors import RefusedError, UnreachableError, UsageError
from onionchat.tor import find
from onionchat.tor.bridges import PACKAGES, PROGRAMS, Plugin, bare, plugins

LINE = "obfs4 192.0.2.7:443 FINGERPRINT cert=x iat-mode=0"


@pytest.fixture(autouse=True)
def only_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(find, "_PLACES", ())
    tmp_path.chmod(0o755)


def program(directory: Path, name: str, mode: int = 0o755) -> Path:
    directory.mkdir(exist_ok=True, mode=0o755)
    (directory / name).touch()
    (directory / name).chmod(mode)
    return directory / name


def looked_for(directory: Path, *bridges: str, transports: tuple[str, ...] = ()) -> list[Plugin]:
    return plugins(bridges, transports, {"PATH": f"/nowhere:{directory}"})


@pytest.mark.parametrize("name", ["obfs4proxy", "lyrebird"])
def test_the_program_of_a_bridge_is_found_on_the_path(tmp_path: Path, name: str) -> None:
    path = program(tmp_path, name)
    assert looked_for(tmp_path, LINE, LINE) == [Plugin("obfs4", path)]


@pytest.mark.parametrize(
    "line", ["192.0.2.7:443 FINGERPRINT", "[2001:db8::7]:443 FINGERPRINT", "Bridge 192.0.2.7:1"]
)
def test_a_bridge_without_a_transport_needs_none(tmp_path: Path, line: str) -> None:
    assert looked_for(tmp_path, line) == []


@pytest.mark.parametrize("before", ["Bridge ", "bridge\t", "  Bridge   "])
def test_the_word_bridge_before_the_line_is_no_transport(tmp_path: Path, before: str) -> None:
    assert bare(f"{before}{LINE} ") == LINE
    program(tmp_path, "obfs4proxy")
    assert [plugin.transport for plugin in looked_for(tmp_path, before + LINE)] == ["obfs4"]


def test_a_program_that_is_named_is_not_looked_for(tmp_path: Path) -> None:
    program(tmp_path, "obfs4proxy")
    named = program(tmp_path / "own", "mine")
    assert looked_for(tmp_path, LINE, transports=(f"obfs4={named}",)) == [Plugin("obfs4", named)]


@pytest.mark.parametrize("name", ["file", "directory"])
def test_one_that_others_can_change_is_refused_and_not_passed_over(
    tmp_path: Path, name: str
) -> None:
    program(tmp_path, "lyrebird", 0o777 if name == "file" else 0o755)
    program(tmp_path, "obfs4proxy")
    tmp_path.chmod(0o777 if name == "directory" else 0o755)
    with pytest.raises(RefusedError, match="other users"):
        looked_for(tmp_path, LINE)


@pytest.mark.parametrize("transport", PACKAGES)
def test_where_there_is_none_the_hint_names_the_package(tmp_path: Path, transport: str) -> None:
    with pytest.raises(UnreachableError) as missing:
        looked_for(tmp_path, f"{transport} 192.0.2.7:443")
    assert f"apt-get install {PACKAGES[transport]};" in missing.value.hint
    assert PACKAGES[transport] in PROGRAMS[transport], "the package has a program that is found"


@pytest.mark.parametrize(("transport", "words"), [("webtunnel", "Tor Browser"), ("odd", "odd=/")])
def test_where_no_package_is_known_the_hint_says_so(
    tmp_path: Path, transport: str, words: str
) -> None:
    with pytest.raises((UnreachableError, UsageError)) as missing:
        looked_for(tmp_path, f"{transport} 192.0.2.7:443")
    assert words in missing.value.hint
