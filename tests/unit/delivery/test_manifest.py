import hashlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sealift.delivery.manifest import parse_manifest, seal, template_digest
from sealift.errors import IntegrityError
from sealift.model.release import Artifact, SealedStack
from sealift.model.template import Location, ParameterSpec

HASH = st.binary(min_size=1, max_size=4).map(lambda b: hashlib.sha256(b).hexdigest())
NAME = st.from_regex(r"[A-Za-z][A-Za-z0-9]{0,8}", fullmatch=True)
PARAMETER = st.builds(
    ParameterSpec,
    name=NAME,
    type=st.sampled_from(["String", "Number", "AWS::SSM::Parameter::Value<String>"]),
    default=st.none() | st.text(max_size=5),
    allowed_values=st.lists(st.text(max_size=3), max_size=2).map(tuple),
    min_length=st.none() | st.integers(0, 9),
    no_echo=st.booleans(),
    location=st.none() | st.builds(Location, file=NAME, line=st.integers(0, 9), logical_id=st.none() | NAME),
)
STACK = st.builds(
    SealedStack,
    name=NAME,
    template_sha256=HASH,
    needs=st.lists(NAME, max_size=2).map(tuple),
    parameters=st.lists(PARAMETER, max_size=2).map(tuple),
    settings=st.lists(NAME, max_size=2).map(tuple),
    functions=st.lists(st.tuples(NAME, HASH), max_size=3).map(tuple),
)
ARTIFACT = st.builds(
    Artifact,
    sha256=HASH,
    size_bytes=st.integers(0, 10**9),
    kind=st.sampled_from(["function", "layer", "file"]),
    logical_ids=st.lists(NAME, min_size=1, max_size=3).map(tuple),
    runtime=st.none() | st.just("python3.12"),
    architecture=st.none() | st.just("arm64"),
)


@given(st.lists(STACK, min_size=1, max_size=3), st.lists(ARTIFACT, max_size=4))
def test_a_release_survives_the_way_through_its_manifest(stacks, artifacts):
    release = seal(app="orders", stacks=stacks, artifacts=artifacts)
    assert parse_manifest(release.manifest, digest=release.digest) == release


@given(st.lists(ARTIFACT, min_size=2, max_size=4), st.randoms())
def test_the_digest_does_not_depend_on_the_order_in_which_artifacts_were_built(artifacts, random):
    shuffled = list(artifacts)
    random.shuffle(shuffled)
    assert seal(app="a", stacks=[], artifacts=artifacts).digest == seal(app="a", stacks=[], artifacts=shuffled).digest


@given(STACK, st.data())
def test_one_flipped_bit_in_a_manifest_is_refused(stack, data):
    release = seal(app="orders", stacks=[stack], artifacts=[])
    at = data.draw(st.integers(0, len(release.manifest) - 1))
    bit = data.draw(st.integers(0, 7))
    damaged = bytearray(release.manifest)
    damaged[at] ^= 1 << bit
    with pytest.raises(IntegrityError) as caught:
        parse_manifest(bytes(damaged), digest=release.digest)
    assert caught.value.code == "manifest-damaged"


def test_a_manifest_of_another_format_is_refused_by_name():
    body = json.dumps({"format": 99, "app": "a", "stacks": [], "artifacts": []}).encode()
    with pytest.raises(IntegrityError, match="format 99"):
        parse_manifest(body, digest=hashlib.sha256(body).hexdigest())


def test_the_template_digest_of_one_stack_is_its_templates():
    stack = SealedStack(name="app", template_sha256="ab" * 32, needs=(), parameters=())
    assert template_digest([stack]) == "ab" * 32


def test_the_template_digest_of_several_stacks_depends_on_each_of_them():
    one = SealedStack(name="one", template_sha256="aa" * 32, needs=(), parameters=())
    two = SealedStack(name="two", template_sha256="bb" * 32, needs=(), parameters=())
    other = SealedStack(name="two", template_sha256="cc" * 32, needs=(), parameters=())
    assert template_digest([one, two]) != template_digest([one, other])


@pytest.mark.parametrize(
    ("body", "code", "told"),
    [
        (b'{"format":9}', "manifest-format", "Release {short} has manifest format 9; this Sealift reads 1"),
        (b"[]", "manifest-damaged", "The manifest of release {short} cannot be read: AttributeError"),
        (b'{"format":1}', "manifest-damaged", "The manifest of release {short} cannot be read: KeyError"),
    ],
)
def test_a_manifest_that_sealift_did_not_make_is_refused_by_name(body: bytes, code: str, told: str):
    digest = hashlib.sha256(body).hexdigest()
    with pytest.raises(IntegrityError) as refused:
        parse_manifest(body, digest=digest)
    assert (refused.value.code, refused.value.message) == (code, told.format(short=digest[:12]))
    with pytest.raises(IntegrityError) as refused:
        parse_manifest(body + b" ", digest=digest)
    actual = hashlib.sha256(body + b" ").hexdigest()
    assert refused.value.message == f"The manifest of release {digest[:12]} is damaged: its SHA-256 is {actual[:12]}…"
