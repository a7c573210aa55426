"""A look at a finished function finds what fails at every call, and names what may fail."""

import struct
import zipfile
from contextlib import nullcontext
from pathlib import Path

import pytest

from sealift.build.inspection.looking import look
from sealift.build.inspection.native import refuse_for_several
from sealift.errors import BuildError
from sealift.model.release import Finished

APP = "def handler(event, context): ...\n"


def zipped(path: Path, files: dict[str, str | bytes]) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return path


def told(
    tmp_path: Path,
    files: dict[str, str | bytes],
    *,
    runtime: str = "python3.12",
    handler: str = "app.handler",
    layer: dict[str, str | bytes] | None = None,
    foreign: bool = False,
    architecture: str = "x86_64",
) -> tuple[str, ...]:
    layers = (zipped(tmp_path / "layer", layer),) if layer else ()
    own = tuple(n for n in files if not n.startswith(("dep/", "node_modules/")))
    return look(
        Finished(
            logical_id="Fn",
            handler=handler,
            runtime=runtime,
            architecture=architecture,
            package=zipped(tmp_path / "package", files),
            layers=layers,
            foreign=foreign,
            own=own,
        )
    )


@pytest.mark.parametrize(
    ("files", "runtime", "handler"),
    [
        ({"other.py": APP}, "python3.12", "app.handler"),
        ({"app.py": "def other(): ...\n"}, "python3.12", "app.handler"),
        ({"app.py": APP}, "python3.12", "src/app.handler"),
        ({"app.ts": ""}, "nodejs22.x", "app.handler"),
        ({"app.js": "exports.other = () => 1 // handler"}, "nodejs22.x", "app.handler"),
        ({"app.mjs": "export const other = 1"}, "nodejs22.x", "app.handler"),
        ({"main": ""}, "provided.al2023", "main"),
    ],
)
def test_a_handler_that_is_not_there_stops(
    tmp_path: Path, files: dict[str, str | bytes], runtime: str, handler: str
) -> None:
    with pytest.raises(BuildError, match="Fn would fail at every call") as caught:
        told(tmp_path, files, runtime=runtime, handler=handler)
    assert caught.value.code == "handler-missing"
    if "bootstrap" not in caught.value.message:
        assert (
            "a layer or a file system that is not built here"
            in told(tmp_path, files, runtime=runtime, handler=handler, foreign=True)[0]
        )


@pytest.mark.parametrize(
    ("files", "runtime", "handler"),
    [
        ({"app.py": APP}, "python3.12", "app.handler"),
        ({"src/app.py": APP}, "python3.12", "src/app.handler"),
        ({"src/app.py": APP}, "python3.12", "src.app.handler"),
        ({"app/__init__.py": APP}, "python3.12", "app.handler"),
        ({"app.py": "from lib import *\n", "lib.py": APP}, "python3.12", "app.handler"),
        ({"app.js": "module.exports = require('./x')", "x.js": ""}, "nodejs22.x", "app.handler"),
        ({"app.js": "module.exports.handler = 1"}, "nodejs22.x", "app.handler"),
        ({"app.mjs": "export * from './x.mjs'", "x.mjs": ""}, "nodejs22.x", "app.handler"),
        ({"a/b.cjs": "exports.handler = 1"}, "nodejs22.x", "a/b.handler"),
    ],
)
def test_a_handler_that_is_there_or_cannot_be_judged_passes(
    tmp_path: Path, files: dict[str, str | bytes], runtime: str, handler: str
) -> None:
    assert told(tmp_path, files, runtime=runtime, handler=handler) == ()


@pytest.mark.parametrize("layer", [{"python/dep.py": ""}, {"nodejs/app.py": APP}, {"app.py": APP}])
def test_a_layer_of_the_release_does_not_turn_the_look_at_the_handler_off(
    tmp_path: Path, layer: dict[str, str | bytes]
) -> None:
    with pytest.raises(BuildError, match="Fn would fail at every call"):
        told(tmp_path, {"x.py": ""}, layer=layer)


def test_a_handler_in_a_layer_passes(tmp_path: Path) -> None:
    assert told(tmp_path, {"x.py": ""}, layer={"python/app.py": APP}) == ()


@pytest.mark.parametrize(
    ("line", "missing"),
    [
        ("import requests", "requests"),
        ("from requests.auth import X", "requests.auth"),
        ("def f():\n    import requests", "requests"),
        ("try:\n    import requests\nexcept ImportError:\n    requests = None", None),
        ("try:\n    import requests\nexcept ValueError:\n    pass", "requests"),
        ("from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import requests", None),
        ("import boto3, botocore.exceptions, urllib3, json, os.path, tomllib", None),
        ("import dep, dep.inner", None),
        ("import lib", None),
        ("import lib.gone", "lib.gone"),
        ("from . import x", None),
        ("from lib import anything", None),
        ("import distutils", "distutils"),
        ("import sys\nsys.path.append('x')\nimport requests", None),
    ],
)
def test_imports_that_lead_nowhere_are_named_with_file_and_line(tmp_path: Path, line: str, missing: str | None) -> None:
    files: dict[str, str | bytes] = {"app.py": f"{line}\n{APP}", "lib/__init__.py": "", "dep/inner.py": ""}
    found = told(tmp_path, files)
    assert len(found) == (missing is not None)
    if missing:
        at = (
            line.split("\n").index(
                next(row for row in line.split("\n") if "import " + missing in row or missing in row)
            )
            + 1
        )
        assert found == (f"Fn: app.py:{at} imports {missing}, which is not in the package, a layer or the runtime",)
    assert told(tmp_path, files, layer={"python/requests/__init__.py": "", "python/requests/auth.py": ""}) == (
        () if missing is None or missing.startswith("requests") else found
    )


