"""All layers, one after the other, and what came of each.

A layer that this machine does not have is told and breaks nothing: `doctor` shows it, and
`up --strict` refuses to run. One that is weaker than it could be is what somebody asked for.
"""

import json
import os
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass
from typing import Literal

from onionchat.errors import LocalError
from onionchat.sandbox import landlock, namespaces, seccomp
from onionchat.sandbox.reach import Reach

State = Literal["active", "weaker", "missing"]

_MORE = "docs/sandbox.md says what can be done"

VIEW = "namespaces"
SHARED = "a tor of others delivers to a port here: the network is shared"
GIVEN = "whoever started this left no network interface, and says which files there are"


@dataclass(frozen=True)
class Layer:
    """`detail`: what it keeps away, or why it does not. `hint`: what to do, if anything."""

    name: str
    state: State
    detail: str
    hint: str | None = None


_active: tuple[Layer, ...] = ()


def seal(reach: Reach) -> tuple[Layer, ...]:
    """Give up all but `reach`, for good. Before the first thread."""
    global _active  # noqa: PLW0603 - it belongs to the process, as what it tells of does
    if threading.active_count() > 1:
        raise LocalError("some layers hold for one thread only, and there are more")
    _active = (_view(reach), _files(reach), _calls(reach))
    return _active


def seal_calls() -> None:
    """For a command that opens a profile itself, and then writes where the person says."""
    with suppress(OSError):
        seccomp.install(tcp=False)


def active() -> tuple[Layer, ...]:
    """What `seal` has done to this process; nothing if it was not called."""
    return _active


def tried(reach: Reach) -> tuple[Layer, ...]:
    """What `seal` would do here: a child does it, and ends."""
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.write(write, json.dumps([asdict(layer) for layer in seal(reach)]).encode())
        finally:
            os._exit(0)
    os.close(write)
    with os.fdopen(read, "rb") as pipe:
        said = pipe.read()
    os.waitpid(child, 0)
    return tuple(Layer(**each) for each in json.loads(said))


def _view(reach: Reach) -> Layer:
    shared = reach.ports is not None or reach.read is None
    layer = _weaker_view(SHARED) if shared else _own_view(reach)
    with suppress(OSError):
        namespaces.drop_privileges()
    return layer


def _own_view(reach: Reach) -> Layer:
    good = Layer(VIEW, "active", "no network interface, no other program's socket, few files")
    layer = _done(good, lambda: namespaces.enter(reach), "user namespaces are not allowed here")
    if layer.state == "missing" and not namespaces.interfaces():
        return _weaker_view(GIVEN)
    return layer


def _weaker_view(why: str) -> Layer:
    return Layer(VIEW, "weaker", why)


def _files(reach: Reach) -> Layer:
    good = Layer("landlock", "active", "only the profile is written, only programs' files are read")
    layer = _done(good, lambda: landlock.restrict(reach), "this kernel has no Landlock")
    if layer.state == "active" and reach.read is None:
        return Layer("landlock", "weaker", "only the profile is written; all of yours can be read")
    return layer


def _calls(reach: Reach) -> Layer:
    tcp = reach.ports is not None
    good = Layer(
        "seccomp", "active", "no socket but unix ones, no other program is started or seen"
    )
    layer = _done(good, lambda: seccomp.install(tcp=tcp), "this kernel takes no filter (seccomp)")
    if layer.state == "active" and tcp:
        return Layer("seccomp", "weaker", _reachable(reach))
    return layer


def _reachable(reach: Reach) -> str:
    """A filter sees no addresses, and Landlock only their ports."""
    ports = ", ".join(map(str, sorted(reach.ports or ()))) or "no port"
    if _landlock() < landlock.PORTS:
        ports = "any port: this kernel cannot tell them apart"
    return f"no UDP, so no names; TCP to {ports}; no other program is started or seen"


def _landlock() -> int:
    try:
        return landlock.version()
    except OSError:
        return 0


def _done(good: Layer, do: Callable[[], None], why_not: str) -> Layer:
    try:
        do()
    except OSError as error:
        return Layer(good.name, "missing", f"{why_not} ({error.strerror})", _MORE)
    return good
