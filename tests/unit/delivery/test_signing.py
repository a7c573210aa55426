"""Envelopes: what was signed is what comes out, and nothing else does."""

import json

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, SECP256R1, SECP384R1, generate_private_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from hypothesis import given
from hypothesis import strategies as st

from sealift.delivery.signing import enveloped, key_id, opened, public_of, signed, to_be_signed
from sealift.errors import ConfigError, IntegrityError

TYPE = "application/vnd.in-toto+json"


def private(seed: int) -> bytes:
    key = Ed25519PrivateKey.from_private_bytes(bytes([seed]) * 32)
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


OURS, THEIRS = private(1), private(2)


@given(st.binary(max_size=200))
def test_what_was_signed_comes_out(payload: bytes):
    envelope = signed(payload, TYPE, private_pem=OURS)
    assert opened(envelope, TYPE, public_pem=public_of(OURS)) == payload


def test_signing_twice_gives_the_same_bytes():
    assert signed(b"x", TYPE, private_pem=OURS) == signed(b"x", TYPE, private_pem=OURS)


def test_the_signature_is_over_the_encoding_that_dsse_prescribes():
    envelope = json.loads(signed(b"hello world", "http://example.com/HelloWorld", private_pem=OURS))
    import base64

    key = Ed25519PrivateKey.from_private_bytes(bytes([1]) * 32).public_key()
    key.verify(
        base64.b64decode(envelope["signatures"][0]["sig"]), b"DSSEv1 29 http://example.com/HelloWorld 11 hello world"
    )
    assert envelope["signatures"][0]["keyid"] == key_id(public_of(OURS))


def test_a_signature_by_another_key_is_refused():
    with pytest.raises(IntegrityError, match="none of its 1 signatures"):
        opened(signed(b"x", TYPE, private_pem=THEIRS), TYPE, public_pem=public_of(OURS))


@given(st.data())
def test_an_envelope_with_one_changed_byte_never_gives_another_payload(data: st.DataObject):
    envelope = bytearray(signed(b'{"subject": 1}', TYPE, private_pem=OURS))
    at = data.draw(st.integers(0, len(envelope) - 1))
    envelope[at] ^= data.draw(st.integers(1, 255))
    try:
        payload = opened(bytes(envelope), TYPE, public_pem=public_of(OURS))
    except IntegrityError:
        return
    assert payload == b'{"subject": 1}'


@pytest.mark.parametrize("envelope", [b"", b"[]", b"{}", b'{"payload": 1}', b'{"payload":"!","signatures":[]}'])
def test_what_is_no_envelope_is_refused(envelope: bytes):
    with pytest.raises(IntegrityError):
        opened(envelope, TYPE, public_pem=public_of(OURS))


def test_an_envelope_of_another_type_is_refused():
    with pytest.raises(IntegrityError, match="text/plain"):
        opened(signed(b"x", "text/plain", private_pem=OURS), TYPE, public_pem=public_of(OURS))


def test_what_is_no_ed25519_key_says_how_to_make_one():
    other = generate_private_key(SECP384R1())
    pem = other.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    public = other.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    for bad in (pem, b"nothing"):
        with pytest.raises(ConfigError) as refused:
            signed(b"x", TYPE, private_pem=bad)
        assert "openssl genpkey -algorithm ed25519" in refused.value.hint
    for bad in (public, b"nothing"):
        with pytest.raises(ConfigError):
            opened(b"{}", TYPE, public_pem=bad)


def test_what_was_signed_elsewhere_is_put_into_an_envelope_when_it_holds():
    key = generate_private_key(SECP256R1())
    public = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    signature = key.sign(to_be_signed(b"x", TYPE), ECDSA(SHA256()))
    envelope = enveloped(b"x", TYPE, signature, public_pem=public)
    assert opened(envelope, TYPE, public_pem=public) == b"x"
    assert json.loads(envelope)["signatures"][0]["keyid"] == key_id(public)
    for payload, by in ((b"y", public), (b"x", public_of(OURS))):
        with pytest.raises(IntegrityError):
            enveloped(payload, TYPE, signature, public_pem=by)


def test_one_good_signature_among_others_is_enough():
    one, other = (json.loads(signed(b"x", TYPE, private_pem=key)) for key in (THEIRS, OURS))
    both = json.dumps({**one, "signatures": [*one["signatures"], *other["signatures"]]}).encode()
    assert opened(both, TYPE, public_pem=public_of(OURS)) == b"x"
    with pytest.raises(IntegrityError, match=f"none of its 1 signatures is by key {key_id(public_of(OURS))[:12]}$"):
        opened(json.dumps(one).encode(), TYPE, public_pem=public_of(OURS))


def test_what_is_no_base64_is_not_read_as_if_it_were():
    envelope = json.loads(signed(b"x", TYPE, private_pem=OURS))
    payload, signatures = envelope["payload"], envelope["signatures"]
    for changed in ({"payload": "!" + payload}, {"signatures": [{**signatures[0], "sig": "!" + signatures[0]["sig"]}]}):
        with pytest.raises(IntegrityError, match="cannot be read"):
            opened(json.dumps({**envelope, **changed}).encode(), TYPE, public_pem=public_of(OURS))


def test_another_type_is_named_by_its_beginning():
    with pytest.raises(IntegrityError, match=f"holds '{'t' * 60}'"):
        opened(signed(b"x", "t" * 80, private_pem=OURS), TYPE, public_pem=public_of(OURS))


def test_the_message_about_a_key_says_which_kinds_it_may_be_of():
    foreign = X25519PrivateKey.from_private_bytes(b"1" * 32)
    public = foreign.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    private_pem = foreign.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    with pytest.raises(
        ConfigError, match="The public key is no Ed25519 or P-256 key in PEM: it is of another algorithm"
    ):
        key_id(public)
    with pytest.raises(ConfigError, match="The private key is no Ed25519 key in PEM: it is of another algorithm"):
        public_of(private_pem)
