import base64
import json
from collections.abc import Callable
from urllib.parse import quote, quote_plus, unquote
from xml.etree.ElementTree import Element, tostring

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sealift.analysis.redact import MASK, excerpt, is_secret, redacted, secret_values, tail


@pytest.mark.parametrize(
    "name",
    [
        "GITHUB_TOKEN", "BITBUCKET_STEP_OIDC_TOKEN", "DB_PASSWORD", "MY_SECRET", "UV_INDEX_X_PASSWORD", "API_KEY",
        "APIKEY", "STRIPE_PRIVATE", "HTTP_AUTHORIZATION", "GH_PAT", "SENTRY_DSN", "AWS_SECRET_ACCESS_KEY",
    ],
)  # fmt: skip
def test_names_of_secrets_are_known(name: str) -> None:
    assert is_secret(name)


@pytest.mark.parametrize("name", ["PATH", "HOME", "LANG", "GIT_AUTHOR_NAME", "CI", "PYTHONPATH"])
def test_ordinary_names_are_no_secrets(name: str) -> None:
    assert not is_secret(name)


def test_secret_values_are_masked_longest_first() -> None:
    secrets = secret_values(
        {"A_TOKEN": "abcdefgh", "B_TOKEN": "abcdefgh-long", "C_TOKEN": "short", "PATH": "/usr/bin:/bin"}
    )
    assert secrets == ("abcdefgh-long", "abcdefgh")
    assert redacted("x abcdefgh-long y abcdefgh short", secrets) == f"x {MASK} y {MASK} short"


@pytest.mark.parametrize(
    "text",
    [
        "AKIAIOSFODNN7EXAMPLE",
        "ghp_" + "a" * 36,
        "glpat-" + "a" * 20,
        "-----BEGIN RSA PRIVATE KEY-----\nabc\n-----END RSA PRIVATE KEY-----",
    ],
)
def test_what_has_the_shape_of_a_key_is_masked(text: str) -> None:
    assert redacted(f"it is {text} here") == f"it is {MASK} here"


@given(
    st.lists(st.text(min_size=8, alphabet="abcdef0123456789"), max_size=4),
    st.text(alphabet="abcdef0123456789 ", max_size=200),
)
def test_no_secret_is_left_in_the_text(secrets: list[str], text: str) -> None:
    values = secret_values({f"X{i}_TOKEN": one for i, one in enumerate(secrets)})
    shown = redacted(" ".join((text, *secrets)), values)
    assert not any(value in shown for value in values)


def test_the_end_of_a_long_output_is_kept() -> None:
    assert tail("\n".join(map(str, range(1000))), lines=3) == "997\n998\n999"
    cut = tail("first line\n" + "x" * 50 + "\nlast", characters=20)
    assert cut.startswith("…")
    assert cut.endswith("\nlast")
    assert tail("") == ""


def test_what_signs_a_url_is_masked_and_the_rest_of_it_is_shown():
    url = (
        "https://cloudformation-custom-resource-response.s3.amazonaws.com/arn%3Aaws?X-Amz-Algorithm=AWS4-HMAC-SHA256"
        "&X-Amz-Credential=AKIA%2F20260101&X-Amz-Security-Token=IQoJb3JpZ2luX2Vj&X-Amz-Signature=0123abcd"
    )
    said = redacted(f'{{"ResponseURL": "{url}"}}')
    assert "0123abcd" not in said
    assert "IQoJb3JpZ2luX2Vj" not in said
    assert said.startswith('{"ResponseURL": "https://cloudformation-custom-resource-response')
    assert said.endswith('"}')


def test_an_old_signature_and_a_token_of_three_parts_are_masked():
    assert redacted("PUT /x?AWSAccessKeyId=ASIA&Expires=1&Signature=ab%2Fcd= HTTP/1.1") == (
        "PUT /x?***&Expires=1&*** HTTP/1.1"
    )
    assert redacted("Bearer eyJhbGciOiJI.eyJzdWIiOiIx.c2lnbmF0dXJl end") == "Bearer *** end"


def test_a_signature_that_is_no_part_of_a_url_stays():
    assert redacted("Signature=good of the ledger") == "Signature=good of the ledger"


def in_xml(secret: str) -> str:
    case = Element("case", {"name": secret})
    case.text = secret
    return tostring(case, encoding="unicode")


WRITERS: tuple[Callable[[str], str], ...] = (
    str,
    lambda secret: json.dumps({"p": secret}),
    lambda secret: json.dumps({"p": secret}, ensure_ascii=False),
    lambda secret: repr({"p": secret}),
    in_xml,
    lambda secret: f"https://u:{quote(secret, safe='')}@h/?q={quote_plus(secret)}",
    lambda secret: base64.b64encode(secret.encode()).decode(),
    lambda secret: json.dumps({"log": json.dumps({"p": secret})}),
    lambda secret: quote(quote(secret, safe=""), safe=""),
    lambda secret: secret.encode().hex(),
    lambda secret: "\n".join(secret[at : at + 5] for at in range(0, len(secret), 5)),
)
PRINTED = st.text(st.characters(codec="utf-8", exclude_categories=("C", "Z")), min_size=8, max_size=24)


