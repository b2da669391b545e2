"""The bill of materials: what a person installs with the wheel, as CycloneDX 1.6.

Made from requirements/runtime.txt alone, so it says what was tested and names no host and
no time. A package is many files (a wheel for each platform, an sdist); the hashes are of
all of them, as the lock has them.
"""

from typing import Any

from onionchat import __version__
from release.lock import Locked

_OURS = f"pkg:pypi/onionchat@{__version__}"


def bill(packages: list[Locked]) -> dict[str, Any]:
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {
            "component": {
                "type": "application",
                "bom-ref": _OURS,
                "name": "onionchat",
                "version": __version__,
                "licenses": [{"license": {"id": "BSD-3-Clause"}}],
                "purl": _OURS,
            }
        },
        "components": [_component(package) for package in packages],
        "dependencies": _dependencies(packages),
    }


def _component(package: Locked) -> dict[str, Any]:
    return {
        "type": "library",
        "bom-ref": _purl(package),
        "name": package.name,
        "version": package.version,
        "hashes": [{"alg": "SHA-256", "content": each} for each in package.hashes],
        "purl": _purl(package),
    }


def _dependencies(packages: list[Locked]) -> list[dict[str, Any]]:
    wants = {"onionchat": _OURS} | {package.name: _purl(package) for package in packages}
    return [
        {
            "ref": ref,
            "dependsOn": [_purl(package) for package in packages if name in package.wanted_by],
        }
        for name, ref in wants.items()
    ]


def _purl(package: Locked) -> str:
    return f"pkg:pypi/{package.name}@{package.version}"
