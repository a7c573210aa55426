"""Signing with a key of the embedded cloud's KMS, over HTTP."""

import pytest

from sealift.aws.kms import AwsSigningKeys
from sealift.aws.session import Access, AwsSession
from sealift.delivery.signing import enveloped, opened, to_be_signed
from sealift.errors import CloudError, IntegrityError
from sealift.local.endpoint import Endpoint
from tests.local.deploying import client


@pytest.fixture
def keys(endpoint: Endpoint) -> AwsSigningKeys:
    access = Access(
        region=endpoint.region,
        endpoint_url=endpoint.url,
        access_key=endpoint.access_key,
        secret_key=endpoint.secret_key,
    )
    return AwsSigningKeys(AwsSession(access))


def pem(endpoint: Endpoint, key: str) -> bytes:
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_der_public_key

    der = client(endpoint, "kms").get_public_key(KeyId=key)["PublicKey"]
    return load_der_public_key(der).public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def made(endpoint: Endpoint, **spec: str) -> str:
    key: str = client(endpoint, "kms").create_key(KeyUsage="SIGN_VERIFY", **spec)["KeyMetadata"]["KeyId"]
    return key


def test_what_a_key_in_kms_signs_holds_by_its_public_key(endpoint: Endpoint, keys: AwsSigningKeys) -> None:
    key = made(endpoint, KeySpec="ECC_NIST_P256")
    client(endpoint, "kms").create_alias(AliasName="alias/releases", TargetKeyId=key)
    statement = b"s" * 10_000
    signature = keys.sign("alias/releases", to_be_signed(statement, "text/plain"))
    envelope = enveloped(statement, "text/plain", signature, public_pem=pem(endpoint, key))
    assert opened(envelope, "text/plain", public_pem=pem(endpoint, key)) == statement
    other = pem(endpoint, made(endpoint, KeySpec="ECC_NIST_P256"))
    with pytest.raises(IntegrityError):
        opened(envelope, "text/plain", public_pem=other)


def test_a_key_that_is_not_there_is_not_found(keys: AwsSigningKeys) -> None:
    with pytest.raises(CloudError) as caught:
        keys.sign("alias/nowhere", b"x")
    assert caught.value.code == "not-found"
