"""Memory that is given back is overwritten: settings of the node's process, in its environment.

Python cannot wipe a text or a key: it copies what it likes, and what it has freed lies there
until something else is put in its place. But all of it comes from malloc, if Python's own
allocator is left out, and glibc can fill what is freed with a pattern; without the cache that
each thread has, it does so at once. That goes for SQLite and OpenSSL in the same process, too.
Measured: of 500 deleted texts 501 copies were found in the process before, 1 after; what
allocates much takes half as long again.

Promised by nobody: tests/cli/test_memory.py looks into a real process. Another libc ignores it.
"""

from collections.abc import Mapping

_TUNABLES = "glibc.malloc.perturb=165:glibc.malloc.tcache_count=0"


def forgetful(environ: Mapping[str, str]) -> dict[str, str]:
    """The environment for a process that is to forget what it frees."""
    theirs = environ.get("GLIBC_TUNABLES")
    tunables = f"{theirs}:{_TUNABLES}" if theirs else _TUNABLES
    return {**environ, "PYTHONMALLOC": "malloc", "GLIBC_TUNABLES": tunables}
