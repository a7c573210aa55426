"""Which registries are asked, as uv is told it."""

import pytest

from sealift.analysis import registries


@pytest.mark.parametrize(
    ("sources", "options"),
    [
        ([], ()),
        ([{"name": "a", "url": "https://a"}], ("--index-url https://a",)),
        ([{"name": "a", "url": "https://a", "default": True}], ("--index-url https://a",)),
        ([{"name": "a", "url": "https://a"}, {"name": "PyPI"}], ("--extra-index-url https://a",)),
        ([{"name": "a", "url": "https://a", "priority": "supplemental"}], ("--extra-index-url https://a",)),
        ([{"name": "a", "url": "https://a", "priority": "explicit"}], ("--extra-index-url https://a",)),
        (
            [{"name": "b", "url": "https://b", "secondary": True}, {"name": "a", "url": "https://a"}],
            ("--extra-index-url https://a", "--index-url https://b"),
        ),
    ],
)
def test_poetry_asks_the_public_registry_unless_another_takes_its_place(
    sources: list[object], options: tuple[str, ...]
) -> None:
    assert registries.of_poetry({"tool": {"poetry": {"source": sources}}}) == options


def test_what_poetry_takes_from_one_registry_is_named() -> None:
    listed = {"a": {"source": "mine"}, "b": "1", "c": {"source": "pypi"}, "D_d": [{"source": "mine"}, {"version": "2"}]}
    assert registries.placed_by_poetry({"tool": {"poetry": {"dependencies": listed}}}) == ("a", "d-d")


@pytest.mark.parametrize(
    ("sources", "options"),
    [
        ([{"name": "a", "url": "https://a"}], ("--extra-index-url https://a",)),
        ([{"name": "pypi", "url": "https://a"}], ("--index-url https://a",)),
        ([{"name": "w", "url": "./wheels", "type": "find_links"}], ("--find-links ./wheels",)),
    ],
)
def test_pdm_replaces_the_public_registry_by_its_name(sources: list[object], options: tuple[str, ...]) -> None:
    assert registries.of_pdm({"tool": {"pdm": {"source": sources}}}) == options


@pytest.mark.parametrize(
    ("urls", "options"),
    [
        (["https://pypi.org/simple"], ()),
        (["https://pypi.org/simple", "https://a"], ("--extra-index-url https://a",)),
        (["https://a"], ("--index-url https://a",)),
        (["https://a", "https://b"], ("--extra-index-url https://b", "--index-url https://a")),
    ],
)
def test_a_pipfile_lock_names_its_registries(urls: list[str], options: tuple[str, ...]) -> None:
    assert registries.of_pipfile({"_meta": {"sources": [{"url": url} for url in urls]}}) == options


def test_a_pylock_names_the_registry_of_a_package() -> None:
    packages = [{"name": "a", "index": "https://pypi.org/simple"}, {"name": "b", "index": "https://b"}, {"name": "c"}]
    assert registries.of_pylock({"packages": packages}) == ("--extra-index-url https://b",)


def test_registries_that_uv_asks_for_chosen_packages_are_asked_when_it_installs() -> None:
    own = {"index": [{"name": "a", "url": "https://a", "explicit": True}, {"name": "b", "url": "https://b"}]}
    assert registries.of_uv(own, own) == ("--index", "a=https://a")
