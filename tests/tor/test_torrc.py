from pathlib import Path

import pytest

from onionchat.errors import RefusedError, UsageError
from onionchat.tor.torrc import SOCKS_FLAGS, Places, own_torrc

PLACES = Places(Path("/p/tor"), Path("/r/control"), Path("/r/so cks"), Path('/p/coo"kie\\'))


def test_unix_sockets_alone_and_the_flags_that_dialling_needs() -> None:
    torrc = own_torrc(PLACES, 4711)
    assert f'SocksPort unix:"/r/so cks" {SOCKS_FLAGS}\n' in torrc
    assert 'ControlSocket "/r/control"\n' in torrc
    assert 'CookieAuthFile "/p/coo\\"kie\\\\"\n' in torrc
    assert "__OwningControllerProcess 4711\n" in torrc
    assert "ControlPort" not in torrc
    assert "UseBridges" not in torrc


def test_bridges_and_transports(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    program = tmp_path / "obfs4proxy"
    program.touch(mode=0o755)
    torrc = own_torrc(PLACES, 1, bridges=["obfs4 1.2.3.4:5 F"], transports=[f"obfs4={program}"])
    assert "UseBridges 1\n" in torrc
    assert f"ClientTransportPlugin obfs4 exec {program}\n" in torrc
    assert torrc.endswith("Bridge obfs4 1.2.3.4:5 F\n")


@pytest.mark.parametrize("line", ["a\nControlPort 9051", "a\rb", "a\0b"])
def test_a_bridge_line_cannot_bring_another_option(line: str) -> None:
    with pytest.raises(UsageError):
        own_torrc(PLACES, 1, bridges=[line])


@pytest.mark.parametrize("transport", ["obfs4", "=path", "obfs4="])
def test_half_a_transport_is_told(transport: str) -> None:
    with pytest.raises(UsageError, match="NAME=PATH"):
        own_torrc(PLACES, 1, transports=[transport])


def test_files_that_others_can_write_are_refused(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    file = tmp_path / "steers-tor"
    file.touch()
    file.chmod(0o666)
    with pytest.raises(RefusedError):
        own_torrc(PLACES, 1, include=file)
    with pytest.raises(RefusedError):
        own_torrc(PLACES, 1, transports=[f"obfs4={file}"])
    file.chmod(0o644)
    assert own_torrc(PLACES, 1, include=file).endswith(f'%include "{file}"\n')
