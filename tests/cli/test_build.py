"""`build`, `lock` and `cache`, on an application without dependencies: nothing is downloaded."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from sealift.build.cache.store import Cache
from sealift.template import kept

TEMPLATE = """\
Transform: AWS::Serverless-2016-10-31
Resources:
  Orders: {Type: "AWS::Serverless::Function", Properties: {CodeUri: orders, Handler: a.h, Runtime: python3.12}}
  Stock: {Type: "AWS::Serverless::Function", Properties: {CodeUri: stock, Handler: a.h, Runtime: python3.12}}
"""


@pytest.fixture
def shop(folder: Path) -> Path:
    """Return an application with two functions."""
    (folder / "template.yaml").write_text(TEMPLATE)
    for name in ("orders", "stock"):
        (folder / name).mkdir()
        (folder / name / "a.py").write_text(f"NAME = '{name}'\n\n\ndef h(event, context):\n    return NAME\n")
    return folder


def test_explain_says_why_each_artifact_was_built_or_reused(sealift, shop):
    sealift("build", "-C", shop)
    (shop / "stock" / "a.py").write_text("def h(event, context):\n    return 2\n")
    shown = sealift("build", "-C", shop, "--explain")
    assert shown.code == 0
    assert "Orders  reused: unchanged" in shown.out
    assert "Stock  built: source changed: a.py" in shown.out
    assert "of what Lambda takes" in shown.out
    assert "*/tests/*" in shown.out


def test_explain_as_json_has_sizes_reasons_and_what_is_left_out(sealift, shop):
    explained = sealift("build", "-C", shop, "--explain", "--json").json
    orders = next(a for a in explained["artifacts"] if a["logical_ids"] == ["Orders"])
    assert orders["unzipped_bytes"] == (shop / "orders" / "a.py").stat().st_size
    assert (orders["dependencies"], orders["warnings"], orders["locked"]) == ([], [], False)
    assert "bin/*" in explained["left_out"]
    assert (explained["warnings"], explained["not_loaded"]) == ([], [])
    assert "left_out" not in sealift("build", "-C", shop, "--json").json


def test_a_build_that_finds_all_done_loads_no_parser_and_no_checks(folder, shop, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(folder / "cache"))
    script = (
        "import sys\n"
        "from sealift.cli.main import run\n"
        f"code = run(['build', '-C', {str(shop)!r}])\n"
        "heavy = {'yaml', 'pydantic', 'botocore', 'sealift.checks', 'sealift.ledger', 'concurrent.futures'}\n"
        "sys.exit(code or ' '.join(sorted(heavy & sys.modules.keys())) or 0)\n"
    )
    for _ in range(2):
        done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr.splitlines()[1:]) == (0, [])


def test_configuration_in_a_package_is_warned_of(sealift, shop):
    (shop / "orders" / ".env").write_text("A=1\n")
    shown = sealift("build", "-C", shop, "--explain")
    assert "! Orders: .env goes into the package" in shown.out


def test_verify_builds_again_from_an_empty_cache_and_compares(sealift, shop):
    shown = sealift("build", "-C", shop, "--verify", "--json")
    assert shown.code == 0
    assert shown.json["verified"] == {"equal": True, "release": shown.json["release"], "unequal": []}


def test_verify_fails_on_an_artifact_that_is_not_reproducible(sealift, shop):
    template = TEMPLATE.replace(
        "Properties: {CodeUri: stock,", "Metadata: {BuildMethod: makefile}, Properties: {CodeUri: stock,"
    )
    (shop / "template.yaml").write_text(template)
    (shop / "stock" / "Makefile").write_text(
        "build-Stock:\n\tcp *.py $(ARTIFACTS_DIR)\n\tdate +%s%N > $(ARTIFACTS_DIR)/made\n"
    )
    shown = sealift("build", "-C", shop, "--verify", "--json")
    assert shown.code == 1
    verified = shown.json["verified"]
    assert not verified["equal"]
    assert [u["logical_ids"] for u in verified["unequal"]] == [["Stock"]]
    told = sealift("build", "-C", shop, "--verify")
    assert "NOT REPRODUCED" in told.out
    assert "Stock: its build gives other bytes each time" in told.out


def test_verify_explains_a_record_of_the_cache_that_somebody_poisoned(sealift, shop):
    sealift("build", "-C", shop)
    cache = Cache(Path(sealift("cache", "list", "-C", shop, "--json").json["path"]))
    one, other = sorted(path.name for path in (cache.root / "records").iterdir())
    cache.write("records", one, cache.read("records", other))
    told = sealift("build", "-C", shop, "--verify")
    assert told.code == 1
    assert "it is poisoned" in told.out
    assert "other bytes each time" not in told.out


def test_nothing_to_lock_says_so(sealift, shop):
    assert "no requirements.txt to lock" in sealift("lock", "-C", shop).out
    assert sealift("lock", "-C", shop, "--json").json == {"locks": []}


def test_the_cache_lists_what_a_build_left(sealift, shop):
    assert sealift("cache", "list", "--json").json["size_bytes"] == 0
    sealift("build", "-C", shop)
    listed = sealift("cache", "list", "--json", "-v").json
    assert listed["kinds"]["blobs"]["files"] == 3
    assert sum(e["size_bytes"] for e in listed["entries"]) == listed["size_bytes"] > 0
    assert "blobs" in sealift("cache", "list").out


def test_prune_removes_what_is_old_and_what_is_too_much(sealift, shop):
    sealift("build", "-C", shop)
    assert sealift("cache", "prune", "--json").json["removed"] == 0
    path = Path(sealift("cache", "list", "--json").json["path"])
    for file in (p for p in path.rglob("*") if p.is_file()):
        os.utime(file, (0, 0))
    assert sealift("cache", "prune", "--unused-for", "30d", "--json").json["removed"] > 3
    sealift("build", "-C", shop)
    assert "freed" in sealift("cache", "prune", "--max-size", "0").out
    assert sealift("cache", "list", "--json").json["size_bytes"] == 0


def test_parsed_and_rendered_templates_are_pruned_with_the_builds(sealift, tmp_path):
    for kind in ("parsed", "rendered"):
        kept.put(tmp_path / "cache" / "sealift" / kind, "abc", {"body": {}})
        assert sealift("cache", "list", "--json").json["kinds"][kind]["files"] == 1
    (file,) = (tmp_path / "cache" / "sealift" / "parsed").rglob("*.json")
    os.utime(file, (0, 0))
    assert sealift("cache", "prune", "--json").json["removed"] == 1
    assert not file.exists()


@pytest.mark.parametrize("argv", [("--unused-for", "soon"), ("--max-size", "many")])
def test_an_age_or_a_size_that_is_none_is_wrong_usage(sealift, argv):
    shown = sealift("cache", "prune", *argv)
    assert shown.code == 2
    assert argv[1] in shown.err


def test_the_ci_key_follows_dependencies_and_not_source(sealift, shop):
    first = sealift("cache", "key", "-C", shop).out
    (shop / "orders" / "a.py").write_text("def h(event, context):\n    return 5\n")
    assert sealift("cache", "key", "-C", shop).out == first
    (shop / "orders" / "requirements.txt").write_text("six==1.17.0\n")
    second = sealift("cache", "key", "-C", shop, "--json").json
    assert second["key"] != first.strip()
    assert second["key"].startswith(second["prefix"])
    assert sealift("cache", "key", "--prefix").out.strip() == second["prefix"]


def test_what_is_not_merged_keeps_its_cache_under_another_key(sealift, shop, monkeypatch):
    merged = sealift("cache", "key", "-C", shop, "--json").json
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    for event, ref in (("pull_request", "refs/pull/7/merge"), ("push", "refs/heads/main")):
        monkeypatch.setenv("GITHUB_EVENT_NAME", event)
        monkeypatch.setenv("GITHUB_REF", ref)
        strange = sealift("cache", "key", "-C", shop, "--json").json
        assert not strange["key"].startswith(merged["prefix"])
        assert strange["prefix"] == merged["prefix"]


def test_settings_of_uv_that_change_a_resolution_change_the_ci_key(sealift, shop, monkeypatch):
    (shop / "orders" / "requirements.txt").write_text("six\n")
    first = sealift("cache", "key", "-C", shop).out
    monkeypatch.setenv("UV_CACHE_DIR", "/elsewhere")
    assert sealift("cache", "key", "-C", shop).out == first
    monkeypatch.setenv("UV_EXCLUDE_NEWER", "2020-01-01")
    assert sealift("cache", "key", "-C", shop).out != first


def test_release_verify_names_the_environments_that_there_are(sealift, shop):
    shown = sealift("release", "verify", "stagin", "-C", shop, "--json")
    assert shown.code == 1
    assert 'did you mean "staging"' in shown.json["error"]["message"]


def test_a_public_key_that_is_not_there_is_named(sealift, shop, tmp_path):
    shown = sealift("release", "verify", "staging", "-C", shop, "--key", tmp_path / "no.pem", "--json")
    assert (shown.code, shown.json["error"]["code"]) == (1, "signing-key-missing")
