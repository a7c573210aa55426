"""What was analysed and tested on one machine is not done again on another that gets its cache."""

import shutil
from pathlib import Path

import pytest

TEMPLATE = """\
Transform: AWS::Serverless-2016-10-31
Resources:
  Hello:
    Type: AWS::Serverless::Function
    Properties: {CodeUri: src, Handler: app.handler, Runtime: python3.13}
"""


def _clone(folder: Path, ran: Path) -> Path:
    for name, text in {
        ".git/HEAD": "ref: refs/heads/main\n",
        "template.yaml": TEMPLATE,
        "src/app.py": "def handler(event, context):\n    return 1\n",
        "tests/test_app.py": f"def test_it():\n    with open({str(ran)!r}, 'a') as file:\n        file.write('ran ')\n",
    }.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return folder


@pytest.fixture
def two(sealift, tmp_path: Path, monkeypatch):
    """Check on one machine, copy what `cache key` says into the other's, and return the other's cache and clone."""
    ran = tmp_path / "ran"
    here, there = _clone(tmp_path / "home" / "ann" / "shop", ran), _clone(tmp_path / "builds" / "42" / "shop", ran)
    assert sealift("check", "-C", here).code == 0
    kept = Path(sealift("cache", "key", "-C", here, "--json").json["path"])
    other = tmp_path / "other"
    # What is installed and pre-compiled for the tests is bound to its place; it is made anew where it is needed.
    left_out = shutil.ignore_patterns("environments", "pycache", "pythons")
    shutil.copytree(kept, other / kept.name, ignore=left_out)
    shutil.rmtree(kept)
    monkeypatch.setenv("XDG_CACHE_HOME", str(other))
    return other / kept.name, there, ran


def test_nothing_is_run_again_on_another_machine_in_another_folder(sealift, two):
    cache, there, ran = two
    shown = sealift("check", "-C", there)
    assert (shown.code, ran.read_text()) == (0, "ran ")
    assert "1 passed, 0 failed, unchanged" in shown.err
    assert not (cache / "checks" / "environments").exists()


def test_what_differs_there_is_run_again(sealift, two):
    _, there, ran = two
    (there / "src" / "app.py").write_text("def handler(event, context):\n    return 2\n")
    shown = sealift("check", "-C", there)
    assert (shown.code, ran.read_text()) == (0, "ran ran ")
    assert "unchanged" not in next(line for line in shown.err.splitlines() if "passed" in line)
