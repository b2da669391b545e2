"""`python -m release DIR` makes a release of the last commit in DIR.

DIR/onionchat-VERSION-py3-none-any.whl, DIR/onionchat-VERSION.tar.gz
DIR/onionchat-VERSION.cdx.json      what it depends on
DIR/SHA256SUMS                      of these three, for `sha256sum --check`
"""

import json
import sys
from hashlib import sha256
from pathlib import Path

from onionchat import __version__
from release.bill import bill
from release.distribution import build
from release.lock import locked


def make(repository: Path, out: Path) -> list[Path]:
    out.mkdir(parents=True, exist_ok=True)
    listed = out / f"onionchat-{__version__}.cdx.json"
    packages = locked(repository / "requirements" / "runtime.txt")
    listed.write_text(json.dumps(bill(packages), indent=2) + "\n")
    files = [*build(repository, out), listed]
    sums = "".join(f"{sha256(file.read_bytes()).hexdigest()}  {file.name}\n" for file in files)
    (out / "SHA256SUMS").write_text(sums)
    return files


if __name__ == "__main__":
    for made in make(Path.cwd(), Path(sys.argv[1])):
        print(made)
