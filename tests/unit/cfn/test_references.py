"""Dynamic references: which setting one names, and how it names a version."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sealift.cfn.references import differs_by_versions, pinned, references, setting_of

ARN = "arn:aws:secretsmanager:eu-west-1:111111111111:secret:shop/key-AbCdEf"
NAMES = st.from_regex(r"/?[a-z][a-z/_.-]{0,12}", fullmatch=True)
OPEN = st.one_of(
    st.builds("ssm:{}".format, NAMES),
    st.builds("ssm-secure:{}".format, NAMES),
    st.builds(
        "secretsmanager:{}{}".format,
        st.one_of(NAMES, st.just(ARN)),
        st.sampled_from(["", ":SecretString", ":SecretString:password", ":SecretString:password::"]),
    ),
)
SURROUNDED = st.builds(
    lambda before, one, after: (before, one, after), st.text("ab:/@", max_size=5), OPEN, st.text("ab:/@", max_size=5)
)


@pytest.mark.parametrize(
    ("reference", "with_version"),
    [
        ("ssm:/shop/tax", "ssm:/shop/tax:7"),
        ("ssm-secure:/shop/tax", "ssm-secure:/shop/tax:7"),
        ("secretsmanager:key", "secretsmanager:key:SecretString:::7"),
        ("secretsmanager:key:SecretString:password", "secretsmanager:key:SecretString:password::7"),
        (f"secretsmanager:{ARN}", f"secretsmanager:{ARN}:SecretString:::7"),
        ("ssm:/shop/tax:3", None),
        ("secretsmanager:key:SecretString:password:AWSPREVIOUS", None),
        ("secretsmanager:key:SecretString:::4", None),
    ],
)
def test_a_reference_gets_the_current_version_where_it_names_none(reference: str, with_version: str | None):
    text = f"a{{{{resolve:{reference}}}}}b"
    expected = f"a{{{{resolve:{with_version or reference}}}}}b"
    assert pinned(text, {reference: "7"}) == expected
    assert differs_by_versions(text, expected) is (with_version is not None)


@given(SURROUNDED, st.integers(1, 99))
def test_a_version_changes_neither_what_is_named_nor_what_surrounds_it(parts: tuple[str, str, str], version: int):
    before, reference, after = parts
    text = f"{before}{{{{resolve:{reference}}}}}{after}"
    made = pinned(text, {reference: str(version)})
    assert made.startswith(f"{before}{{{{resolve:")
    assert made.endswith(f"}}}}{after}")
    ((service, rest),), ((named, there),) = references(text), references(made)
    assert (named, setting_of(named, there)) == (service, setting_of(service, rest))
    assert made != text
    assert there.endswith(str(version))
    assert pinned(made, {f"{named}:{there}": "100"}) == made
    assert pinned(text, {}) == text
    assert differs_by_versions(text, made)
    assert not differs_by_versions(made, text)


def test_another_setting_is_another_value():
    assert not differs_by_versions("{{resolve:ssm:/a}}", "{{resolve:ssm:/b:1}}")
    assert not differs_by_versions("{{resolve:ssm:/a}}", "plain")
    assert not differs_by_versions("plain", "plain")
