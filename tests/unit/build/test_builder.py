"""The builder: what it builds, what it reuses, and the reason that it gives."""

import json
import os
import zipfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from sealift.build.builder import CachedBuilder
from sealift.errors import BuildError
from sealift.model.release import BuiltArtifact, Finished
from sealift.model.template import Asset, Location, Packing
from sealift.ports import Completed
from tests.unit.build.tools import FakeUv, NoTools, function, write


@pytest.fixture
def app(tmp_path: Path) -> Path:
    return write(tmp_path / "app", {"fn/app.py": "print(1)\n", "fn/requirements.txt": "alpha\nbeta==1.5\n"})


def build(app: Path, *assets: Asset, uv: FakeUv | NoTools | None = None, force: bool = False) -> BuiltArtifact:
    """Build with the cache beside the application and return the first artifact."""
    builder = CachedBuilder(app.parent / "cache", uv or FakeUv())
    wanted = assets or (function(),)
    return builder.build(app, wanted, force=force)[wanted[0].key]


def names(built: BuiltArtifact) -> list[str]:
    with zipfile.ZipFile(built.path) as archive:
        assert archive.testzip() is None
        return archive.namelist()


def body(built: BuiltArtifact, name: str) -> bytes:
    with zipfile.ZipFile(built.path) as archive:
        return archive.read(name)


def test_a_package_holds_source_and_dependencies_without_leftovers(app: Path) -> None:
    built = build(app)
    assert names(built) == [
        "alpha-2.0.dist-info/METADATA",
        "alpha/__init__.py",
        "app.py",
        "beta-1.5.dist-info/METADATA",
        "beta.py",
        "requirements.txt",
    ]
    assert built.built
    assert built.reason == "first build"
    assert [name for name, _ in built.dependencies] == ["alpha==2.0", "beta==1.5"]
    assert built.lock is not None
    assert "alpha==2.0" in built.lock
    assert built.path.name == built.artifact.sha256
    assert built.artifact.runtime == "python3.12"


def test_nothing_is_started_and_nothing_is_built_when_nothing_changed(app: Path) -> None:
    first = build(app)
    again = build(app, uv=NoTools())
    assert again.artifact == first.artifact
    assert not again.built
    assert again.reason == "unchanged"
    assert again.lock == first.lock
    assert again.dependencies == first.dependencies


def test_a_changed_source_file_is_built_without_installing_again(app: Path) -> None:
    first = build(app)
    write(app, {"fn/app.py": "print(2)\n", "fn/other.py": ""})
    again = build(app, uv=NoTools())
    assert again.built
    assert again.reason == "source changed: app.py (+1)"
    assert again.artifact.sha256 != first.artifact.sha256
    assert body(again, "app.py") == b"print(2)\n"


def test_what_was_built_once_is_found_again_after_a_switch_of_branches(app: Path) -> None:
    first = build(app)
    write(app, {"fn/app.py": "print(2)\n"})
    build(app)
    write(app, {"fn/app.py": "print(1)\n"})
    back = build(app, uv=NoTools())
    assert back.artifact == first.artifact
    assert not back.built
    assert back.reason == "built before"


def test_the_reason_names_the_dependency_that_changed(app: Path) -> None:
    write(app, {"fn/requirements.txt": "alpha==1.0\n"})
    build(app)
    write(app, {"fn/requirements.txt": "alpha==2.0\n"})
    assert build(app).reason == "dependencies changed: alpha 1.0 -> 2.0; source changed: requirements.txt"


def test_the_reason_names_the_runtime_that_changed(app: Path) -> None:
    build(app)
    built = build(app, function(runtime="python3.13"))
    assert built.reason == "runtime changed: python3.12 -> python3.13"


def test_an_unlocked_requirement_is_resolved_once(app: Path) -> None:
    uv = FakeUv()
    build(app, uv=uv)
    uv.registry["alpha"]["3.0"] = {"alpha/__init__.py": b"VERSION = '3.0'\n"}
    write(app, {"fn/app.py": "print(2)\n"})
    built = build(app, uv=uv, force=True)
    assert "alpha==2.0" in [name for name, _ in built.dependencies]


