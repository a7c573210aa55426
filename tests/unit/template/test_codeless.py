import json
from pathlib import Path

import pytest

from sealift.model.template import Rendered
from sealift.template.codeless import Neutral, neutral, put_back
from sealift.template.templates import SamTemplates

TARGET = {"parameters": {"SealiftArtifactBucket": "b"}, "account": "111122223333", "region": "eu-west-1"}


def sealed(*hashes: str, extra: str = "", definition: str = "") -> bytes:
    functions = {
        f"F{i}": {
            "Type": "AWS::Serverless::Function",
            "Properties": {
                "CodeUri": {"Bucket": {"Ref": "SealiftArtifactBucket"}, "Key": f"blobs/{h}"},
                "Handler": "a.b",
                "Runtime": "python3.12",
                "Events": {"Get": {"Type": "Api", "Properties": {"Path": f"/{i}", "Method": "get"}}},
                **({"AutoPublishAlias": extra} if extra else {}),
            },
        }
        for i, h in enumerate(hashes)
    }
    bucket = {"Ref": "SealiftArtifactBucket"}
    api = {"StageName": "live", "DefinitionUri": {"Bucket": bucket, "Key": definition}}
    apis = {"Api": {"Type": "AWS::Serverless::Api", "Properties": api}} if definition else {}
    body = {
        "Transform": "AWS::Serverless-2016-10-31",
        "Parameters": {"SealiftArtifactBucket": {"Type": "String"}},
        "Resources": {**functions, **apis},
    }
    return json.dumps(body).encode()


def render(body: bytes, cache: Path | None = None) -> Rendered:
    return SamTemplates(cache=cache).render(body, **TARGET, stack_name="s")


def key(rendered: Rendered, name: str) -> object:
    return rendered.body["Resources"][name]["Properties"]["Code"]["S3Key"]


def test_each_function_keeps_its_own_code(tmp_path):
    rendered = render(sealed("a" * 64, "b" * 64, "a" * 64), tmp_path)
    assert [key(rendered, f"F{i}") for i in range(3)] == [f"blobs/{c * 64}" for c in "aba"]


def test_changed_code_is_rendered_from_the_same_entry_with_the_new_hash(tmp_path):
    render(sealed("a" * 64, "b" * 64), tmp_path)
    entries = set(tmp_path.rglob("*.json"))
    again = render(sealed("a" * 64, "c" * 64), tmp_path)
    assert set(tmp_path.rglob("*.json")) == entries
    assert key(again, "F1") == f"blobs/{'c' * 64}"


def test_another_environment_is_rendered_from_the_same_entry_with_its_own_bucket(tmp_path):
    body = sealed("a" * 64, definition=f"blobs/{'d' * 64}")
    render(body, tmp_path)
    entries = set(tmp_path.rglob("*.json"))
    there = {"parameters": {"SealiftArtifactBucket": "theirs"}, "account": "444455556666", "region": "eu-west-1"}
    other = SamTemplates(cache=tmp_path).render(body, **there, stack_name="t")
    assert set(tmp_path.rglob("*.json")) == entries
    assert other == SamTemplates().render(body, **there, stack_name="t")


def test_the_bucket_is_put_back_within_longer_texts():
    taken = neutral(sealed("a" * 64), TARGET["parameters"])
    url = f"s3://{taken.parameters['SealiftArtifactBucket']}/x"
    assert put_back(Rendered(body={"Urls": [url]}, origins={}), taken).body == {"Urls": ["s3://b/x"]}


def test_another_region_is_another_entry(tmp_path):
    body = sealed("a" * 64)
    for region in ("eu-west-1", "cn-north-1"):
        SamTemplates(cache=tmp_path).render(body, **{**TARGET, "region": region}, stack_name="s")
    assert len(set(tmp_path.rglob("*.json"))) == 2


def test_the_result_is_what_rendering_with_the_real_hashes_gives(monkeypatch, tmp_path):
    cached = render(sealed("a" * 64, "b" * 64), tmp_path)
    import sealift.template.rendering as rendering

    monkeypatch.setattr(rendering, "neutral", lambda body, parameters: Neutral(body=body, parameters=parameters))
    assert render(sealed("a" * 64, "b" * 64)) == cached


@pytest.mark.parametrize("alias", ["live", "blue"])
def test_a_version_that_is_named_by_its_code_is_left_alone(alias):
    body = sealed("a" * 64, extra=alias)
    assert neutral(body, TARGET["parameters"]) == Neutral(body=body, parameters=TARGET["parameters"])