@given(PRINTED.filter(lambda text: len(set(text)) > 3), st.sampled_from(WRITERS))
def test_a_secret_is_masked_however_a_program_writes_it(secret: str, write: Callable[[str], str]) -> None:
    written = write(secret)
    left = redacted(written, [secret])
    assert len(left) < len(written) or MASK in left
    assert secret not in left
    assert secret not in unquote(left)


@pytest.mark.parametrize("secret", ['p@ss&"word<1>', "it's\\a/secret%", "grüße+äöü", "two words & more"])
@pytest.mark.parametrize("write", WRITERS)
def test_what_has_to_be_escaped_is_masked(secret: str, write: Callable[[str], str]) -> None:
    left = redacted(write(secret), [secret])
    assert MASK in left
    assert not any(part in left for part in ("ss&", "word", "secret", "grüße", "more"))


SECRET = "kx8Wq2pLm9Zt4Rv7Bn3Hs6Yd1Fg5Jk0Qw/Xe+Ac=Tz9kx8Wq2pLm9Zt4Rv7Bn3Hs6Yd1Fg5Jk0Q" * 2


@given(
    st.sampled_from([SECRET, base64.b64encode(SECRET.encode()).decode(), quote(SECRET, safe="")]),
    st.integers(10, 100),
    st.sampled_from(["\n", "\r\n", "\nE   ", "\n    | ", "\\\n", "'\n 'E"[:-1]]),
    st.text(alphabet="ab \nE'", max_size=20),
)
def test_a_secret_that_is_wrapped_over_lines_is_masked(written: str, width: int, wrap: str, around: str) -> None:
    wrapped = wrap.join(written[at : at + width] for at in range(0, len(written), width))
    left = redacted(f"{around}: {wrapped} :{around}", [SECRET])
    assert left == f"{around}: {MASK} :{around}"


def test_a_key_in_an_address_is_masked() -> None:
    pem = "-----BEGIN RSA PRIVATE KEY-----\nabc/def+g=\n-----END RSA PRIVATE KEY-----"
    assert redacted(f"https://h/?k={quote(pem)}&x=1") == f"https://h/?k={MASK}&x=1"
    assert redacted(f"k={quote_plus(pem)}&x=1") == f"k={MASK}&x=1"


def test_a_secret_of_several_lines_is_masked_in_each_line() -> None:
    secret = "first-line-of-it\nsecond-line-of-it\n"
    assert redacted("log: second-line-of-it", [secret]) == f"log: {MASK}"
    assert MASK in redacted(json.dumps(secret), [secret])


@pytest.mark.parametrize(
    "unit",
    [
        "-----BEGIN PRIVATE KEY-----\n", "-----BEGIN ", "-----BEGIN RSA PRIVATE KEY-----\nabc\n-", "A " * 10,
        "-eyJaaaaaaaaa", "eyJaaaaaaaaa.eyJaaaaaaaaaaa-", "&Signature=a", "ghp_aaaa", "-",
    ],
)  # fmt: skip
def test_any_text_is_masked_in_linear_time(unit: str) -> None:
    assert redacted(f"-----BEGIN {unit * 20_000}") != ""


@pytest.mark.parametrize("end", ["", "\n-----END RSA PRIVATE KEY-----\n", "\n… 12 bytes left out …"])
@pytest.mark.parametrize("newline", ["\n", "\\n"])
def test_a_private_key_is_masked_even_where_its_end_is_cut_off(end: str, newline: str) -> None:
    lines = ["-----BEGIN RSA PRIVATE KEY-----", "MIIEpAIBAAKCAQEA1c7", "xs/2+Q=="]
    shown = redacted(f"before\n{newline.join(lines)}{end}")
    assert shown.startswith(f"before\n{MASK}")
    assert "MIIEp" not in shown
    assert "xs/2" not in shown


@pytest.mark.parametrize("before", [0, 3, 10, 21])
@pytest.mark.parametrize("unit", ["x", "\n", "word word\n"])
def test_of_megabytes_the_end_is_shown_and_no_part_of_a_secret(before: int, unit: str) -> None:
    text = "x" * before + "the-secret-of-the-shop\n" + unit * (1_000_010 // len(unit))
    shown = excerpt(text, ["the-secret-of-the-shop"])
    assert len(shown) < 17_000
    assert "of-the-shop" not in shown


@given(st.text("abcXYZ0189+/=?ü", min_size=8), st.binary(max_size=9), st.binary(max_size=9), st.booleans())
def test_a_secret_within_base64_is_masked(secret: str, before: bytes, after: bytes, safe: bool) -> None:
    encode = base64.urlsafe_b64encode if safe else base64.b64encode
    shown = redacted(f"Authorization: Basic {encode(before + secret.encode() + after).decode()}", [secret])
    assert MASK in shown


@pytest.mark.parametrize("sequence", ["\x1b[31m", "\x1b[0;1m", "\x1b]0;title\x07", "\x1b[2K"])
def test_what_steers_a_terminal_is_taken_out_before_secrets_are_masked(sequence: str) -> None:
    shown = excerpt(f"the {sequence}key is the-secret{sequence}-of-the-shop", ["the-secret-of-the-shop"])
    assert shown == f"the key is {MASK}"