def test_functions_of_equal_dependencies_share_the_installed_set(app: Path) -> None:
    write(app, {"two/app.py": "print(2)\n", "two/requirements.txt": "alpha\nbeta==1.5\n"})
    build(app)
    built = CachedBuilder(app.parent / "cache", NoTools()).build(app, [function("two")])["app:two"]
    assert built.built
    assert body(built, "beta.py") == b"BETA = 1\n" * 100


def test_a_new_version_of_uv_gives_the_same_bytes(app: Path) -> None:
    first = build(app)
    assert build(app, uv=FakeUv(version="uv 10"), force=True).artifact == first.artifact


def test_force_builds_the_same_bytes_again(app: Path) -> None:
    first = build(app)
    forced = build(app, force=True)
    assert forced.built
    assert forced.reason == "asked for"
    assert forced.artifact == first.artifact


def test_the_type_stubs_and_tests_of_dependencies_stay_when_asked(app: Path, tmp_path: Path) -> None:
    asked = function(packing=Packing(keep=("*/tests/*", "*.pyi")))
    built = CachedBuilder(tmp_path / "cache", FakeUv()).build(app, [asked])["app:fn"]
    assert "alpha/tests/test_it.py" in names(built)
    assert "bin/run-it" not in names(built)
    assert not [name for name in names(built) if name.endswith("INSTALLER")]


def test_the_source_wins_over_a_dependency_of_the_same_name(app: Path) -> None:
    write(app, {"fn/beta.py": "MINE = 1\n"})
    assert body(build(app), "beta.py") == b"MINE = 1\n"


def test_a_layer_of_python_stands_below_python(app: Path) -> None:
    layer = function(kind="layer", build_method="python3.12")
    assert "python/alpha/__init__.py" in names(build(app, layer))
    assert "python/app.py" in names(build(app, layer))


def test_a_layer_without_build_method_is_zipped_as_it_is(app: Path) -> None:
    layer = function(kind="layer", build_method=None)
    assert names(build(app, layer, uv=NoTools())) == ["app.py", "requirements.txt"]


def test_skip_build_takes_the_folder_as_it_is(app: Path) -> None:
    assert names(build(app, function(build_method="skip"), uv=NoTools())) == ["app.py", "requirements.txt"]


def test_a_single_file_becomes_a_zip_of_that_file(app: Path) -> None:
    assert names(build(app, function("fn/app.py"), uv=NoTools())) == ["app.py"]


def test_a_prebuilt_zip_is_stored_as_it_is(app: Path) -> None:
    with zipfile.ZipFile(app / "ready.zip", "w") as archive:
        archive.writestr("app.py", "print(1)")
    built = build(app, function("ready.zip"), uv=NoTools())
    assert built.path.read_bytes() == (app / "ready.zip").read_bytes()
    assert built.unzipped_bytes == 8


def test_what_is_called_zip_but_is_none_is_refused(app: Path) -> None:
    write(app, {"ready.zip": "no zip"})
    with pytest.raises(BuildError) as caught:
        build(app, function("ready.zip"))
    assert caught.value.code == "archive-invalid"


def test_a_definition_is_stored_as_it_is(app: Path) -> None:
    write(app, {"api.yaml": "openapi: 3.0.1\n"})
    built = build(app, function("api.yaml", kind="file", runtime=None), uv=NoTools())
    assert built.path.read_text() == "openapi: 3.0.1\n"
    assert built.artifact.runtime is None


def test_a_source_outside_of_the_application_is_built_when_the_repository_holds_it(app: Path) -> None:
    write(app.parent, {"shared/lib.py": "X = 1\n"})
    with pytest.raises(BuildError, match=r"\.\./shared leaves the repository"):
        build(app, function("../shared"))
    (app.parent / ".git").mkdir()
    assert names(build(app, function("../shared"))) == ["lib.py"]


def test_a_folder_that_is_a_link_out_of_the_repository_is_refused(app: Path) -> None:
    write(app.parent, {"elsewhere/lib.py": "X = 1\n"})
    (app / "linked").symlink_to(app.parent / "elsewhere")
    with pytest.raises(BuildError, match="leaves the repository"):
        build(app, function("linked"))


