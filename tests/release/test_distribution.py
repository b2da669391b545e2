"""Two clones at different places, times and umasks make the same wheel and the same sdist."""

import os
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
GIT = shutil.which("git")

pytestmark = pytest.mark.skipif(
    GIT is None or not (ROOT / ".git").exists(), reason="a release is made of a commit"
)


def git(*words: str | Path) -> str:
    return subprocess.run([str(GIT), *words], check=True, capture_output=True, text=True).stdout


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Path]]:
    """What two clones have made, by the files' names."""
    results = []
    for umask, time, place in ((0o022, 0, "a"), (0o077, 10**9, "somewhere/else")):
        clone = tmp_path_factory.mktemp("clone") / place
        git("clone", "--quiet", "--no-hardlinks", ROOT, clone)
        for file in clone.rglob("*.py"):
            os.utime(file, (time, time))
        (clone / "onionchat" / "stray.py").write_text("not committed\n")
        subprocess.run(
            [sys.executable, "-m", "release", "dist"],
            cwd=clone,
            umask=umask,
            check=True,
            capture_output=True,
        )
        results.append({file.name: file for file in (clone / "dist").iterdir()})
    return results


def test_the_bytes_are_the_same(made: list[dict[str, Path]]) -> None:
    one, two = ({name: file.read_bytes() for name, file in files.items()} for files in made)
    assert {name.partition("-")[0] for name in one} == {"onionchat", "SHA256SUMS"}
    assert len(one) == 4
    assert one.keys() == two.keys()
    assert [name for name in one if one[name] != two[name]] == []


def test_the_sums_are_right(made: list[dict[str, Path]]) -> None:
    place = made[0]["SHA256SUMS"].parent
    subprocess.run(["sha256sum", "--check", "SHA256SUMS"], cwd=place, check=True)


def test_the_sdist_is_the_commit(made: list[dict[str, Path]]) -> None:
    (sdist,) = (file for name, file in made[0].items() if name.endswith(".tar.gz"))
    with tarfile.open(sdist) as tar:
        files = [member for member in tar.getmembers() if member.isfile()]
    names = {member.name.partition("/")[2] for member in files}
    tracked = set(git("-C", ROOT, "ls-tree", "-r", "--name-only", "HEAD").splitlines())
    assert tracked <= names
    assert {name for name in names - tracked if ".egg-info/" not in name} == {"PKG-INFO"}
    assert {(member.uid, member.uname, member.mode) for member in files} <= {
        (0, "", 0o644),
        (0, "", 0o755),
    }


def test_the_wheel_has_the_manual_the_unit_and_the_pages(made: list[dict[str, Path]]) -> None:
    """Hints of the program name the pages, and pages name each other and other files."""
    (wheel,) = (file for name, file in made[0].items() if name.endswith(".whl"))
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        modes = {entry.external_attr >> 16 & 0o777 for entry in archive.infolist()}
    assert "onionchat/stray.py" not in names
    shared = {name.partition("/data/share/")[2] for name in names if "/data/" in name}
    pages = {name.removeprefix("doc/onionchat/") for name in shared if name.startswith("doc/")}
    assert shared - {f"doc/onionchat/{page}" for page in pages} == {
        *("man/man1/onionchat.1", "onionchat/onionchat-sealed"),
        *(f"systemd/user/onionchat{kind}@.service" for kind in ("", "-sealed", "-tor")),
    }
    wanted = {str(page.relative_to(ROOT)) for page in (ROOT / "docs").rglob("*.md")}
    wanted |= {"README.md", "torrc.example", "packaging/tails/onionchat.yml"}
    assert wanted <= pages
    assert not any(name.startswith(("tests/", "release/", "benchmarks/")) for name in names)
    assert modes <= {0o644, 0o664, 0o755, 0o666}
