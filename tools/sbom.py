"""Writes the bill of materials of the installed extension: what is linked into it, as CycloneDX.

    python tools/sbom.py > sbom.cdx.json

The versions are those that the extension itself reports. Where sources come from, setup.py says.
"""

from __future__ import annotations

import json
import re
import sys
from typing import Any

import gateway_core
from gateway_core import backend

LINKED = {
    "zlib-ng": "Zlib",
    "zstd": "BSD-3-Clause",
    "simdjson": "Apache-2.0",
}
"""What is linked in, with its licence."""


def component(name: str, version: str, licence: str) -> dict[str, Any]:
    """Describe one library."""
    return {
        "type": "library",
        "bom-ref": f"{name}@{version}",
        "name": name,
        "version": version,
        "licenses": [{"license": {"id": licence}}],
        "purl": f"pkg:generic/{name}@{version}",
    }


def bill() -> dict[str, Any]:
    """Return the bill of materials.

    Raises:
        SystemExit: the extension is not in use, or does not say what is linked in.
    """
    said = backend()
    if said.name != "native":
        raise SystemExit(f"the extension is not in use: {said}")
    components = []
    for name, licence in LINKED.items():
        found = re.search(rf"\b{name} ([0-9.]+)", str(said))
        if found is None:
            raise SystemExit(f"the extension does not report {name}: {said}")
        components.append(component(name, found[1], licence))
    version = gateway_core.__version__
    main = {
        **component("gateway-core", version, "ISC"),
        "purl": f"pkg:pypi/gateway-core@{version}",
    }
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {"component": main},
        "components": components,
        "dependencies": [
            {"ref": main["bom-ref"], "dependsOn": [one["bom-ref"] for one in components]},
        ],
    }


if __name__ == "__main__":
    json.dump(bill(), sys.stdout, indent=2)
    print()
