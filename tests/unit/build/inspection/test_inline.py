"""Code that a template holds is looked at as the file that CloudFormation makes of it."""

from contextlib import nullcontext
from pathlib import Path

import pytest

from sealift.build.builder import CachedBuilder
from sealift.errors import BuildError
from sealift.model.release import Finished
from tests.unit.build.tools import NoTools

PYTHON = "import cfnresponse\ndef handler(event, context): ...\n"


@pytest.mark.parametrize(
    ("runtime", "handler", "code", "missing"),
    [
        ("python3.12", "index.handler", PYTHON, ""),
        ("python3.12", "app.handler", PYTHON, "no app.py"),
        ("python3.12", "index.other", PYTHON, "index.py has no other"),
        ("nodejs22.x", "index.handler", "require('cfn-response'); exports.handler = 1", ""),
        ("nodejs22.x", "index.other", "import x from 'node:fs'\nexport const handler = 1", "index.mjs has no other"),
        ("ruby3.4", "anything", "x", ""),
    ],
)
def test_code_of_a_template_is_a_file_called_index(
    tmp_path: Path, runtime: str, handler: str, code: str, missing: str
) -> None:
    function = Finished(
        logical_id="Fn", handler=handler, runtime=runtime, architecture="x86_64", package=Path(), inline=code
    )
    with pytest.raises(BuildError, match=missing) if missing else nullcontext():
        assert CachedBuilder(tmp_path, NoTools()).look([function]).warnings == ()
