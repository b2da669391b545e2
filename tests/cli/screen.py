"""A real terminal of a given width, and what a program has written to it."""

import os
import termios
import threading
import unicodedata
from typing import Self, TextIO


def drawn(line: str) -> int:
    """Columns in a terminal that joins nothing and draws each sign as wide as any terminal."""
    if line.isascii():
        return len(line)
    used = 0
    for before, char in zip(" " + line, line, strict=False):
        if unicodedata.east_asian_width(char) in "WF" and unicodedata.category(char) != "Mn":
            used += 2
        elif char == "\ufe0f":  # an emoji of one column gets a second one
            used += unicodedata.east_asian_width(before) not in "WF"
        else:
            used += unicodedata.category(char) not in {"Mn", "Me"} and char not in "\u200c\u200d"
    return used


class Screen:
    """Stands for stdout or stderr. `text` is what came out, when it was closed."""

    def __init__(self, width: int, typed: bytes = b"") -> None:
        self.width = width
        self._master, self._slave = os.openpty()
        self.resize(width)
        os.write(self._master, typed)
        self.name = os.ttyname(self._slave)
        self.stream: TextIO = os.fdopen(self._slave, "w", encoding="utf-8")
        self._written = bytearray()
        self._reader = threading.Thread(target=self._read)

    def __enter__(self) -> Self:
        self._reader.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
        os.close(self._master)

    def resize(self, width: int) -> None:
        termios.tcsetwinsize(self._slave, (24, width))

    def close(self) -> None:
        """The end of what is written; more than once is fine."""
        self.stream.close()
        self._reader.join()

    @property
    def text(self) -> str:
        return self._written.decode()

    @property
    def lines(self) -> list[str]:
        """Without the newline that the terminal makes: CR LF."""
        *lines, rest = self.text.split("\r\n")
        assert rest == ""
        return lines

    def _read(self) -> None:
        """Until nobody has the other end any more, which is EIO on Linux."""
        try:
            while read := os.read(self._master, 65_536):
                self._written += read
        except OSError:
            return
