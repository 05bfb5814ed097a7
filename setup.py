"""Builds the extension `gateway_core._fastpath`; everything declarative is in pyproject.toml.

Environment variables:

    GATEWAY_CORE_PURE=1             build no extension: the pure-Python twin serves alone
    GATEWAY_CORE_ZLIB=stock         link against the system's zlib instead of zlib-ng
    GATEWAY_CORE_SYSTEM_ZLIB_NG=1   link against the system's zlib-ng (found by pkg-config)

zlib-ng, zstd and simdjson are built from sources bundled in our own source distribution or, in a
checkout, from the pinned source distributions of the packages zlib-ng, zstandard and pysimdjson.
What is built of others' sources is kept in build/third_party, and used again with the same
compiler, flags and libc. Whatever fails, fails the build. What must be installed for it is in
build_backend/gateway_core_build.py.
"""

from __future__ import annotations

import hashlib
import os
import platform
import re
import shutil
import subprocess
import sys
import sysconfig
import tarfile
import tempfile
from dataclasses import dataclass
from pathlib import Path

from setuptools import Extension, setup
from setuptools.command.build_ext import build_ext
from setuptools.command.sdist import sdist

ROOT = Path(__file__).resolve().parent
SOURCES = ROOT / "src" / "_fastpath"
BUNDLED = ROOT / "third_party"
CACHE = ROOT / "build" / "third_party"
WINDOWS = sys.platform == "win32"
MACOS = sys.platform == "darwin"


def is_set(variable: str) -> bool:
    """Whether an environment variable asks for something: set, and neither empty nor 0."""
    return os.environ.get(variable, "0") not in ("", "0")


@dataclass(frozen=True)
class SourceDistribution:
    """A pinned source distribution on the package index, and the part of it that we build."""

    package: str
    version: str
    sha256: str
    folder: str  # inside the archive, below its first folder

    def sources(self) -> Path:
        """Return the folder with the sources: bundled, cached or fetched now."""
        bundled = BUNDLED / self.package
        if bundled.is_dir():
            return bundled
        kept = CACHE / f"{self.package}-{self.version}-sources"
        if not kept.is_dir():
            self._fetch(kept)
        return kept

    def _fetch(self, into: Path) -> None:
        with tempfile.TemporaryDirectory() as name:
            scratch = Path(name)
            pin = scratch / "pin.txt"
            pin.write_text(f"{self.package}=={self.version} --hash=sha256:{self.sha256}\n")
            run(
                *(sys.executable, "-m", "pip", "download", "--no-deps", "--require-hashes"),
                *("--no-binary", self.package, "--dest", str(scratch), "-r", str(pin)),
            )
            (archive,) = scratch.glob("*.tar.gz")
            # CPython before 3.11.4 has no filters. The hash says what is in the archive anyway.
            safely = {"filter": "data"} if hasattr(tarfile, "data_filter") else {}
            with tarfile.open(archive) as tar:
                tar.extractall(scratch / "unpacked", **safely)
            (unpacked,) = (scratch / "unpacked").iterdir()
            into.parent.mkdir(parents=True, exist_ok=True)
            # Moving may be copying, and may be interrupted: what has its name is whole.
            part = into.with_name(f"{into.name}.part")
            shutil.rmtree(part, ignore_errors=True)
            shutil.move(unpacked / self.folder, part)
            part.rename(into)


ZLIB_NG = SourceDistribution(
    package="zlib-ng",
    version="1.1.0",
    sha256="08a3a8468d4f130e3dc80d28ec42fcc7a878a57dfed616233e791066327d78a3",
    folder="src/zlib_ng/zlib-ng",
)
ZLIB_NG_OPTIONS = (
    "-DCMAKE_BUILD_TYPE=Release",
    "-DCMAKE_POSITION_INDEPENDENT_CODE=ON",
    "-DCMAKE_C_VISIBILITY_PRESET=hidden",
    "-DBUILD_SHARED_LIBS=OFF",
    "-DBUILD_TESTING=OFF",
    "-DZLIB_COMPAT=OFF",
    "-DWITH_GZFILEOP=OFF",
    "-DWITH_RUNTIME_CPU_DETECTION=ON",
)
ZSTD = SourceDistribution(
    package="zstandard",
    version="0.25.0",
    sha256="7713e1179d162cf5c7906da876ec2ccb9c3a9dcbdffef0cc7f70c3667a205f0b",
    folder="zstd",
)
SIMDJSON = SourceDistribution(
    package="pysimdjson",
    version="7.0.2",
    sha256="44cf276e48912a3b9c7ca362c14da8420a7ac15a9f1a16ec95becff86db3904a",
    folder="simdjson",
)


