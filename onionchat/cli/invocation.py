"""One run of the program: the options that hold for every command, and what follows.

Nothing here touches the disk or the node before a command asks for it, so that a wrong
argument is found first.
"""

import os
import shlex
import sys
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from onionchat.cli.output import Output
from onionchat.errors import NotFoundError, RefusedError

if TYPE_CHECKING:
    from onionchat.paths import Paths


class Invocation:
    """The options of the program. The attributes carry the names of the options."""

    def __init__(self, *, as_json: bool = False) -> None:
        self.data_dir: str | None = None
        self.profile = "default"
        self.passphrase_fd: int | None = None
        self.as_json = as_json
        self.quiet = False
        self.verbose = 0
        self.color = "auto"
        self.debug = False
        self.phrase: bytes | None = None
        self.place: dict[str, str] = {}
        """The options of this command line that say which profile is meant."""

    @property
    def out(self) -> Output:
        """Where results and notes go, in the form that was asked for."""
        return Output(
            as_json=self.as_json,
            quiet=self.quiet,
            verbose=self.verbose,
            colored=wants_color(self.color, os.environ, sys.stdout),
            place=" ".join(f"{option} {shlex.quote(said)}" for option, said in self.place.items()),
        )

    def paths(self) -> "Paths":
        """Where this profile lives; UsageError if a name or a length is impossible."""
        from onionchat.paths import locate

        return locate(self.data_dir, self.profile, os.environ)

    def existing(self) -> "Paths":
        """The same, for commands that need the profile: NotFoundError if there is none."""
        from onionchat.paths import profiles

        paths = self.paths()
        if not paths.exists():
            others = profiles(self.data_dir, os.environ)
            raise NotFoundError(
                f"there is no profile {self.profile} in {paths.root.parent}",
                "make one with `onionchat init`"
                + (f", or use --profile: {', '.join(others)}" if others else ""),
            )
        if paths.ephemeral:
            self._alive(paths)
        return paths

    def new(self, instead: str) -> "Paths":
        """The same, for commands that make the profile: RefusedError if there is one, with what
        to do `instead`."""
        paths = self.paths()
        if not paths.exists():
            return paths
        if paths.ephemeral:
            self._alive(paths)
        raise RefusedError(f"the profile {self.profile} exists already", instead)

    def _alive(self, paths: "Paths") -> None:
        from onionchat.store.lock import holder

        if holder(paths.lock) is None:
            raise NotFoundError(
                f"the profile {self.profile} lived in memory, and its node has gone",
                "make another with `onionchat up --ephemeral`, or remove what is left of it "
                "with `onionchat panic`",
            )


def wants_json(arguments: Sequence[str], environ: Mapping[str, str]) -> bool:
    """Whether errors are wanted as JSON, known even where the command line cannot be parsed."""
    options = arguments[: arguments.index("--")] if "--" in arguments else arguments
    return "--json" in options or environ.get("ONIONCHAT_JSON", "").lower() in _TRUE


_TRUE = {"1", "true", "t", "yes", "y", "on"}


def wants_color(choice: str, environ: Mapping[str, str], stream: object) -> bool:
    """`--color`, then NO_COLOR, FORCE_COLOR, TERM=dumb, then whether it is a terminal."""
    if choice != "auto":
        return choice == "always"
    if environ.get("NO_COLOR"):
        return False
    if environ.get("FORCE_COLOR"):
        return True
    isatty = getattr(stream, "isatty", None)
    return environ.get("TERM") != "dumb" and isatty is not None and bool(isatty())
