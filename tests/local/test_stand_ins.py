"""Settings that an application finds on the embedded cloud although nobody deployed them."""

import json

import pytest

from sealift.aws.session import Access
from sealift.aws.stand_ins import write_stand_ins
from sealift.errors import CloudError
from sealift.local.endpoint import Endpoint
from tests.local.deploying import client


def _access(endpoint: Endpoint) -> Access:
    return Access(
        region=endpoint.region,
        endpoint_url=endpoint.url,
        access_key=endpoint.access_key,
        secret_key=endpoint.secret_key,
    )


def test_a_parameter_has_the_value_and_kind_it_is_given(endpoint: Endpoint) -> None:
    write_stand_ins(_access(endpoint), {"ssm:/stand-in/url": "http://here", "ssm-secure:/stand-in/key:2": "k"})
    found = client(endpoint, "ssm").get_parameters(Names=["/stand-in/url", "/stand-in/key"], WithDecryption=True)
    assert {p["Name"]: (p["Type"], p["Value"]) for p in found["Parameters"]} == {
        "/stand-in/url": ("String", "http://here"),
        "/stand-in/key": ("SecureString", "k"),
    }


def test_only_what_differs_is_written_again(endpoint: Endpoint) -> None:
    ssm = client(endpoint, "ssm")

    def version(value: str) -> tuple[str, int]:
        write_stand_ins(_access(endpoint), {"ssm:/stand-in/again": value})
        parameter = ssm.get_parameter(Name="/stand-in/again")["Parameter"]
        return parameter["Value"], parameter["Version"]

    assert [version("one"), version("one"), version("two")] == [("one", 1), ("one", 1), ("two", 2)]


def test_a_secret_is_text_or_one_object_of_its_keys(endpoint: Endpoint) -> None:
    values = {
        "secretsmanager:stand-in/text": "old",
        "secretsmanager:stand-in/db:SecretString:user": "shop",
        "secretsmanager:stand-in/db:SecretString:password": "p",
    }
    write_stand_ins(_access(endpoint), values)
    write_stand_ins(_access(endpoint), values | {"secretsmanager:stand-in/text": "new"})
    secrets = client(endpoint, "secretsmanager")
    assert secrets.get_secret_value(SecretId="stand-in/text")["SecretString"] == "new"
    held = json.loads(secrets.get_secret_value(SecretId="stand-in/db")["SecretString"])
    assert held == {"user": "shop", "password": "p"}


def test_nothing_is_ever_written_to_aws() -> None:
    with pytest.raises(CloudError) as refused:
        write_stand_ins(Access(region="eu-west-1"), {"ssm:/shop/url": "x"})
    assert refused.value.code == "not-local"