def test_only_what_the_handler_reaches_is_judged(tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {
        "app.py": f"import a\n{APP}",
        "a.py": "import gone\n",
        "test_app.py": "import pytest\n",
    }
    assert told(tmp_path, files) == ("Fn: a.py:1 imports gone, which is not in the package, a layer or the runtime",)


@pytest.mark.parametrize(
    ("line", "missing"),
    [
        ("const x = require('gone')", "gone"),
        ("import x from '@own/gone/deep'", "@own/gone/deep"),
        ("const y = require('./gone')", "./gone"),
        ("require('fs'); require('node:fs'); require('@aws-sdk/client-s3'); require('dep/x'); require('./lib')", None),
        ("// require('gone')", None),
        ("try { require('gone') } catch {}", None),
    ],
)
def test_imports_of_javascript_that_lead_nowhere_are_named(tmp_path: Path, line: str, missing: str | None) -> None:
    files: dict[str, str | bytes] = {
        "app.js": f"{line}\nexports.handler = 1",
        "lib/index.js": "",
        "node_modules/dep/x.js": "",
    }
    found = told(tmp_path, files, runtime="nodejs22.x")
    expected = f"Fn: app.js:1 imports {missing}, which is not in the package, a layer or the runtime"
    assert found == ((expected,) if missing else ())


def elf(machine: int) -> bytes:
    return b"\x7fELF" + bytes(14) + struct.pack("<H", machine) + bytes(44)


def test_compiled_modules_have_to_fit_processor_and_python(tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {
        "app.py": APP,
        "dep/a.cpython-312-x86_64-linux-gnu.so": elf(62),
        "dep/b.abi3.so": elf(62),
    }
    assert told(tmp_path, files) == ()
    assert (
        "do not fit arm64: dep/a.cpython-312-x86_64-linux-gnu.so (for x86_64)"
        in told(tmp_path, files, architecture="arm64")[0]
    )
    assert "do not fit python3.13: dep/a.cpython-312" in told(tmp_path, files, runtime="python3.13")[0]


def test_modules_for_several_pythons_fit_when_one_of_them_does(tmp_path: Path) -> None:
    names = ("dep/a.cpython-312-x86_64-linux-gnu.so", "dep/a.cpython-313-x86_64-linux-gnu.so")
    assert told(tmp_path, {"app.py": APP, **dict.fromkeys(names, elf(62))}) == ()
    other = "python/lib/python3.9/site-packages/a.cpython-39-x86_64-linux-gnu.so"
    assert told(tmp_path, {"app.py": APP}, layer={other: elf(62)}) == ()


def test_compiled_modules_of_a_layer_have_to_fit(tmp_path: Path) -> None:
    layer: dict[str, str | bytes] = {"python/dep/a.cpython-313-x86_64-linux-gnu.so": elf(62)}
    assert "do not fit python3.12: python/dep/a" in told(tmp_path, {"app.py": APP}, layer=layer)[0]
    assert "do not fit arm64" in told(tmp_path, {"app.py": APP}, layer=layer, architecture="arm64")[0]


@pytest.mark.parametrize(
    ("program", "why"),
    [
        (b"#!/bin/sh\n", ""),
        (elf(62), ""),
        (elf(183), "built for arm64"),
        (b"#!/bin/sh\r\n", "lines end as on Windows"),
        (b"\xcf\xfa\xed\xfe", "for macOS"),
        (b"MZ", "for Windows"),
        ("not executable", "not executable"),
    ],
)
def test_a_bootstrap_that_lambda_cannot_start_stops(tmp_path: Path, program: bytes | str, why: str) -> None:
    info = zipfile.ZipInfo("bootstrap")
    info.external_attr = (0o100644 if isinstance(program, str) else 0o100755) << 16
    with zipfile.ZipFile(tmp_path / "package", "w") as archive:
        archive.writestr(info, program)
    function = Finished(
        logical_id="Fn", handler="x", runtime="provided.al2023", architecture="x86_64", package=tmp_path / "package"
    )
    with pytest.raises(BuildError, match=why) if why else nullcontext():
        assert look(function) == ()


@pytest.mark.parametrize("wrapper", ["/opt/wrap", "/var/task/wrap", "/opt/gone"])
def test_a_wrapper_that_lambda_cannot_start_stops(tmp_path: Path, wrapper: str) -> None:
    package, layer = zipped(tmp_path / "package", {"app.py": APP, "wrap": ""}), zipped(tmp_path / "layer", {"wrap": ""})
    function = Finished(
        logical_id="Fn",
        handler="app.handler",
        runtime="python3.12",
        architecture="x86_64",
        package=package,
        layers=(layer,),
        variables={"AWS_LAMBDA_EXEC_WRAPPER": wrapper},
    )
    with pytest.raises(BuildError, match="neither the package nor" if "gone" in wrapper else "is not executable"):
        look(function)


def test_an_extension_that_is_not_executable_is_named(tmp_path: Path) -> None:
    layer: dict[str, str | bytes] = {"extensions/agent": "", "extensions/lib/data.json": ""}
    assert told(tmp_path, {"app.py": APP}, layer=layer) == (
        "Fn: the extension agent of a layer is not executable, so Lambda cannot start it",
    )


@pytest.mark.parametrize(("files", "refused"), [({"a.so": b"\x7fELF" + bytes(20)}, True), ({"a.py": b""}, False)])
def test_a_layer_for_both_processors_holds_nothing_compiled(
    tmp_path: Path, files: dict[str, str | bytes], refused: bool
) -> None:
    layer = zipped(tmp_path / "layer", files)
    with pytest.raises(BuildError, match=r"for arm64 and x86_64, but a\.so") if refused else nullcontext():
        refuse_for_several("Lay", layer, ("arm64", "x86_64"))
