"""The wheel and the sdist of a commit: the same bytes wherever and whenever they are built.

What differs between two builds is taken away: the files are those of the commit and not of
the working tree, their modes are 0644 and 0755 whatever the umask is, and every time is
the commit's. setuptools writes the wheel in that time (SOURCE_DATE_EPOCH) and in order.
Its sdist has the names, the times and the order of the machine, so it is packed again.

setuptools is the locked one of this environment; nothing is downloaded.
"""

import gzip
import io
import os
import subprocess
import sys
import tarfile
from copy import copy
from pathlib import Path
from tempfile import TemporaryDirectory

_BUILD = """
import sys
from setuptools import build_meta
out = sys.argv[1]  # setuptools has its own use for sys.argv
build_meta.build_sdist(out)
build_meta.build_wheel(out)
"""


def build(repository: Path, out: Path) -> list[Path]:
    """Both, of the last commit, in `out`; what is not committed is not in them."""
    epoch = int(_git(repository, "log", "-1", "--format=%ct"))
    with TemporaryDirectory() as directory:
        source, made = Path(directory, "source"), Path(directory, "made")
        made.mkdir()
        _check_out(_git(repository, "archive", "--format=tar", "HEAD"), source)
        subprocess.run(
            [sys.executable, "-c", _BUILD, made],
            cwd=source,
            env={**os.environ, "SOURCE_DATE_EPOCH": str(epoch), "PYTHONHASHSEED": "0"},
            umask=0o022,
            check=True,
            capture_output=True,
        )
        (sdist,), (wheel,) = made.glob("*.tar.gz"), made.glob("*.whl")
        files = [out / sdist.name, out / wheel.name]
        files[0].write_bytes(_packed_again(sdist, epoch))
        files[1].write_bytes(wheel.read_bytes())
    return files


def _git(repository: Path, *words: str) -> bytes:
    return subprocess.run(["git", "-C", repository, *words], check=True, capture_output=True).stdout


def _check_out(archive: bytes, place: Path) -> None:
    with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
        # It is our own. The argument `filter` is not in every 3.11: Debian 12 has 3.11.2.
        tar.extraction_filter = lambda member, _: member
        tar.extractall(place, [_plain(member, 0) for member in tar])  # noqa: S202


def _packed_again(sdist: Path, epoch: int) -> bytes:
    packed = io.BytesIO()
    with (
        tarfile.open(sdist) as tar,
        gzip.GzipFile("", "wb", fileobj=packed, mtime=epoch) as compressed,
        tarfile.open(fileobj=compressed, mode="w", format=tarfile.PAX_FORMAT) as again,
    ):
        for member in sorted(tar.getmembers(), key=lambda member: member.name):
            again.addfile(_plain(member, epoch), tar.extractfile(member))
    return packed.getvalue()


def _plain(member: tarfile.TarInfo, time: int) -> tarfile.TarInfo:
    """Nobody's, of one time, with one of two modes."""
    plain = copy(member)
    plain.mode = 0o755 if member.isdir() or member.mode & 0o100 else 0o644
    plain.mtime, plain.uid, plain.gid, plain.uname, plain.gname = time, 0, 0, "", ""
    plain.pax_headers = {}  # the time again, with its fractions
    return plain
