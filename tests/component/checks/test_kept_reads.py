"""What code reads is kept by the texts: whatever changes, what is kept is what would be worked out anew."""

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sealift.checks.cache import TextCache
from sealift.checks.reads import code_reads
from sealift.model.app import App, StackSpec
from sealift.model.reads import FunctionReads
from sealift.model.template import Template
from sealift.template.templates import SamTemplates

_PYTHON = (
    "",
    "import os, shop\ndef handler(e, c): return os.environ['A'] + shop.tax()\n",
    "import os\nfrom shop import tax, rate\nfrom . import near\ndef handler(e, c): return tax(os.environ['B'])\n",
    "import os\nfrom shop.tax import *\nimport dotenv\nload_dotenv()\ndef other(e, c): return os.environ['C']\n",
    "import os\nX = os.environ['D']\ndef tax(name='E'): return os.environ[name]\ndef odd(): return os.environ['F']\n",
    "import os, boto3\ndef tax(): return boto3.client('ssm').get_parameter(Name='/shop/tax')\n",
    "def broken(:\n",
)
_NODE = (
    "",
    "const { tax } = require('./shop'); exports.handler = () => tax('A') + process.env.B;\n",
    "import { tax } from './shop/index.js'; import './near';\nexport const handler = () => tax(process.env.C);\n",
    "exports.tax = (name) => process.env[name]; require('dotenv').config();\n",
    "export function tax() { return process.env.D ?? ''; }\n",
)
_RECORDS = ("shop/__init__.py,,\n", "near.py,,\n", "")
_FOLDERS = ("src", "layer/python", "layer")
_PLACES: Mapping[str, tuple[str, ...]] = {
    **{f"{folder}/{name}": _PYTHON for folder in _FOLDERS for name in ("shop.py", "shop/__init__.py", "shop/tax.py")},
    **{f"src/{name}": _PYTHON for name in ("app.py", "app/__init__.py", "near.py")},
    **{f"{folder}/shop-1.dist-info/RECORD": _RECORDS for folder in _FOLDERS},
    **{f"src/{name}": _NODE for name in ("app.js", "app.ts", "shop.js", "shop/index.js", "shop.mjs", "near.js")},
}
_LINKS = ("src/shop.py", "src/near.py", "src/shop", "src/near.js", "layer/python/shop")
_TARGETS = ("app.py", "../layer/shop.py", "../src/app.js", "../layer/python", "nowhere")


@dataclass(frozen=True)
class _State:
    files: Mapping[str, str]
    links: Mapping[str, str]
    handler: str
    runtime: str
    layers: bool


@st.composite
def _states(draw: st.DrawFn) -> list[_State]:
    """Draw a tree, and a few others that differ from the one before in a single thing."""
    first = draw(st.sets(st.sampled_from(sorted(_PLACES)), min_size=3, max_size=9)) | {"src/app.py", "src/app.js"}
    files = {name: draw(st.sampled_from(_PLACES[name])) for name in sorted(first)}
    links: dict[str, str] = {}
    said = {"handler": "app.handler", "runtime": draw(st.sampled_from(("python3.13", "nodejs22.x")))}
    layers, found = True, []
    for _ in range(draw(st.integers(2, 5))):
        match draw(st.sampled_from(("write", "write", "remove", "link", "handler", "runtime", "layers", "nothing"))):
            case "write":
                name = draw(st.sampled_from(sorted(_PLACES)))
                files = {**files, name: draw(st.sampled_from(_PLACES[name]))}
            case "remove":
                name = draw(st.sampled_from(sorted(files) or ["src/app.py"]))
                files = {other: text for other, text in files.items() if other != name}
            case "link":
                links = {**links, draw(st.sampled_from(_LINKS)): draw(st.sampled_from(_TARGETS))}
            case "handler":
                said["handler"] = draw(st.sampled_from(("app.handler", "app.other", "shop.tax", "near.handler")))
            case "runtime":
                said["runtime"] = draw(st.sampled_from(("python3.13", "nodejs22.x", "java21")))
            case "layers":
                layers = not layers
        found.append(_State(files, links, said["handler"], said["runtime"], layers))
    return found


@cache
def _template(root: Path, handler: str, runtime: str, layers: bool) -> Template:
    layer = "  Layer: {Type: AWS::Serverless::LayerVersion, Properties: {ContentUri: layer}}\n" * layers
    (root / "template.yaml").write_text(
        "Transform: AWS::Serverless-2016-10-31\nResources:\n  Place:\n    Type: AWS::Serverless::Function\n"
        f"    Properties: {{CodeUri: src, Handler: {handler}, Runtime: {runtime}}}\n{layer}"
    )
    return SamTemplates().load(root, "template.yaml")


def _laid(root: Path, state: _State) -> None:
    for folder in ("src", "layer"):
        shutil.rmtree(root / folder, ignore_errors=True)
        (root / folder).mkdir()
    for name, text in state.files.items():
        path = root / name
        if not any((root / up).is_file() for up in Path(name).parents):
            path.parent.mkdir(parents=True, exist_ok=True)
            if not path.is_dir():
                path.write_text(text)
    for name, target in state.links.items():
        path = root / name
        if path.parent.is_dir() and not path.exists():
            path.unlink(missing_ok=True)
            path.symlink_to(target)


def _reads(root: Path, state: _State, memory: TextCache | None) -> list[FunctionReads]:
    app = App(name="shop", root=root, config_path=None, stacks=(StackSpec(name="app", template="t"),), environments=())
    template = _template(root, state.handler, state.runtime, state.layers)
    return [found for _, found in code_reads(app, template, memory)]


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder whose cache stays from one tree to the next, so that any two may be taken for each other."""
    return tmp_path_factory.mktemp("shop")


@settings(max_examples=40)
@given(_states())
def test_what_is_kept_is_what_would_be_worked_out_anew(root: Path, states: list[_State]) -> None:
    for state in states:
        _laid(root, state)
        assert _reads(root, state, TextCache(root / "cache")) == _reads(root, state, None)


def test_what_did_not_change_is_not_worked_out_again(tmp_path: Path) -> None:
    files = {"src/app.py": _PYTHON[1], "src/shop.py": _PYTHON[4]}
    state = _State(files, {}, "app.handler", "python3.13", layers=False)
    memory = TextCache(tmp_path / "cache")
    _laid(tmp_path, state)
    first = _reads(tmp_path, state, memory)
    kept = {path.name: path.stat().st_ino for path in (tmp_path / "cache").iterdir()}
    assert len(kept) == 3, "the imports of two modules, and what the program reads"
    assert _reads(tmp_path, state, memory) == first
    assert {path.name: path.stat().st_ino for path in (tmp_path / "cache").iterdir()} == kept
    assert {read.name for one in first for read in one.reads} == {"A", "D", "E", "F"}
