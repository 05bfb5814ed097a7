"""Checks built wheels: their size, what is in them and what they say of licences.

    python tools/check_wheel.py dist/*.whl

prints a line for each wheel, and ends with status 1 when one is over its budget or holds something
else than it should. Needs nothing but the standard library.
"""

from __future__ import annotations

import sys
import zipfile
from email.parser import BytesParser
from pathlib import Path, PurePosixPath

BUDGET = 800_000
"""Bytes that a wheel may have, as it is downloaded."""
MUSL_BUDGET = 1_000_000
"""The same for musllinux, whose wheels have what they use of libstdc++ inside."""
PURE_BUDGET = 400_000
"""The same for the wheel of the pure twin."""
LICENCES = {"LICENSE", "licenses/simdjson.txt", "licenses/zlib-ng.txt", "licenses/zstd.txt"}
EXTENSIONS = {".so", ".pyd"}
SUFFIXES = {".py", ".pyi", ".typed", *EXTENSIONS}


def problems(path: Path) -> list[str]:
    """Return what is wrong with a wheel, in words."""
    pure = path.name.endswith("-py3-none-any.whl")
    found = []
    size = path.stat().st_size
    budget = PURE_BUDGET if pure else MUSL_BUDGET if "musllinux" in path.name else BUDGET
    if size > budget:
        found.append(f"{size:,} bytes are over the budget of {budget:,}")
    with zipfile.ZipFile(path) as wheel:
        names = [PurePosixPath(name) for name in wheel.namelist() if not name.endswith("/")]
        (info,) = {name.parts[0] for name in names if name.parts[0].endswith(".dist-info")}
        metadata = BytesParser().parsebytes(wheel.read(f"{info}/METADATA"))
    packaged = [name for name in names if name.parts[0] != info]
    strangers = [
        str(name)
        for name in packaged
        if name.parts[0] != "gateway_core" or name.suffix not in SUFFIXES
    ]
    if strangers:
        found.append(f"holds what it should not: {', '.join(sorted(strangers))}")
    if PurePosixPath("gateway_core/py.typed") not in packaged:
        found.append("has no py.typed")
    native = [name.name for name in packaged if name.suffix in EXTENSIONS]
    if len(native) != (0 if pure else 1):
        found.append(f"has {len(native)} extension modules: {', '.join(native) or 'none'}")
    texts = {str(name.relative_to(info)) for name in names if name.parts[:2] == (info, "licenses")}
    missing = {f"licenses/{name}" for name in LICENCES} - texts
    if missing or set(metadata.get_all("License-File", [])) != LICENCES:
        found.append(f"lacks licences: {', '.join(sorted(missing)) or 'in its metadata'}")
    return found


def main(arguments: list[str]) -> int:
    """Check the wheels that are named; return the exit status."""
    wheels = [Path(argument) for argument in arguments]
    if not wheels:
        print("usage: python tools/check_wheel.py WHEEL...", file=sys.stderr)
        return 2
    failed = False
    for wheel in wheels:
        found = problems(wheel)
        failed |= bool(found)
        print(f"{wheel.name}: {wheel.stat().st_size / 1000:.0f} kB, {'; '.join(found) or 'good'}")
    return int(failed)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
