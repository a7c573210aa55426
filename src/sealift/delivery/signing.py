"""Signs and checks statements: DSSE envelopes. Reads no file and asks nobody.

https://github.com/secure-systems-lab/dsse/blob/master/protocol.md. A key is Ed25519, which needs no randomness to sign,
so that the same statement and key give the same envelope; or ECDSA over P-256, which is what AWS KMS signs with.
"""

import base64
import hashlib
import json
from binascii import Error as Base64Error
from typing import TYPE_CHECKING

from sealift.errors import ConfigError, IntegrityError
from sealift.model.stored import canonical_json

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

    PublicKey = Ed25519PublicKey | EllipticCurvePublicKey

_HINT = (
    "Make one: openssl genpkey -algorithm ed25519 -out signing.pem; openssl pkey -in signing.pem -pubout -out "
    "signing.pub.pem"
)


def signed(payload: bytes, payload_type: str, *, private_pem: bytes) -> bytes:
    """Return the envelope of a payload. Raises ConfigError when the key is none."""
    key = _private(private_pem)
    return _envelope(payload, payload_type, key.sign(to_be_signed(payload, payload_type)), _id(key.public_key()))


def enveloped(payload: bytes, payload_type: str, signature: bytes, *, public_pem: bytes) -> bytes:
    """Return the envelope of a payload that was signed elsewhere.

    Raises IntegrityError when it was not signed with the key that belongs to this public one.
    """
    envelope = _envelope(payload, payload_type, signature, key_id(public_pem))
    opened(envelope, payload_type, public_pem=public_pem)
    return envelope


def _envelope(payload: bytes, payload_type: str, signature: bytes, name: str) -> bytes:
    return canonical_json(
        {
            "payloadType": payload_type,
            "payload": base64.b64encode(payload).decode(),
            "signatures": [{"keyid": name, "sig": base64.b64encode(signature).decode()}],
        }
    )


def opened(envelope: bytes, payload_type: str, *, public_pem: bytes) -> bytes:
    """Return the payload of an envelope that this key has signed. Raises IntegrityError, or ConfigError for the key."""
    key = _public(public_pem)
    try:
        raw = json.loads(envelope)
        payload = base64.b64decode(raw["payload"], validate=True)
        signatures = [base64.b64decode(one["sig"], validate=True) for one in raw["signatures"]]
        found_type = raw["payloadType"]
    except (ValueError, KeyError, TypeError, RecursionError, Base64Error) as error:
        raise _refused("the envelope cannot be read") from error
    if found_type != payload_type:
        raise _refused(f"the envelope holds {str(found_type)[:60]!r}")
    message = to_be_signed(payload, payload_type)
    if any(_holds(key, signature, message) for signature in signatures):
        return payload
    raise _refused(f"none of its {len(signatures)} signatures is by key {_id(key)[:12]}")


def _holds(key: "PublicKey", signature: bytes, message: bytes) -> bool:
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ec import ECDSA
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    from cryptography.hazmat.primitives.hashes import SHA256

    try:
        if isinstance(key, Ed25519PublicKey):
            key.verify(signature, message)
        else:
            key.verify(signature, message, ECDSA(SHA256()))
    except InvalidSignature:
        return False
    return True


def public_of(private_pem: bytes) -> bytes:
    """Return the public key, as PEM, that belongs to a private one."""
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    return _private(private_pem).public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def key_id(public_pem: bytes) -> str:
    """Return the SHA-256 of a public key's DER bytes: its name."""
    return _id(_public(public_pem))


def to_be_signed(payload: bytes, payload_type: str) -> bytes:
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
        raise _no_key("private", "it cannot be read, or has a password") from error
    if not isinstance(key, Ed25519PrivateKey):
        raise _no_key("private", "it is of another algorithm")
    return key


def _public(pem: bytes) -> "PublicKey":
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePublicKey
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    from cryptography.hazmat.primitives.serialization import load_pem_public_key

    try:
        key = load_pem_public_key(pem)
    except (ValueError, UnsupportedAlgorithm) as error:
        raise _no_key("public", "it cannot be read") from error
    if isinstance(key, Ed25519PublicKey):
        return key
    if isinstance(key, EllipticCurvePublicKey) and isinstance(key.curve, SECP256R1):
        return key
    raise _no_key("public", "it is of another algorithm")


def _id(key: "PublicKey") -> str:
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    return hashlib.sha256(key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).hexdigest()


def _no_key(which: str, why: str) -> ConfigError:
    kinds = "Ed25519 or P-256" if which == "public" else "Ed25519"
    return ConfigError(f"The {which} key is no {kinds} key in PEM: {why}", code="signing-key", hint=_HINT)


def _refused(why: str) -> IntegrityError:
    return IntegrityError(
        f"The signature does not hold: {why}",
        code="signature",
        hint="Deploy the commit again where the signing key is, or give the public key that belongs to it.",
    )
