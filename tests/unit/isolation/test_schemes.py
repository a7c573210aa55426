"""Whose a name is that nobody declares: its whole segments say so, and never a part of one."""

from hypothesis import given
from hypothesis import strategies as st

from sealift.isolation.model import EnvironmentView, StackView
from sealift.isolation.schemes import Schemes

VIEWS = [
    EnvironmentView(name=name, region="eu-west-1", stacks=(StackView(name=f"shop-{name}", body={}),))
    for name in ("staging", "production")
]
SCHEMES = Schemes(VIEWS)
FORMS = {"staging": ("staging", "stg", "stag"), "production": ("production", "prod", "prd")}
words = st.text(alphabet="bcfhjkmqvwxyz0123456789", min_size=1, max_size=6)
separators = st.sampled_from("-_/.:")
forms = st.sampled_from([(form, name) for name, listed in FORMS.items() for form in listed])


@given(words, forms, words, separators)
def test_a_form_as_a_whole_segment_says_whose_a_name_is(
    before: str, form: tuple[str, str], after: str, by: str
) -> None:
    text, name = form
    for spelled in (text, text.upper(), text.title()):
        assert SCHEMES.owners(by.join((before, spelled, after))) == {name}


@given(forms, words)
def test_a_form_within_a_word_says_nothing(form: tuple[str, str], more: str) -> None:
    assert SCHEMES.owners(f"shop-{form[0]}{more}-x") == frozenset()
    assert SCHEMES.owners(f"shop-{more}{form[0]}-x") == frozenset()


@given(words)
def test_a_name_with_words_of_both_is_nobodys(word: str) -> None:
    for asking in ("staging", "production"):
        assert SCHEMES.owner(f"{word}-staging-to-production", asking) is None


def test_nobody_owns_its_own_names_for_another() -> None:
    assert SCHEMES.owner("shop-production-orders", "production") is None
    assert SCHEMES.owner("shop-production-orders", "staging") == "production"


def test_what_all_stacks_are_called_says_nothing() -> None:
    views = [
        EnvironmentView(name=name, region="eu-west-1", stacks=(StackView(name=f"prod-planner-{name}", body={}),))
        for name in ("staging", "production")
    ]
    assert Schemes(views).owners("prod-planner-orders") == frozenset()


def test_not_production_is_not_production() -> None:
    assert SCHEMES.owners("shop-non-prod-x") == frozenset()
    assert SCHEMES.owners("shopNonProductionX") == frozenset()
