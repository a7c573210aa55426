"""Signs and checks statements with an Ed25519 key: DSSE envelopes. Reads no file and asks nobody.

https://github.com/secure-systems-lab/dsse/blob/master/protocol.md. Ed25519 needs no randomness to sign, so that the
same statement and key give the same envelope. A key that never leaves AWS KMS is not supported yet.
"""

import base64
import hashlib
import json
from binascii import Error as Base64Error
from typing import TYPE_CHECKING

from sealift.delivery.manifest import canonical_json
from sealift.errors import ConfigError, IntegrityError

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

_HINT = (
    "Make one: openssl genpkey -algorithm ed25519 -out signing.pem; openssl pkey -in signing.pem -pubout -out "
    "signing.pub.pem"
)


def signed(payload: bytes, payload_type: str, *, private_pem: bytes) -> bytes:
    """Return the envelope of a payload. Raises ConfigError when the key is none."""
    key = _private(private_pem)
    signature = key.sign(_authenticated(payload, payload_type))
    return canonical_json(
        {
            "payloadType": payload_type,
            "payload": base64.b64encode(payload).decode(),
            "signatures": [{"keyid": _id(key.public_key()), "sig": base64.b64encode(signature).decode()}],
        }
    )


def opened(envelope: bytes, payload_type: str, *, public_pem: bytes) -> bytes:
    """Return the payload of an envelope that this key has signed. Raises IntegrityError, or ConfigError for the key."""
    from cryptography.exceptions import InvalidSignature

    key = _public(public_pem)
    try:
        raw = json.loads(envelope)
        payload = base64.b64decode(raw["payload"], validate=True)
        signatures = [base64.b64decode(one["sig"], validate=True) for one in raw["signatures"]]
        found_type = raw["payloadType"]
    except (ValueError, KeyError, TypeError, Base64Error) as error:
        raise _refused("the envelope can not be read") from error
    if found_type != payload_type:
        raise _refused(f"the envelope holds {str(found_type)[:60]!r}")
    for signature in signatures:
        try:
            key.verify(signature, _authenticated(payload, payload_type))
        except InvalidSignature:
            continue
        return payload
    raise _refused(f"none of its {len(signatures)} signatures is by key {_id(key)[:12]}")


def public_of(private_pem: bytes) -> bytes:
    """Return the public key, as PEM, that belongs to a private one."""
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    return _private(private_pem).public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def key_id(public_pem: bytes) -> str:
    """Return the SHA-256 of a public key's DER bytes: its name."""
    return _id(_public(public_pem))


def _authenticated(payload: bytes, payload_type: str) -> bytes:
    """Return what is signed: the pre-authentication encoding of DSSE."""
    kind = payload_type.encode()
    return b"DSSEv1 %d %s %d %s" % (len(kind), kind, len(payload), payload)


def _private(pem: bytes) -> "Ed25519PrivateKey":
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    try:
        key = load_pem_private_key(pem, password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise _no_key("private", "it can not be read, or has a password") from error
    if not isinstance(key, Ed25519PrivateKey):
        raise _no_key("private", "it is of another algorithm")
    return key


def _public(pem: bytes) -> "Ed25519PublicKey":
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    from cryptography.hazmat.primitives.serialization import load_pem_public_key

    try:
        key = load_pem_public_key(pem)
    except (ValueError, UnsupportedAlgorithm) as error:
        raise _no_key("public", "it can not be read") from error
    if not isinstance(key, Ed25519PublicKey):
        raise _no_key("public", "it is of another algorithm")
    return key


def _id(key: "Ed25519PublicKey") -> str:
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    return hashlib.sha256(key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).hexdigest()


def _no_key(which: str, why: str) -> ConfigError:
    return ConfigError(f"The {which} key is no Ed25519 key in PEM: {why}", code="signing-key", hint=_HINT)


def _refused(why: str) -> IntegrityError:
    return IntegrityError(
        f"The signature does not hold: {why}",
        code="signature",
        hint="Deploy the commit again where the signing key is, or give the public key that belongs to it.",
    )
