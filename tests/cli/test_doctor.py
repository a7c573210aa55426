"""`doctor` where the configuration itself cannot be read: that is one item of the list, and hides no other."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.conftest import Called


@pytest.mark.parametrize("text", ['name = "x\n', "nonsense = 1\n"])
def test_an_invalid_configuration_is_one_item_of_the_list(
    sealift: Callable[..., Called], tmp_path: Path, text: str
) -> None:
    (tmp_path / "sealift.toml").write_text(text)
    (tmp_path / "bitbucket-pipelines.yml").write_text("pipelines: {}\n")
    called = sealift("doctor", "-C", tmp_path, "--json")
    found = {one["name"]: one["status"] for one in called.json["examined"]}
    assert called.code == 1
    assert (found["configuration"], found["repository"], found["environments"]) == ("failed", "failed", "unknown")
    assert {"versions", "pipeline", "templates", "gates"} <= set(found)


def test_a_folder_that_is_not_there_is_an_error_alone(sealift: Callable[..., Called], tmp_path: Path) -> None:
    called = sealift("doctor", "-C", tmp_path / "gone", "--json")
    assert (called.code, called.json["error"]["code"]) == (1, "no-folder")
