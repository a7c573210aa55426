"""Signing with a key that never leaves AWS KMS: ECC_NIST_P256, by ECDSA_SHA_256.

KMS takes at most 4096 bytes of a message, or its digest, so the digest is sent:
https://docs.aws.amazon.com/kms/latest/APIReference/API_Sign.html
"""

import hashlib

from sealift.aws.failures import calling
from sealift.aws.session import AwsSession


class AwsSigningKeys:
    """Keys of one account and region; an ARN may name a key of another account."""

    def __init__(self, session: AwsSession) -> None:
        self._session = session

    def sign(self, key: str, message: bytes) -> bytes:
        """Return the signature of a message (DER) by a key: id, ARN or `alias/NAME`. Raises CloudError."""
        with calling(f"sign with the key {key}"):
            answer = self._session.kms.sign(
                KeyId=key,
                Message=hashlib.sha256(message).digest(),
                MessageType="DIGEST",
                SigningAlgorithm="ECDSA_SHA_256",
            )
        return answer["Signature"]
