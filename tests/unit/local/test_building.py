"""What stays on this machine is built for it."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from sealift.errors import BuildError
from sealift.local.building import LocalBuilder
from sealift.local.interpreters import Places
from sealift.model.release import Artifact, BuiltArtifact
from sealift.model.template import Asset


class Recording:
    """A builder that says what it was asked to build, and cannot build for some targets."""

    def __init__(self, *impossible: tuple[str, str]) -> None:
        self._impossible = impossible

    def build(self, root: Path, assets: Sequence[Asset], *, force: bool = False) -> Mapping[str, BuiltArtifact]:
        """Return an artifact that names its target, for each asset."""
        return {asset.key: self._built(asset) for asset in assets}

    def store(self, data: bytes) -> Path:
        """Is not needed here."""
        raise NotImplementedError

    look = texts = store

    def _built(self, asset: Asset) -> BuiltArtifact:
        if {(asset.key, asset.architecture), (asset.key, str(asset.runtime))} & {*self._impossible}:
            raise BuildError("no wheel", code="build-failed")
        artifact = Artifact(
            sha256="0" * 64,
            size_bytes=0,
            kind=asset.kind,
            logical_ids=asset.logical_ids,
            runtime=asset.runtime,
            architecture=asset.architecture,
        )
        return BuiltArtifact(artifact=artifact, path=Path(), built=True, reason="")


def _asset(key: str, runtime: str | None = "python3.19", architecture: str = "arm64") -> Asset:
    return Asset(
        key=key, kind="function", source=".", logical_ids=(key,), paths=(), runtime=runtime, architecture=architecture
    )


@pytest.fixture
def where(tmp_path: Path) -> Places:
    """Python 3.19 is installed here, and no other."""
    program = tmp_path / "python3.19"
    program.touch(mode=0o755)
    return Places(programs=(tmp_path,), versions=())


def _build(where: Places, *assets: Asset, inner: Recording | None = None) -> tuple[list[str], list[str]]:
    notes: list[str] = []
    builder = LocalBuilder(inner or Recording(), where, "x86_64", notes.append)
    built = builder.build(Path(), assets)
    return [f"{built[a.key].artifact.runtime} {built[a.key].artifact.architecture}" for a in assets], notes


def test_a_package_is_built_for_the_processor_of_this_machine(where: Places) -> None:
    assert _build(where, _asset("a")) == (["python3.19 x86_64"], [])


def test_a_package_is_built_for_the_python_that_will_run_it(where: Places) -> None:
    assert _build(where, _asset("a", "python3.18")) == (["python3.19 x86_64"], [])


def test_other_runtimes_are_built_as_declared(where: Places) -> None:
    assert _build(where, _asset("a", "nodejs22.x"), _asset("b", None)) == (["nodejs22.x arm64", "None arm64"], [])


def test_what_cannot_be_built_for_this_machine_is_built_as_declared_and_told(where: Places) -> None:
    built, notes = _build(where, _asset("a"), _asset("b"), inner=Recording(("b", "x86_64")))
    assert built == ["python3.19 x86_64", "python3.19 arm64"]
    assert notes == ["b cannot be built for python3.19 on x86_64, but for python3.19 on arm64: no wheel"]


def test_what_cannot_be_built_at_all_is_an_error(where: Places) -> None:
    with pytest.raises(BuildError, match="no wheel"):
        _build(where, _asset("a"), inner=Recording(("a", "x86_64"), ("a", "arm64")))


def test_what_cannot_be_built_for_the_nearest_python_is_built_for_a_newer_one(where: Places) -> None:
    for name in ("python3.17", "python3.18"):
        (where.programs[0] / name).touch(mode=0o755)
    inner = Recording(("a", "python3.17"), ("b", "python3.17"))
    built, notes = _build(where, _asset("a", "python3.16"), _asset("b", "python3.16"), inner=inner)
    assert built == ["python3.18 x86_64", "python3.18 x86_64"]
    assert notes == []
