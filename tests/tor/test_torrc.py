import asyncio
import os
from pathlib import Path

import pytest

from onionchat.errors import RefusedError, UsageError
from onionchat.tor.find import find_tor
from onionchat.tor.process import TorProcess
from onionchat.tor.torrc import SOCKS_FLAGS, Places, own_torrc

PLACES = Places(Path("/p/tor"), Path("/r/control"), Path("/r/so cks"), Path('/p/coo"kie\\'))

NOWHERE = f"DirAuthority a orport=1 v3ident={'A' * 40} 127.0.0.1:1 {'B' * 40}\n"
"""A network of one authority, where nobody listens: no test looks for the public one."""


def test_unix_sockets_alone_and_the_flags_that_dialling_needs() -> None:
    torrc = own_torrc(PLACES, 4711)
    assert f'SocksPort unix:"/r/so cks" {SOCKS_FLAGS}\n' in torrc
    assert 'ControlPort unix:"/r/control"\n' in torrc
    assert 'CookieAuthFile "/p/coo\\"kie\\\\"\n' in torrc
    assert "__OwningControllerProcess 4711\n" in torrc
    assert torrc.count("Port ") == 2, "the two sockets, and no other door"
    assert "UseBridges" not in torrc


def test_tor_may_start_no_program_unless_a_transport_needs_one(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    program = tmp_path / "obfs4proxy"
    program.touch(mode=0o755)
    include = tmp_path / "more"
    assert "NoExec 1\n" in own_torrc(PLACES, 4711)
    assert "NoExec" not in own_torrc(PLACES, 4711, transports=[f"obfs4={program}"])
    for line, may in (
        (NOWHERE, False),
        ("clienttransportplugin obfs4 exec /usr/bin/obfs4proxy", True),
        ("%include /etc/tor/more", True),
    ):
        include.write_text(line)
        assert ("NoExec" not in own_torrc(PLACES, 4711, include=include)) == may


def test_tor_reads_every_path_as_it_was_meant(tmp_path: Path) -> None:
    """Our parser is not tor's: a real one opens its doors in a directory with an odd name."""
    tmp_path.chmod(0o755)
    home = tmp_path / 'a "b" c\\é #d'
    home.mkdir(mode=0o700)
    include = tmp_path / "more of it"
    include.write_text(NOWHERE)
    places = Places(home / "data", home / "control", home / "socks", home / "cookie")

    async def scene() -> set[str]:
        torrc = own_torrc(places, os.getpid(), include=include)
        up = asyncio.Event()

        def look(line: str) -> None:
            if "Bootstrapped 0%" in line:
                up.set()

        tor = await TorProcess.start(find_tor(), torrc, home, look)
        async with tor, asyncio.timeout(10), asyncio.TaskGroup() as group:
            running = group.create_task(tor.run())
            await up.wait()
            running.cancel()
            return {path.name for path in home.iterdir()}

    assert {"data", "control", "socks", "cookie"} <= asyncio.run(scene())


def test_bridges_and_transports(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    program = tmp_path / "obfs4proxy"
    program.touch(mode=0o755)
    torrc = own_torrc(PLACES, 1, bridges=["obfs4 1.2.3.4:5 F"], transports=[f"obfs4={program}"])
    assert "UseBridges 1\n" in torrc
    assert f"ClientTransportPlugin obfs4 exec {program}\n" in torrc
    assert torrc.endswith("Bridge obfs4 1.2.3.4:5 F\n")


@pytest.mark.parametrize("line", ["a\nControlPort 9051", "a\rb", "a\0b", "a \\"])
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


def test_a_link_is_judged_by_the_file_that_it_leads_to(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    shared = tmp_path / "shared"
    shared.mkdir()
    target = shared / "client.torrc"
    target.touch(mode=0o644)
    link = tmp_path / "link"
    link.symlink_to(target)
    shared.chmod(0o755)
    assert own_torrc(PLACES, 1, include=link).endswith(f'%include "{target}"\n')
    shared.chmod(0o777)
    with pytest.raises(RefusedError):
        own_torrc(PLACES, 1, include=link)


@pytest.mark.parametrize("name", ["*.torrc", "n?t", "net[1]", "back\\slash"])
def test_a_name_that_is_a_pattern_to_tor_is_refused(tmp_path: Path, name: str) -> None:
    """tor would include what matches, or nothing: a private network would become the public."""
    tmp_path.chmod(0o755)
    (tmp_path / name).touch(mode=0o644)
    with pytest.raises(UsageError, match="pattern"):
        own_torrc(PLACES, 1, include=tmp_path / name)


def test_what_is_no_file_is_told(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "missing"):
        with pytest.raises(UsageError, match="no file"):
            own_torrc(PLACES, 1, include=path)
        with pytest.raises(UsageError, match="no file"):
            own_torrc(PLACES, 1, transports=[f"obfs4={path}"])


def test_a_program_with_a_space_in_its_path_is_refused(tmp_path: Path) -> None:
    """tor would run what stands before the space, which nobody has looked at."""
    tmp_path.chmod(0o755)
    (tmp_path / "a b").touch(mode=0o755)
    with pytest.raises(UsageError, match="space"):
        own_torrc(PLACES, 1, transports=[f"obfs4={tmp_path / 'a b'}"])
