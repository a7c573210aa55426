"""Which interpreter a function gets, and what is said before it is deployed."""

import io
import sys
import zipfile
from pathlib import Path

import pytest

from sealift.local.interpreters import Places, declared_version, find, nearest, places
from sealift.local.runtimes import LocalRuntime, Package, local_target, report

OLDER = "fast/core.cpython-38-x86_64-linux-gnu.so"
NEWER = "fast/core.cpython-399-x86_64-linux-gnu.so"
ELF_ARM = b"\x7fELF" + bytes(14) + b"\xb7\x00"
ELF_X86 = b"\x7fELF" + bytes(14) + b"\x3e\x00"


def _places(root: Path, *versions: str) -> Places:
    """Return places in which Pythons of these versions are installed, as uv lays them out."""
    for version in versions:
        name = "python" + ".".join(version.split(".")[:2])
        program = root / "uv" / f"cpython-{version}-linux" / "bin" / name
        program.parent.mkdir(parents=True)
        program.touch(mode=0o755)
    return Places(programs=(root / "bin",), versions=(root / "uv",))


def _zip(**files: bytes) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return packed.getvalue()


def _report(where: Places, package: Package, machine: str = "x86_64") -> tuple[list[str], list[str]]:
    found = report([package], where, machine=machine)
    return list(found.notes), list(found.errors)


def test_the_declared_python_runs_without_a_word(tmp_path: Path) -> None:
    where = _places(tmp_path, "3.97.1", "3.98.0")
    assert _report(where, Package(logical_id="F", runtime="python3.98")) == ([], [])


def test_a_missing_python_is_replaced_by_the_nearest_newer_one_with_a_note(tmp_path: Path) -> None:
    where = _places(tmp_path, "3.17.1", "3.19.0")
    notes, errors = _report(where, Package(logical_id="F", runtime="python3.18"))
    assert notes == ["F runs on Python 3.19: python3.18 is not installed here"]
    assert errors == []


@pytest.mark.parametrize(
    ("count", "who"), [(1, "F0 runs"), (2, "F0 and F1 run"), (3, "F0, F1 and F2 run"), (9, "F0, F1 and 7 more run")]
)
def test_functions_that_share_a_reason_share_a_note(tmp_path: Path, count: int, who: str) -> None:
    packages = [Package(logical_id=f"F{n}", runtime="python3.18") for n in range(count)]
    found = report(packages, _places(tmp_path, "3.19.0"), machine="x86_64")
    assert found.notes == (f"{who} on Python 3.19: python3.18 is not installed here",)


def test_an_old_python_gives_way_to_one_that_loads_boto3(tmp_path: Path) -> None:
    where = _places(tmp_path, "3.8.1", "3.10.1")
    notes, _ = _report(where, Package(logical_id="F", runtime="python3.8"))
    assert notes == ["F runs on Python 3.10: python3.8 is older than the boto3 here can be loaded on"]


def test_compiled_modules_run_on_the_python_they_were_built_for(tmp_path: Path) -> None:
    package = Package(logical_id="F", runtime="python3.8", zips=(_zip(**{OLDER: ELF_X86}),))
    assert _report(_places(tmp_path / "a", "3.8.1", "3.10.1"), package) == ([], [])
    _, errors = _report(_places(tmp_path / "b", "3.10.1"), package)
    assert len(errors) == 1
    assert "uv python install 3.8" in errors[0]


def test_compiled_modules_of_a_layer_count_too(tmp_path: Path) -> None:
    layer = _zip(**{f"python/{NEWER}": ELF_X86})
    package = Package(logical_id="F", runtime="python3.12", zips=(_zip(**{"app.py": b""}), layer))
    assert len(_report(_places(tmp_path, "3.12.1"), package)[1]) == 1


def test_compiled_modules_of_another_machine_are_an_error_and_what_the_file_says_counts(tmp_path: Path) -> None:
    where = _places(tmp_path, "3.12.1")
    arm = Package(logical_id="F", runtime="python3.12", architecture="arm64", zips=(_zip(**{"a/b.abi3.so": ELF_ARM}),))
    x86 = Package(logical_id="F", runtime="python3.12", architecture="arm64", zips=(_zip(**{"a/b.abi3.so": ELF_X86}),))
    pure = Package(logical_id="F", runtime="python3.12", architecture="arm64", zips=(_zip(**{"a.py": b""}),))
    assert "compiled for arm64 (a/b.abi3.so), and this machine is x86_64" in _report(where, arm)[1][0]
    assert _report(where, x86) == ([], [])
    assert _report(where, pure) == ([], [])


@pytest.mark.parametrize("runtime", ["java21", "dotnet8", "ruby3.3", None])
def test_runtimes_that_the_embedded_cloud_does_not_run_are_an_error(tmp_path: Path, runtime: str | None) -> None:
    assert len(_report(_places(tmp_path), Package(logical_id="F", runtime=runtime))[1]) == 1


def test_an_image_function_is_an_error(tmp_path: Path) -> None:
    _, errors = _report(_places(tmp_path), Package(logical_id="F", runtime=None, package_type="Image"))
    assert errors == ["F is a container image, which the embedded cloud does not run"]


def test_node_has_to_be_on_path(tmp_path: Path) -> None:
    where = _places(tmp_path)
    package = Package(logical_id="F", runtime="nodejs22.x")
    assert _report(where, package)[1] == ["F needs nodejs22.x, and there is no node on PATH"]
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "node").touch()
    assert _report(where, package) == ([], [])


def test_what_to_build_for_here_is_what_will_run_here(tmp_path: Path) -> None:
    where = _places(tmp_path, "3.12.1", "3.13.0")
    assert local_target("python3.12", "arm64", where, machine="x86_64") == LocalRuntime(
        runtime="python3.12", architecture="x86_64"
    )
    assert local_target("python3.8", "x86_64", where, machine="aarch64").architecture == "arm64"
    assert local_target("nodejs22.x", "arm64", where, machine="x86_64").architecture == "arm64"


def test_the_newest_patch_release_of_a_version_is_taken(tmp_path: Path) -> None:
    found = find((3, 98), _places(tmp_path, "3.98.2", "3.98.10"))
    assert found is not None
    assert "cpython-3.98.10-" in str(found.path)


def test_shims_are_passed_over(tmp_path: Path) -> None:
    where = places({"PATH": f"{tmp_path}/shims:{tmp_path}/bin"}, tmp_path)
    assert where.programs == (tmp_path / "bin",)


def test_without_any_other_the_interpreter_of_this_program_is_taken() -> None:
    nowhere = Places(programs=(), versions=())
    assert nearest((3, 99), nowhere).version == sys.version_info[:2]


@pytest.mark.parametrize(
    ("runtime", "version"), [("python3.12", (3, 12)), ("nodejs22.x", None), ("python", None), (None, None)]
)
def test_the_version_of_a_runtime(runtime: str | None, version: tuple[int, int] | None) -> None:
    assert declared_version(runtime) == version