def run(*command: str) -> None:
    """Run a command; end the build with its name when it fails."""
    # Where our build backend is found is nothing to the builds that pip starts in turn.
    environment = {k: v for k, v in os.environ.items() if not k.startswith("_PYPROJECT_HOOKS_")}
    try:
        subprocess.run(command, check=True, env=environment)
    except (OSError, subprocess.CalledProcessError) as error:
        raise SystemExit(f"gateway-core: the build step failed: {error}") from error


def program(name: str) -> str:
    """Return the path of a build tool: the build requirement's, or one on the PATH."""
    beside = Path(sysconfig.get_path("scripts")) / (name + (".exe" if WINDOWS else ""))
    found = shutil.which(name) or (str(beside) if beside.is_file() else None)
    if found is None:
        raise SystemExit(f"gateway-core: {name} is needed for the build and is not there")
    return found


def kept_folder(name: str, *options: object) -> Path:
    """Return the folder for what is built with these options, this environment and this libc.

    Objects of another compiler, of a sanitizer or of musl must not be linked in their place.
    """
    names = ("CC", "CXX", "CFLAGS", "CXXFLAGS", "CPPFLAGS", "LDFLAGS", "ARCHFLAGS", "CL", "_CL_")
    environment = [os.environ.get(each) for each in (*names, "MACOSX_DEPLOYMENT_TARGET")]
    libc = platform.libc_ver() if sys.platform == "linux" else ()
    digest = hashlib.sha256(repr((options, environment, libc)).encode()).hexdigest()
    return CACHE / f"{name}-{sysconfig.get_platform()}-{digest[:8]}"


def cmake_platform() -> list[str]:
    """Return the options that make CMake build for the platform of this Python.

    Visual Studio's generator finds its compiler by itself, where Ninja would take the first on the
    PATH. On macOS compilers are told the architecture in ARCHFLAGS, which CMake does not read.
    """
    if WINDOWS:
        names = {"win32": "Win32", "win-amd64": "x64", "win-arm64": "ARM64"}
        return ["-A", names[sysconfig.get_platform()]]
    options = ["-G", "Ninja", f"-DCMAKE_MAKE_PROGRAM={program('ninja')}"]
    if MACOS:
        architectures = re.findall(r"-arch\s+(\S+)", os.environ["ARCHFLAGS"])
        options.append(f"-DCMAKE_OSX_ARCHITECTURES={';'.join(architectures)}")
    return options


def build_zlib_ng() -> Path:
    """Build zlib-ng's static library with its own API; return its folder."""
    built = kept_folder(f"zlib-ng-{ZLIB_NG.version}", ZLIB_NG_OPTIONS)
    if not (built / "done").is_file():
        run(
            *(program("cmake"), "-S", str(ZLIB_NG.sources()), "-B", str(built)),
            *cmake_platform(),
            *ZLIB_NG_OPTIONS,
        )
        run(program("cmake"), "--build", str(built), "--config", "Release", "--parallel")
        (built / "done").touch()
    return built


def pkg_config(package: str, option: str) -> list[str]:
    """Return what pkg-config says of a package."""
    try:
        said = subprocess.run(
            [program("pkg-config"), option, package], check=True, capture_output=True, text=True
        )
    except (OSError, subprocess.CalledProcessError) as error:
        raise SystemExit(f"gateway-core: pkg-config does not know {package}: {error}") from error
    return said.stdout.split()


