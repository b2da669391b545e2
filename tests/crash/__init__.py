"""Crashes of the real process, faults of the system under it, and power cuts.

Nothing here is simulated but the network between two nodes: the killed process has a real
profile, real sockets and a real kernel. See docs/reliability.md for what is counted.
"""
