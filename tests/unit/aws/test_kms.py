"""Signing with a key in KMS: what is asked, and what its refusals become."""

import hashlib

import pytest

from sealift.aws.kms import AwsSigningKeys
from sealift.errors import CloudError
from tests.unit.aws.stubs import stubbed

MESSAGE = b"m" * 5000
ASKED = {
    "KeyId": "alias/releases",
    "Message": hashlib.sha256(MESSAGE).digest(),
    "MessageType": "DIGEST",
    "SigningAlgorithm": "ECDSA_SHA_256",
}


def test_the_digest_of_the_message_is_signed() -> None:
    with stubbed("kms") as (session, stub):
        stub.add_response("sign", {"Signature": b"der", "SigningAlgorithm": "ECDSA_SHA_256"}, ASKED)
        assert AwsSigningKeys(session).sign("alias/releases", MESSAGE) == b"der"


@pytest.mark.parametrize(
    ("aws_code", "code"),
    [
        ("NotFoundException", "not-found"),
        ("AccessDeniedException", "access-denied"),
        ("DisabledException", "kms-key-unusable"),
        ("KMSInvalidStateException", "kms-key-unusable"),
        ("InvalidKeyUsageException", "kms-key-unusable"),
        ("ThrottlingException", "throttled"),
    ],
)
def test_a_refusal_gets_a_code_of_ours(aws_code: str, code: str) -> None:
    with stubbed("kms") as (session, stub):
        stub.add_client_error("sign", aws_code, "no")
        with pytest.raises(CloudError, match="AWS refused to sign with the key alias/releases") as caught:
            AwsSigningKeys(session).sign("alias/releases", MESSAGE)
    assert caught.value.code == code