def test_a_missing_folder_is_named(app: Path) -> None:
    with pytest.raises(BuildError, match="Gone: there is no gone") as caught:
        build(app, function("gone"))
    assert caught.value.code == "source-missing"


def test_what_does_not_resolve_names_the_function_and_says_why(app: Path) -> None:
    write(app, {"fn/requirements.txt": "gamma==1\n"})
    with pytest.raises(BuildError, match=r"Fn: .*gamma==1 was not found") as caught:
        build(app)
    assert caught.value.code == "dependencies-unresolvable"


def test_an_included_file_that_is_missing_is_named(app: Path) -> None:
    write(app, {"fn/requirements.txt": "-r ../common.txt\n"})
    with pytest.raises(BuildError, match=r"Fn: .*common\.txt") as caught:
        build(app)
    assert caught.value.code == "requirements-missing"


def test_a_change_of_an_included_file_counts(app: Path) -> None:
    write(app, {"fn/requirements.txt": "-c ../pins.txt\nalpha\n", "pins.txt": "alpha<9\n"})
    with pytest.raises(AssertionError, match="nothing was to be started"):
        build(app, uv=NoTools())


def test_a_package_over_the_limit_of_lambda_is_refused_with_its_largest_dependency(app: Path) -> None:
    known = {"alpha": {"1.0": {"alpha/model.bin": bytes(251 * 1024 * 1024)}}}
    write(app, {"fn/requirements.txt": "alpha\n"})
    with pytest.raises(BuildError, match=r"251\.0 MB unzipped.*alpha==1\.0 251\.0 MB") as caught:
        build(app, uv=FakeUv(known))
    assert caught.value.code == "package-too-large"


def test_a_package_near_the_limit_is_built_with_a_warning(app: Path) -> None:
    known = {"alpha": {"1.0": {"alpha/model.bin": bytes(210 * 1024 * 1024)}}}
    write(app, {"fn/requirements.txt": "alpha\n"})
    assert "Lambda takes 250.0 MB" in build(app, uv=FakeUv(known)).warnings[0]
    assert "Lambda takes 250.0 MB" in build(app, uv=NoTools()).warnings[0]


def test_a_blob_with_a_flipped_bit_is_found_and_built_again(app: Path) -> None:
    first = build(app)
    data = bytearray(first.path.read_bytes())
    data[100] ^= 1
    first.path.write_bytes(data)
    again = build(app)
    assert again.built
    assert again.reason == "the copy in the cache was damaged"
    assert again.artifact == first.artifact
    assert names(again) == names(first)


def test_a_pack_with_a_flipped_bit_is_found_and_packed_again(app: Path) -> None:
    first = build(app)
    for path in (app.parent / "cache" / "packs").iterdir():
        data = bytearray(path.read_bytes())
        data[20] ^= 1
        path.write_bytes(data)
    first.path.unlink()
    again = build(app)
    assert again.reason == "the copy in the cache was gone"
    assert again.artifact == first.artifact
    assert names(again)


def test_records_that_can_not_be_read_count_as_absent(app: Path) -> None:
    first = build(app)
    for kind in ("records", "files", "sets", "resolutions", "outputs"):
        for path in (app.parent / "cache" / kind).iterdir():
            path.write_text('{"half of a record"')
    assert build(app).artifact == first.artifact


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_cache_that_can_not_be_written_says_what_to_do(app: Path) -> None:
    cache = app.parent / "cache"
    cache.mkdir(mode=0o500)
    with pytest.raises(BuildError, match="cannot be written") as caught:
        build(app)
    assert caught.value.code == "cache-unwritable"


def test_a_cache_folder_that_is_a_file_says_what_to_do(app: Path) -> None:
    (app.parent / "cache").write_text("")
    with pytest.raises(BuildError, match="cannot be written") as caught:
        build(app)
    assert caught.value.code == "cache-unwritable"
    assert "XDG_CACHE_HOME" in caught.value.hint


