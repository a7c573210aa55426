from collections.abc import Iterator
from pathlib import Path

from sealift.config.keys import ROOT
from sealift.config.kinds import (
    Items,
    Key,
    Named,
    Table,
)
from sealift.config.reference import PAGE, reference_page
from sealift.config.validate import checked


def _all(keys: tuple[Key, ...]) -> Iterator[Key]:
    for key in keys:
        yield key
        if isinstance(key.kind, Table | Named | Items):
            yield from _all(key.kind.keys)


def test_the_page_is_what_the_table_of_keys_says() -> None:
    page = Path(__file__).parents[3] / PAGE
    assert page.read_text() == reference_page(), (
        f'{PAGE} is out of date: python -c "from sealift.config.reference import *; '
        "open(PAGE, 'w').write(reference_page())\""
    )


def test_every_key_is_on_the_page() -> None:
    page = reference_page()
    missing = [key.name for key in _all(ROOT) if key.name not in page]
    assert missing == []


def test_every_key_says_its_default_or_is_required() -> None:
    silent = [
        key.name
        for key in _all(ROOT)
        if not isinstance(key.kind, Table | Named | Items) and not key.required and not key.default
    ]
    assert silent == []


def test_an_empty_document_has_no_problem() -> None:
    assert checked({}, ROOT) == ({}, ())
