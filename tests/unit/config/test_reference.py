import tomllib
from collections.abc import Iterator
from dataclasses import MISSING, fields
from pathlib import Path

from sealift.config.keys import ROOT
from sealift.config.kinds import Items, Key, Named, Table, checked
from sealift.config.reference import PAGE, reference_page


def _all(table: Table) -> Iterator[tuple[Table, Key]]:
    for key in table.keys:
        yield table, key
        match key.kind:
            case Table() as inner:
                yield from _all(inner)
            case Named(table=inner) | Items(table=inner):
                yield from _all(inner)


def test_the_page_is_what_the_table_of_keys_says() -> None:
    page = Path(__file__).parents[3] / PAGE
    assert page.read_text() == reference_page(), (
        f'{PAGE} is out of date: python -c "from sealift.config.reference import *; '
        "open(PAGE, 'w').write(reference_page())\""
    )


def test_every_key_is_on_the_page() -> None:
    page = reference_page()
    missing = [key.name for _, key in _all(ROOT) if key.name not in page]
    assert missing == []


def test_every_key_says_its_default_or_is_required() -> None:
    silent = [
        key.name
        for table, key in _all(ROOT)
        if not isinstance(key.kind, Table | Named | Items) and not key.required and not table.default_of(key)
    ]
    assert silent == []


def test_an_empty_document_has_no_problem() -> None:
    assert checked({}, ROOT) == ({}, ())


def test_the_default_on_the_page_is_the_one_that_holds() -> None:
    """A default is shown as TOML or told in words; TOML that is written down changes nothing."""
    for table, key in _all(ROOT):
        shown = "" if isinstance(key.kind, Table | Named | Items) or key.default else table.default_of(key)
        if not shown or table.into is None:
            continue
        document = tomllib.loads(f"{key.name} = {shown}")
        settings, problems = checked(document, Table((key,)))
        (model,) = [one for one in fields(table.into) if one.name == key.to]
        default = model.default if model.default_factory is MISSING else model.default_factory()
        assert (settings[key.name], problems) == (default, ()), key.name