def test_the_folder_of_the_template_gives_all_but_what_sealift_owns(app: Path) -> None:
    write(
        app,
        {
            "template.yaml": "",
            "sealift.toml": "",
            "samconfig.toml": "",
            "tests/test_app.py": "",
            "app.py": "",
            "lib/tests/x.py": "",
        },
    )
    built = build(app, function(".", location=Location(file="template.yaml")), uv=NoTools())
    packed = ["app.py", "fn/app.py", "fn/requirements.txt", "lib/tests/x.py", "samconfig.toml", "tests/test_app.py"]
    assert names(built) == packed
    assert built.left_out == ("sealift.toml", "template.yaml")


def test_compiled_languages_are_refused_with_what_to_do(app: Path) -> None:
    write(app, {"java/pom.xml": "<project/>"})
    with pytest.raises(BuildError, match="Java: java source") as caught:
        build(app, function("java", runtime="java21"))
    assert "makefile" in caught.value.hint


def test_a_prebuilt_folder_of_a_custom_runtime_is_copied(app: Path) -> None:
    write(app, {"go/bootstrap": b"\x7fELF", "go/go.mod": "module x"})
    (app / "go/bootstrap").chmod(0o755)
    built = build(app, function("go", runtime="provided.al2023"), uv=NoTools())
    with zipfile.ZipFile(built.path) as archive:
        assert archive.getinfo("bootstrap").external_attr >> 16 == 0o100755


def test_an_unknown_build_method_names_itself(app: Path) -> None:
    with pytest.raises(BuildError, match="BuildMethod rust-cargolambda"):
        build(app, function(build_method="rust-cargolambda"))


def test_dependencies_without_a_known_runtime_are_refused(app: Path) -> None:
    with pytest.raises(BuildError) as caught:
        build(app, function(runtime="python3.x", build_method="python-uv"))
    assert caught.value.code == "runtime-unknown"


def test_bytes_are_stored_under_their_digest(tmp_path: Path) -> None:
    builder = CachedBuilder(tmp_path / "cache", NoTools())
    path = builder.store(b"template")
    path.write_bytes(b"tempfate")
    assert builder.store(b"template") == path
    assert path.read_bytes() == b"template"


def test_a_file_that_two_distributions_bring_is_taken_from_the_same_one_every_time(app: Path) -> None:
    known = {
        "alpha": {"1.0": {"common/__init__.py": b"FROM = 'alpha'\n", "alpha.py": b""}},
        "beta": {"1.5": {"common/__init__.py": b"FROM = 'beta'\n", "beta.py": b""}},
    }
    digests = set()
    for text in ("alpha\nbeta\n", "beta\nalpha\n"):
        write(app, {"fn/requirements.txt": text})
        built = build(app, function("fn", build_method="python3.12"), uv=FakeUv(known), force=True)
        assert body(built, "common/__init__.py") == b"FROM = 'beta'\n"
        digests.add(tuple(built.dependencies))
    assert len(digests) == 1


def test_dependencies_without_a_runtime_are_not_silently_left_out(app: Path) -> None:
    with pytest.raises(BuildError, match="Fn: the runtime is not known") as caught:
        build(app, function(runtime=None))
    assert caught.value.code == "runtime-unknown"


def test_configuration_in_a_package_gives_a_warning(app: Path) -> None:
    write(app, {"fn/.env": "KEY=1\n"})
    assert ".env goes into the package" in build(app).warnings[0]


def test_a_lock_beside_the_requirements_is_what_is_installed(app: Path) -> None:
    uv = FakeUv()
    builder = CachedBuilder(app.parent / "cache", uv)
    written = builder.lock(app, [function()])
    assert written == (app / "fn/requirements.lock",)
    uv.registry["alpha"]["3.0"] = {"alpha/__init__.py": b"VERSION = '3.0'\n"}
    elsewhere = CachedBuilder(app.parent / "empty", uv).build(app, [function()])["app:fn"]
    assert [name for name, _ in elsewhere.dependencies] == ["alpha==2.0", "beta==1.5"]


