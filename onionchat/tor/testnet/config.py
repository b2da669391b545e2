"""The configuration of every node of a private network.

Differences from the public network, each for speed on one machine: consensus every ten
seconds, no bandwidth measurement, every relay may be guard and HSDir, introduction points
live for ten to twenty minutes and not for a day, descriptors rotate within minutes, and
addresses on loopback are allowed. The protocol is the same.
"""

import random
import socket
from dataclasses import dataclass
from pathlib import Path

AUTHORITIES = 3
RELAYS = 3
NODES = (*(f"a{n}" for n in range(AUTHORITIES)), *(f"r{n}" for n in range(RELAYS)))

_PORTS = range(10_000, 32_768)
"""Below the ports that the kernel gives to outgoing connections (32768 and up on Linux), so
that no connection of a neighbour takes one between our looking and tor's binding."""

_EVERYBODY = """\
TestingTorNetwork 1
AssumeReachable 1
PathsNeededToBuildCircuits 0.67
AvoidDiskWrites 1
GeoIPFile
GeoIPv6File
"""
_SERVER = """\
SocksPort 0
Address 127.0.0.1
ExitPolicy reject *:*
ExitRelay 0
ShutdownWaitLength 0
Log notice stdout
ContactInfo nobody
"""
_AUTHORITY = """\
AuthoritativeDirectory 1
V3AuthoritativeDirectory 1
TestingDirAuthVoteExit *
TestingDirAuthVoteGuard *
TestingDirAuthVoteHSDir *
TestingMinExitFlagThreshold 0
V3AuthVotingInterval 10
V3AuthVoteDelay 2
V3AuthDistDelay 2
V3AuthNIntervalsValid 2
ConsensusParams hs_intro_min_lifetime=600 hs_intro_max_lifetime=1200
TestingV3AuthInitialVotingInterval 5
TestingV3AuthInitialVoteDelay 2
TestingV3AuthInitialDistDelay 2
"""


@dataclass(frozen=True, slots=True)
class Node:
    """One node before it runs: its directory and its two ports."""

    name: str
    home: Path
    orport: int
    dirport: int

    @property
    def is_authority(self) -> bool:
        return self.name.startswith("a")


def plan(directory: Path) -> list[Node]:
    """All nodes, on ports that are free now."""
    ports = iter(_free_ports(2 * len(NODES)))
    return [Node(name, directory / name, next(ports), next(ports)) for name in NODES]


def server_torrc(node: Node, authorities: str, owner: int) -> str:
    """`authorities`: the DirAuthority lines that all share; `owner`: whom it ends with."""
    own = f"""\
Nickname {node.name}
DataDirectory "{node.home}"
ORPort 127.0.0.1:{node.orport} IPv4Only
__OwningControllerProcess {owner}
"""
    if node.is_authority:
        own += f"DirPort 127.0.0.1:{node.dirport}\n{_AUTHORITY}"
    return _EVERYBODY + authorities + _SERVER + own


def client_torrc(authorities: str) -> str:
    """What makes a client join this network, to be included in its own torrc."""
    return _EVERYBODY + authorities


def _free_ports(count: int) -> list[int]:
    found: list[int] = []
    for port in random.SystemRandom().sample(_PORTS, len(_PORTS)):
        if len(found) == count:
            break
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        found.append(port)
    return found
