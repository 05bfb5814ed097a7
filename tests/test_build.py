"""What setup.py keeps of others' sources, and of what it compiles of them, is whole and fits."""

from __future__ import annotations

import importlib.util
import shutil
import sys
import tarfile
from pathlib import Path
from typing import Any

import pytest

setuptools: Any = pytest.importorskip("setuptools")
SETUP = Path(__file__).parents[1] / "setup.py"


@pytest.fixture
def build(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Any:
    """Return setup.py as a module that keeps things in a folder of the test."""
    monkeypatch.setenv("GATEWAY_CORE_PURE", "1")
    monkeypatch.setenv("ARCHFLAGS", "-arch x86_64")
    monkeypatch.setattr(setuptools, "setup", lambda **_: None)
    spec = importlib.util.spec_from_file_location("gateway_core_setup", SETUP)
    assert spec is not None
    assert spec.loader is not None
    module: Any = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, spec.name, module)
    spec.loader.exec_module(module)
    module.BUNDLED = tmp_path / "third_party"
    module.CACHE = tmp_path / "build" / "third_party"
    return module


@pytest.fixture
def distribution(build: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Return a source distribution that is fetched from the disk; pip would ask the index."""
    written = tmp_path / "written" / "some-1.0"
    (written / "sources").mkdir(parents=True)
    for name in ("a.c", "b.c"):
        (written / "sources" / name).write_text(name)

    def download(*command: str) -> None:
        into = Path(command[command.index("--dest") + 1])
        with tarfile.open(into / "some-1.0.tar.gz", "w:gz") as archive:
            archive.add(written, "some-1.0")

    monkeypatch.setattr(build, "run", download)
    return build.SourceDistribution("some", "1.0", "0" * 64, "sources")


def files(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_sources_are_fetched_once(build: Any, distribution: Any) -> None:
    sources = distribution.sources()
    assert files(sources) == ["a.c", "b.c"]
    assert files(build.CACHE) == ["some-1.0-sources"]
    (sources / "a.c").write_text("kept")
    assert (distribution.sources() / "a.c").read_text() == "kept"


def test_an_interrupted_fetch_leaves_nothing_that_is_taken_for_whole(
    build: Any, distribution: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(source: Path, target: Path) -> None:
        target.mkdir()
        shutil.copy(source / "a.c", target)
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(shutil, "move", interrupted)
        with pytest.raises(KeyboardInterrupt):
            distribution.sources()
    assert files(distribution.sources()) == ["a.c", "b.c"]
    assert files(build.CACHE) == ["some-1.0-sources"]


def test_archives_are_unpacked_by_a_python_without_filters(
    distribution: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    extractall = tarfile.TarFile.extractall

    def of_3_11_3(
        self: tarfile.TarFile,
        path: Path,
        members: None = None,
        *,
        numeric_owner: bool = False,
    ) -> None:
        extractall(self, path, members, numeric_owner=numeric_owner, filter="data")

    if hasattr(tarfile, "data_filter"):
        monkeypatch.delattr(tarfile, "data_filter")
        monkeypatch.setattr(tarfile.TarFile, "extractall", of_3_11_3)
    assert files(distribution.sources()) == ["a.c", "b.c"]


def test_what_is_compiled_otherwise_is_kept_apart(
    build: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("CC", "CFLAGS"):
        monkeypatch.delenv(name, raising=False)
    folders = [build.kept_folder("zstd-1"), build.kept_folder("zstd-1", "-O3")]
    monkeypatch.setenv("CFLAGS", "-fsanitize=address")
    folders.append(build.kept_folder("zstd-1"))
    monkeypatch.setenv("CC", "clang")
    folders.append(build.kept_folder("zstd-1"))
    monkeypatch.setattr(sys, "platform", "linux")
    for libc in (("glibc", "2.17"), ("musl", "1.2")):
        monkeypatch.setattr(build.platform, "libc_ver", lambda libc=libc: libc)
        folders.append(build.kept_folder("zstd-1"))
    assert len(set(folders)) == len(folders)
    assert folders[-1] == build.kept_folder("zstd-1")
    assert {folder.parent for folder in folders} == {build.CACHE}


@pytest.mark.skipif(sys.platform == "win32", reason="Visual Studio's compiler is no command")
def test_objects_are_compiled_once_for_each_compiler(
    build: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    build.ROOT = tmp_path
    source = tmp_path / "zstd.c"
    source.write_text("int answer;")
    compiled = []

    class Compiler:
        compiler_so = ("cc", "-fPIC")

        def compile(self, sources: list[str], **_: object) -> list[str]:
            compiled.append(" ".join(self.compiler_so))
            return [str(Path(sources[0]).with_suffix(".o"))]

    command = build.BuildExtension(setuptools.Distribution())
    command.compiler = Compiler()

    def add() -> str:
        extension = setuptools.Extension("some", [])
        command._add_object(extension, source, "1", [], [])
        (linked,) = extension.extra_objects
        return str(linked)

    first = add()
    assert add() == first
    command.compiler.compiler_so = ("cc", "-fPIC", "-fsanitize=address")
    other = add()
    assert other != first
    assert add() == other
    assert compiled == ["cc -fPIC", "cc -fPIC -fsanitize=address"]
