"""A Tor network of one's own on loopback: three authorities, three relays, all real tor.

For the demo, the tests and the benchmarks, and for somebody who wants to try onionchat
without the world. Nothing is simulated but the size; what differs from the public network
stands in config.py.

    keys.py     the authorities' long-term keys, and everybody's fingerprint
    config.py   a torrc for each node, and the one for clients
    network.py  all of it running until cancelled
    keeper.py   the same in the foreground, or detached; and its end
"""

from onionchat.tor.testnet.keeper import run_foreground, start_detached, stop
from onionchat.tor.testnet.network import Info

__all__ = ["Info", "run_foreground", "start_detached", "stop"]
