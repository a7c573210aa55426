from pathlib import Path

import pytest

from sealift.errors import TemplateError
from sealift.template.parsed import KeptParses
from sealift.template.reading import read
from sealift.template.templates import SamTemplates
from tests.unit.template.apps import load

TEXT = "Resources:\n  B: {Type: A, Properties: {X: !Sub 'a', Y: [1, 2.5, yes, null]}}\n  A: {Type: B}\n"


@pytest.fixture
def template(tmp_path: Path) -> Path:
    path = tmp_path / "template.yaml"
    path.write_text(TEXT)
    return path


def kept(tmp_path: Path) -> list[Path]:
    return list((tmp_path / "parsed").rglob("*.json"))


def test_a_file_found_again_is_as_it_was_parsed_lines_and_order_included(tmp_path: Path, template: Path) -> None:
    parses = KeptParses(tmp_path / "parsed")
    first, again = parses(template, "t.yaml"), parses(template, "t.yaml")
    assert first == again == read(template, "t.yaml")
    assert list(again.body["Resources"]) == ["B", "A"]  # type: ignore[index, call-overload, arg-type]
    assert len(kept(tmp_path)) == 1


def test_a_changed_file_is_parsed_anew(tmp_path: Path, template: Path) -> None:
    parses = KeptParses(tmp_path / "parsed")
    parses(template, "t.yaml")
    template.write_text(TEXT.replace("2.5", "3"))
    assert parses(template, "t.yaml") == read(template, "t.yaml")


@pytest.mark.parametrize("damage", [b"", b"{}", b"x\n{}"])
def test_what_is_damaged_is_parsed_anew(tmp_path: Path, template: Path, damage: bytes) -> None:
    parses = KeptParses(tmp_path / "parsed")
    expected = parses(template, "t.yaml")
    (entry,) = kept(tmp_path)
    entry.write_bytes(damage)
    assert parses(template, "t.yaml") == expected


def test_a_flipped_bit_is_noticed(tmp_path: Path, template: Path) -> None:
    parses = KeptParses(tmp_path / "parsed")
    expected = parses(template, "t.yaml")
    (entry,) = kept(tmp_path)
    entry.write_bytes(entry.read_bytes().replace(b'"Type":"A"', b'"Type":"C"'))
    assert parses(template, "t.yaml") == expected


def test_a_broken_template_is_refused_each_time(tmp_path: Path, template: Path) -> None:
    template.write_text("Resources: [\n")
    for _ in range(2):
        with pytest.raises(TemplateError):
            KeptParses(tmp_path / "parsed")(template, "t.yaml")
    assert kept(tmp_path) == []


def test_a_folder_that_can_not_be_written_costs_time_only(tmp_path: Path, template: Path) -> None:
    (tmp_path / "file").write_text("")
    assert KeptParses(tmp_path / "file" / "parsed")(template, "t.yaml") == read(template, "t.yaml")


def test_a_template_with_an_included_file_is_the_same_from_the_cache(tmp_path: Path) -> None:
    text = "Resources:\n  A: {Type: B, 'Fn::Transform': {Name: AWS::Include, Parameters: {Location: part.yaml}}}\n"
    plain = load(tmp_path, text, {"part.yaml": "Properties: {X: 1}\n"})
    templates = SamTemplates(parses=tmp_path / "parsed")
    assert templates.load(tmp_path, "template.yaml") == templates.load(tmp_path, "template.yaml") == plain
    assert len(kept(tmp_path)) == 2
