import subprocess
import sys
from pathlib import Path

import pytest

from sealift.model.template import Rendered
from sealift.template.rendering import entry_name
from sealift.template.templates import SamTemplates
from tests.unit.template.apps import load, seal_bytes

TEXT = """
Transform: AWS::Serverless-2016-10-31
Resources:
  Fn: {Type: AWS::Serverless::Function, Properties: {CodeUri: ., Handler: a.b, Runtime: python3.12}}
"""


def rendered(tmp_path: Path, *, region: str = "eu-west-1", **parameters: str) -> Rendered:
    data = seal_bytes(load(tmp_path / "app", TEXT))
    templates = SamTemplates(cache=tmp_path / "cache")
    return templates.render(data, parameters=parameters, account="1" * 12, region=region, stack_name="s")


def entries(tmp_path: Path) -> list[Path]:
    return sorted((tmp_path / "cache").rglob("*.json"))


@pytest.fixture(autouse=True)
def _app(tmp_path: Path) -> None:
    (tmp_path / "app").mkdir()


def test_a_template_is_found_again_as_it_was(tmp_path: Path) -> None:
    first = rendered(tmp_path)
    again = rendered(tmp_path)
    assert again == first
    assert list(again.body) == list(first.body)
    assert len(entries(tmp_path)) == 1


def test_a_hit_does_not_load_the_translator(tmp_path: Path) -> None:
    expected = rendered(tmp_path)
    data = seal_bytes(load(tmp_path / "app", TEXT))
    (tmp_path / "sealed.json").write_bytes(data)
    script = f"""
import pathlib, sys
from sealift.template.templates import SamTemplates
found = SamTemplates(cache=pathlib.Path({str(tmp_path / "cache")!r})).render(
    pathlib.Path({str(tmp_path / "sealed.json")!r}).read_bytes(),
    parameters={{}}, account="1" * 12, region="eu-west-1", stack_name="s")
print(len(found.origins), "samtranslator.translator" in sys.modules, "boto3" in sys.modules)
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.split() == [str(len(expected.origins)), "False", "False"]


def test_other_values_and_other_regions_are_other_entries(tmp_path: Path) -> None:
    rendered(tmp_path)
    rendered(tmp_path, SealiftArtifactBucket="b")
    rendered(tmp_path, region="us-east-1")
    assert len(entries(tmp_path)) == 3


@pytest.mark.parametrize("damage", [b"", b"{}", b"not json", b'0\n{"body": {}, "origins": {}}'])
def test_a_damaged_entry_is_ignored_and_replaced(tmp_path: Path, damage: bytes) -> None:
    first = rendered(tmp_path)
    (entry,) = entries(tmp_path)
    whole = entry.read_bytes()
    entry.write_bytes(damage)
    assert rendered(tmp_path) == first
    assert entry.read_bytes() == whole


def test_an_entry_cut_in_the_middle_is_ignored(tmp_path: Path) -> None:
    first = rendered(tmp_path)
    (entry,) = entries(tmp_path)
    entry.write_bytes(entry.read_bytes()[:-20])
    assert rendered(tmp_path) == first


def test_a_folder_that_can_not_be_written_costs_only_time(tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("a file where the folder should be")
    assert rendered(tmp_path).origins["Fn"] == "Fn"


def test_the_name_of_an_entry_depends_on_every_part() -> None:
    base = entry_name(b"x", {"a": "b"}, ("1", "r", "s"))
    assert base == entry_name(b"x", {"a": "b"}, ("1", "r", "s"))
    others = {
        entry_name(b"y", {"a": "b"}, ("1", "r", "s")),
        entry_name(b"x", {"a": "c"}, ("1", "r", "s")),
        entry_name(b"x", {"a": "b"}, ("2", "r", "s")),
    }
    assert base not in others
    assert len(others) == 3
