"""The bill of materials says what the lock says, and nothing about where it came from."""

import json
import re
import tomllib
from pathlib import Path

from onionchat import __version__
from release.bill import bill
from release.lock import locked

LOCK = Path(__file__).parents[2] / "requirements" / "runtime.txt"
BILL = bill(locked(LOCK))


def test_every_package_with_its_version_and_all_hashes() -> None:
    lines = LOCK.read_text().splitlines()
    pins = [line.split()[0] for line in lines if re.match(r"\w", line)]
    assert [f"{part['name']}=={part['version']}" for part in BILL["components"]] == pins
    hashes = [each["content"] for part in BILL["components"] for each in part["hashes"]]
    assert hashes == re.findall(r"sha256:(\w+)", LOCK.read_text())
    for part in BILL["components"]:
        assert part["purl"] == f"pkg:pypi/{part['name']}@{part['version']}"
        assert part["hashes"]


def test_who_needs_whom() -> None:
    needs = {each["ref"]: each["dependsOn"] for each in BILL["dependencies"]}
    direct = {ref.split("/")[1].split("@")[0] for ref in needs[f"pkg:pypi/onionchat@{__version__}"]}
    project = tomllib.loads((LOCK.parents[1] / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"]
    wanted = project["dependencies"] + extras["qr"]
    assert direct == {re.split(r"[<>=]", each)[0] for each in wanted}
    (cryptography,) = (ref for ref in needs if "/cryptography@" in ref)
    assert [ref.partition("@")[0] for ref in needs[cryptography]] == ["pkg:pypi/cffi"]
    assert {ref for refs in needs.values() for ref in refs} < needs.keys()


def test_no_host_is_named() -> None:
    assert "//" not in json.dumps(BILL)


def test_the_names_of_another_form_and_a_package_wanted_by_many(tmp_path: Path) -> None:
    file = tmp_path / "lock.txt"
    file.write_text(
        "# a comment\n"
        "Some_Name.x==1.0 \\\n    --hash=sha256:"
        + "a" * 64
        + " \\\n    --hash=sha256:"
        + "b" * 64
        + "\n    # via\n    #   -c other.txt\n    #   onionchat (pyproject.toml)\n    #   two\n"
        "two==2 ; python_version < '4' \\\n    --hash=sha256:"
        + "c" * 64
        + "\n    # via some-name-x\n"
    )
    one, two = locked(file)
    assert (one.name, one.version, one.wanted_by) == ("some-name-x", "1.0", ("onionchat", "two"))
    assert one.hashes == ("a" * 64, "b" * 64)
    assert (two.name, two.version, two.wanted_by) == ("two", "2", ("some-name-x",))
