"""What a package.json may hold."""

import json
from pathlib import Path

import pytest

from sealift.build.javascript.packages import manifest
from sealift.errors import BuildError


@pytest.mark.parametrize("section", ["dependencies", "devDependencies", "optionalDependencies", "scripts"])
@pytest.mark.parametrize("value", [["a"], "a", 3])
def test_a_section_that_is_no_object_is_refused_by_its_name(tmp_path: Path, section: str, value: object) -> None:
    (tmp_path / "package.json").write_text(json.dumps({section: value}))
    with pytest.raises(BuildError, match=f"{section} has to be an object"):
        manifest(tmp_path)


def test_an_empty_section_is_none(tmp_path: Path) -> None:
    (tmp_path / "package.json").write_text('{"dependencies": null, "scripts": {}}')
    assert manifest(tmp_path) == {"dependencies": None, "scripts": {}}
