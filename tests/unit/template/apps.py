"""Writes small applications to a folder, loads and seals them."""

import hashlib
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from textwrap import dedent

import pytest

from sealift.errors import TemplateError
from sealift.model.template import Asset, Json, Rendered, Template
from sealift.template.templates import SamTemplates

Load = Callable[..., Template]


def write(root: Path, files: Mapping[str, str]) -> None:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(dedent(text), encoding="utf-8")


def load(root: Path, template: str, files: Mapping[str, str] | None = None, *, file: str = "template.yaml") -> Template:
    """Write a template and its files, and load it."""
    write(root, {file: template, **(files or {})})
    return SamTemplates().load(root, file)


def refusal(
    root: Path, template: str, files: Mapping[str, str] | None = None, *, file: str = "template.yaml"
) -> TemplateError:
    """Return the error that loading a template ends in."""
    with pytest.raises(TemplateError) as caught:
        load(root, template, files, file=file)
    return caught.value


def only(template: Template) -> Asset:
    """Return the one asset of a template."""
    (asset,) = template.assets
    return asset


def sha(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def seal(template: Template, *, templates: SamTemplates | None = None) -> dict[str, Json]:
    """Seal a template with a blob per asset that is the hash of the asset's key."""
    return json_of(seal_bytes(template, templates=templates))


def seal_bytes(template: Template, *, templates: SamTemplates | None = None) -> bytes:
    return (templates or SamTemplates()).seal(template, {asset.key: sha(asset.key) for asset in template.assets})


def json_of(data: bytes) -> dict[str, Json]:
    value = json.loads(data)
    assert isinstance(value, dict)
    return value


def at(value: Json, *keys: str | int) -> Json:
    """Return what stands at a path."""
    for key in keys:
        if isinstance(key, int):
            assert isinstance(value, list), f"no list at {key}"
            value = value[key]
        else:
            assert isinstance(value, dict), f"no mapping at {key}"
            value = value[key]
    return value


def render(template: Template, parameters: Mapping[str, str] | None = None, *, region: str = "eu-west-1") -> Rendered:
    """Seal and render a template."""
    templates = SamTemplates()
    return templates.render(
        seal_bytes(template, templates=templates),
        parameters={"SealiftArtifactBucket": "artifacts", **(parameters or {})},
        account="123456789012",
        region=region,
        stack_name="shop-staging",
    )