def test_a_lock_that_no_longer_fits_its_requirements_is_refused(app: Path) -> None:
    builder = CachedBuilder(app.parent / "cache", FakeUv())
    builder.lock(app, [function()])
    write(app, {"fn/requirements.txt": "alpha==1.0\n"})
    with pytest.raises(BuildError, match=r"Fn: .*requirements\.lock") as caught:
        builder.build(app, [function()])
    assert caught.value.code == "lock-stale"
    builder.lock(app, [function()])
    assert [name for name, _ in builder.build(app, [function()])["app:fn"].dependencies] == ["alpha==1.0"]


def test_requirements_that_are_locked_already_get_no_second_lock(app: Path) -> None:
    write(app, {"fn/requirements.txt": "alpha==1.0 --hash=sha256:00\n"})
    assert CachedBuilder(app.parent / "cache", FakeUv()).lock(app, [function()]) == ()


def test_what_is_wrong_with_the_source_is_said_of_a_package_that_is_known_too(app: Path) -> None:
    build(app)
    (app / "fn/gone").symlink_to("nowhere")
    again = build(app)
    assert not again.built
    assert again.warnings == ("Fn: gone is a symbolic link to nothing and was left out",)


def test_a_warning_names_the_function_that_is_built_now(app: Path) -> None:
    (app / "fn/.env").write_text("A=1\n")
    first = build(app)
    again = build(app, function(logical_ids=("Other",), key="Other"))
    assert not again.built
    assert first.warnings[0].startswith("Fn: ")
    assert again.warnings == tuple(told.replace("Fn", "Other", 1) for told in first.warnings)


def test_a_function_that_no_environment_has_is_not_looked_at(app: Path) -> None:
    built = build(app)
    gone = Finished(
        logical_id="Fn", handler="gone.handler", runtime="python3.12", architecture="x86_64", package=built.path
    )
    builder = CachedBuilder(app.parent / "cache", FakeUv())
    with pytest.raises(BuildError, match=r"no gone\.py"):
        builder.look([gone])
    seen = builder.look([replace(gone, unused=True)])
    assert seen.unseen == ("Not checked: Fn (its Condition holds in no environment)",)


def test_a_file_at_an_address_that_requirements_include_counts(app: Path) -> None:
    class Web(FakeUv):
        pins = "alpha==1.0\n"

        def run(self, argv: Sequence[str], **options: Any) -> Completed:
            if argv[-1].startswith("https://user:hunter2@host/"):
                text = {"r.txt": f"{self.pins}-c sub/c.txt\n", "sub/c.txt": "beta<2\n"}[argv[-1].partition("host/")[2]]
                return Completed(returncode=0, stdout=text, stderr="")
            return super().run(argv, **options)

    web = Web()
    write(app, {"fn/requirements.txt": "-r https://user:hunter2@host/r.txt\n"})
    first = build(app, uv=web)
    assert build(app, uv=web).reason == "unchanged"
    web.pins = "alpha==2.0\n"
    assert build(app, uv=web).artifact != first.artifact


def test_a_pipfile_for_another_python_than_the_runtime_is_told(app: Path) -> None:
    lock = {"_meta": {"requires": {"python_version": "3.11"}}, "default": {"alpha": {"version": "==1.0"}}}
    write(app, {"other/Pipfile.lock": json.dumps(lock)})
    told = "Other: Pipfile.lock is for Python 3.11, and the Runtime is another one"
    assert build(app, function("other", runtime="python3.12")).warnings == (told,)
    assert build(app, function("other", runtime="python3.11")).warnings == ()


@pytest.mark.parametrize("declared", [None, "python3.12"])
def test_a_project_for_another_python_than_the_runtime_is_refused(app: Path, declared: str | None) -> None:
    package = '[[packages]]\nname = "alpha"\nversion = "1.0"\nwheels = [{hashes = {sha256 = "00"}}]\n'
    asset = function("other", runtime="python3.11", declared_runtime=declared)
    write(app, {"other/pylock.toml": f'requires-python = ">=3.12"\n{package}'})
    if declared:
        assert build(app, asset)  # what stands in for the runtime on this machine is not asked
        return
    with pytest.raises(BuildError, match=r"is for Python >=3\.12, and the Runtime is python3\.11"):
        build(app, asset)