class BuildExtension(build_ext):
    """build_ext, with the libraries that are linked in built first."""

    def build_extension(self, extension: Extension) -> None:
        """Build one extension and what it links."""
        self._add_zlib(extension)
        self._add_zstd(extension)
        self._add_simdjson(extension)
        super().build_extension(extension)

    def _add_zlib(self, extension: Extension) -> None:
        if os.environ.get("GATEWAY_CORE_ZLIB", "ng") == "stock":
            extension.define_macros.append(("GATEWAY_CORE_STOCK_ZLIB", "1"))
            extension.libraries.append("zlib" if WINDOWS else "z")
        elif is_set("GATEWAY_CORE_SYSTEM_ZLIB_NG"):
            extension.extra_compile_args += pkg_config("zlib-ng", "--cflags")
            extension.extra_link_args += pkg_config("zlib-ng", "--libs")
        else:
            built = build_zlib_ng()
            extension.include_dirs.append(str(built))
            name = "Release/zlibstatic-ng.lib" if WINDOWS else "libz-ng.a"
            extension.extra_objects.append(str(built / name))

    def _add_zstd(self, extension: Extension) -> None:
        # The linker drops the compressor: nothing calls it.
        sources = ZSTD.sources()
        hidden = [(f"{name}_VISIBLE", "") for name in ("ZSTDLIB", "ZSTDERRORLIB", "ZDICTLIB")]
        self._add_object(extension, sources / "zstd.c", ZSTD.version, C_ARGS, hidden)
        extension.include_dirs.append(str(sources))

    def _add_simdjson(self, extension: Extension) -> None:
        sources = SIMDJSON.sources()
        self._add_object(extension, sources / "simdjson.cpp", SIMDJSON.version, CXX_ARGS, [])
        extension.include_dirs.append(str(sources))

    def _add_object(
        self,
        extension: Extension,
        source: Path,
        version: str,
        arguments: list[str],
        macros: list[tuple[str, str]],
    ) -> None:
        """Link a large file of others' code, compiled once for each compiler and its flags."""
        # The Unix compilers with this Python's own flags; Visual Studio's has no such names.
        compilers = [
            getattr(self.compiler, each, None) for each in ("compiler_so", "compiler_so_cxx")
        ]
        kept = kept_folder(f"{source.stem}-{version}", compilers, arguments, macros)
        record = kept / "object.txt"
        if not record.is_file():
            kept.mkdir(parents=True, exist_ok=True)
            copy = Path(shutil.copy(source, kept))
            (built,) = self.compiler.compile(
                [str(copy.relative_to(ROOT))],
                output_dir=os.curdir,
                macros=macros,
                include_dirs=[str(source.parent)],
                extra_postargs=arguments,
            )
            record.write_text(built)
        extension.extra_objects.append(record.read_text())


class BundlingSdist(sdist):
    """sdist, with the sources that are linked in, so that building from it fetches nothing."""

    def make_release_tree(self, base_dir: str, files: list[str]) -> None:
        """Copy the project's files, and beside them the bundled sources."""
        super().make_release_tree(base_dir, files)
        for bundled in (ZLIB_NG, ZSTD, SIMDJSON):
            shutil.copytree(bundled.sources(), Path(base_dir) / "third_party" / bundled.package)


if WINDOWS:
    C_ARGS = ["/O2", "/DNDEBUG"]
    CXX_ARGS = [*C_ARGS, "/std:c++17", "/utf-8", "/EHsc"]
else:
    C_ARGS = ["-O3", "-fvisibility=hidden", "-ffunction-sections", "-g0", "-DNDEBUG"]
    CXX_ARGS = [*C_ARGS, "-std=c++17"]
if MACOS:
    LINK_ARGS = ["-Wl,-dead_strip"]
    # One architecture at a time: zlib-ng and simdjson choose their sources by it.
    os.environ.setdefault("ARCHFLAGS", f"-arch {platform.machine()}")
else:
    LINK_ARGS = ["-Wl,--gc-sections", "-Wl,--strip-debug"] if sys.platform == "linux" else []


def extensions() -> list[Extension]:
    """Return the extension to build, or none for the pure package."""
    if is_set("GATEWAY_CORE_PURE"):
        return []
    from Cython.Build import cythonize

    sources = [path for path in sorted(SOURCES.glob("*.cpp")) if path.name != "fastpath.cpp"]
    extension = Extension(
        "gateway_core._fastpath",
        [str(path.relative_to(ROOT)) for path in [SOURCES / "fastpath.pyx", *sources]],
        include_dirs=[str(SOURCES.relative_to(ROOT))],
        depends=[str(path.relative_to(ROOT)) for path in SOURCES.glob("*.[hp]*")],
        extra_compile_args=CXX_ARGS,
        extra_link_args=LINK_ARGS,
        language="c++",
    )
    return cythonize([extension], include_path=[str(SOURCES)])


setup(
    ext_modules=extensions(),
    cmdclass={"build_ext": BuildExtension, "sdist": BundlingSdist},
)
