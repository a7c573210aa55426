"""An alias follows the layers of its function: other content, another version."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from sealift.model.template import Json, Template
from sealift.template.templates import SamTemplates
from tests.unit.template.apps import at, json_of, load, sha

TOP = "Transform: AWS::Serverless-2016-10-31\n"
FILES = {"one/a.py": "", "two/a.py": "", "layer/x.py": ""}
LAYER = (
    "  L: {Type: AWS::Serverless::LayerVersion, Properties: {ContentUri: layer, CompatibleRuntimes: [python3.12]}}\n"
)


def function(name: str, more: str) -> str:
    given = f"CodeUri: {name.lower()}, Handler: a.h, Runtime: python3.12, {more}"
    return f"  {name}: {{Type: AWS::Serverless::Function, Properties: {{{given}}}}}\n"


def published(template: Template, changed: Mapping[str, str], *, shared: bool = False) -> Json:
    """Return what SAM decides by, for the function One, when these contents are others."""
    templates = SamTemplates()
    layers = templates.shared_layers(template) if shared else ()
    blobs = {asset.key: sha(asset.key + changed.get(asset.key, "")) for asset in (*template.assets, *layers)}
    used = {member: layer.key for layer in layers for member in layer.members}
    properties = at(json_of(templates.seal(template, blobs, used)), "Resources", "One", "Properties")
    return properties.get("AutoPublishCodeSha256") if isinstance(properties, dict) else None


@pytest.mark.parametrize(
    ("top", "more"),
    [
        ("", "AutoPublishAlias: live, Layers: [!Ref L]"),
        ("", "AutoPublishAlias: live, AutoPublishCodeSha256: mine, Layers: [!Ref L]"),
        ("Globals: {Function: {AutoPublishAlias: live, Layers: [!Ref L]}}\n", "Timeout: 3"),
    ],
)
def test_another_layer_or_other_code_is_another_version_and_nothing_else_is(
    tmp_path: Path, top: str, more: str
) -> None:
    template = load(
        tmp_path, f"{TOP}{top}Resources:\n{function('One', more)}{LAYER}{function('Two', 'Timeout: 3')}", FILES
    )
    first = published(template, {})
    assert isinstance(first, str)
    assert published(template, {}) == first
    assert published(template, {"Two.CodeUri": "x"}) == first
    assert published(template, {"L.ContentUri": "x"}) != first
    assert published(template, {"One.CodeUri": "x"}) != first


def test_a_layer_that_functions_share_is_followed(tmp_path: Path) -> None:
    text = function("One", "AutoPublishAlias: live") + function("Two", "AutoPublishAlias: live")
    template = load(tmp_path, f"{TOP}Resources:\n{text}", FILES)
    first = published(template, {}, shared=True)
    assert isinstance(first, str)
    assert published(template, {"SealiftSharedPython312X86": "x"}, shared=True) != first


@pytest.mark.parametrize(
    "more", ["Layers: [!Ref L]", "AutoPublishAlias: live, Layers: ['arn:aws:lambda:x:1:layer:y:1']"]
)
def test_without_an_alias_or_a_layer_of_the_release_nothing_is_added(tmp_path: Path, more: str) -> None:
    template = load(tmp_path, f"{TOP}Resources:\n{function('One', more)}{LAYER}", FILES)
    assert published(template, {}) is None
