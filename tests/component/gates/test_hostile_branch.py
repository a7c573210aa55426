"""A branch that weakens every gate it has to pass, in a real repository: none of it helps."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from sealift.errors import ConfigError
from sealift.model.app import App
from sealift.usecases.attest import load_keys
from sealift.wiring.application import load_effective
from tests.component.gates.repositories import Clone, cloned, new_repository

CONFIG = """\
[app]
name = "shop"

[environments.staging]
account = "111111111111"
branch = "main"
soak = "1h"

[environments.production]
account = "222222222222"
promotes_from = "staging"
approval = true
parameters = { Size = "9" }

[tests.unit]
enabled = true

[[probes]]
name = "health"
url = "https://shop.example/health"
contains = "ok"
"""

ATTACKS: Mapping[str, str] = {
    "no soak": CONFIG.replace('"1h"', '"0s"'),
    "no approval": CONFIG.replace("approval = true", "approval = false"),
    "no protection": CONFIG.replace("approval = true", "approval = true\nprotected = false"),
    "no source": CONFIG.replace('promotes_from = "staging"\n', 'branch = "evil"\n'),
    "another account": CONFIG.replace("222222222222", "111111111111"),
    "another stack": CONFIG.replace("approval = true", 'approval = true\nstack_name = "shop-empty"'),
    "another bucket": CONFIG.replace("approval = true", 'approval = true\nbucket = "evil-bucket"'),
    "another region": CONFIG.replace("approval = true", 'approval = true\nregion = "eu-west-3"'),
    "another branch": CONFIG.replace('branch = "main"', 'branch = "evil"'),
    "production's parameters": CONFIG.replace('"9"', '"0"'),
    "no tests": CONFIG.replace("enabled = true", "enabled = false"),
    "no lint": CONFIG + "[lint]\nenabled = false\n",
    "no probes": CONFIG.partition("[[probes]]")[0],
    "softer probes": CONFIG.replace('contains = "ok"\n', ""),
    "a finding accepted": CONFIG + '[[isolation.accepted]]\nid = "IAM-01"\nreason = "fine"\nexpires = 2099-01-01\n',
    "a key of its own": CONFIG + '[signing]\npublic_key = "evil.pub"\n',
    "a longer verification": CONFIG + '[verify]\ntimeout = "9h"\n',
    "no health": CONFIG.replace("[[probes]]", "[environments.staging.health]\nenabled = false\n\n[[probes]]"),
    "another name": CONFIG.replace('name = "shop"', 'name = "other"', 1),
    "production renamed": CONFIG.replace("environments.production", "environments.prod"),
    "a twin of production": CONFIG
    + '[environments.twin]\naccount = "222222222222"\nstack_name = "twin"\nbranch = "evil"\n',
    "an empty configuration": "",
}


@pytest.fixture(autouse=True)
def _nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("CI", "GITHUB_ACTIONS", "GITLAB_CI", "BITBUCKET_BUILD_NUMBER", "AWS_REGION", "AWS_DEFAULT_REGION"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def remote(tmp_path: Path) -> Clone:
    remote = new_repository(tmp_path / "remote")
    remote.commit(template_yaml="Resources: {}\n", sealift_toml=CONFIG)
    return remote


@pytest.fixture
def clone(remote: Clone, tmp_path: Path) -> Clone:
    """A clone in which a hostile branch is checked out."""
    clone = cloned(remote, tmp_path / "clone")
    clone.git("checkout", "-q", "-b", "evil")
    return clone


def counting(clone: Clone, *, local: bool = False) -> App:
    return load_effective(clone.root, local=local)


def gates(app: App) -> tuple[object, ...]:
    """Return everything but what belongs to the work tree."""
    return (app.name, app.environments, app.lint, app.unit_tests, app.probes, app.accepted, app.signing)


@pytest.mark.parametrize("attack", sorted(ATTACKS))
def test_it_counts_for_nothing(remote: Clone, clone: Clone, attack: str):
    clone.commit(sealift_toml=ATTACKS[attack])
    app = counting(clone)
    assert gates(app) == gates(counting(remote))
    assert app.gates.differences or app.gates.left_out


@pytest.mark.parametrize("attack", sorted(ATTACKS))
def test_it_counts_for_nothing_when_it_is_only_in_the_work_tree(remote: Clone, tmp_path: Path, attack: str):
    clone = cloned(remote, tmp_path / "clone")
    clone.write("sealift.toml", ATTACKS[attack])
    assert gates(counting(clone)) == gates(counting(remote))


def test_what_is_merged_counts(remote: Clone, clone: Clone):
    clone.commit(sealift_toml=ATTACKS["no soak"])
    remote.git("fetch", "--quiet", str(clone.root), "evil:evil")
    remote.git("merge", "--quiet", "--ff-only", "evil")
    clone.git("fetch", "--quiet")
    app = counting(clone)
    assert (app.environments[0].soak_s, app.gates.differences) == (0.0, ())


def test_the_commit_that_gates_were_read_from_is_known(remote: Clone, clone: Clone):
    app = counting(clone)
    assert (app.gates.reference, app.gates.commit) == ("origin/main", remote.git("rev-parse", "HEAD"))


def test_deleting_the_configuration_changes_no_gate(remote: Clone, clone: Clone):
    clone.git("rm", "--quiet", "sealift.toml")
    clone.commit()
    assert gates(counting(clone)) == gates(counting(remote))


def test_moving_the_configuration_to_pyproject_changes_no_gate(remote: Clone, clone: Clone):
    clone.git("rm", "--quiet", "sealift.toml")
    clone.commit(pyproject_toml='[tool.sealift.environments.production]\nbranch = "evil"\n')
    assert gates(counting(clone)) == gates(counting(remote))


def test_gates_in_pyproject_count_as_well(tmp_path: Path):
    remote = new_repository(tmp_path / "remote")
    config = '[tool.sealift.environments.staging]\nbranch = "main"\nsoak = "1h"\n'
    remote.commit(template_yaml="Resources: {}\n", pyproject_toml=config)
    clone = cloned(remote, tmp_path / "clone")
    clone.commit(pyproject_toml=config.replace("1h", "0s"))
    assert counting(clone).environments[0].soak_s == 3600


def test_a_region_in_samconfig_changes_no_gate(clone: Clone):
    clone.commit(samconfig_toml='[default.deploy.parameters]\nregion = "eu-west-3"\n')
    assert {e.region for e in counting(clone).environments} == {"us-east-1"}


def test_a_template_that_the_protected_branch_lacks_is_content(clone: Clone):
    clone.git("mv", "template.yaml", "stack.yaml")
    clone.commit(sealift_toml=CONFIG.replace('name = "shop"', 'name = "shop"\ntemplate = "stack.yaml"', 1))
    app = counting(clone)
    assert (app.stacks[0].template, app.gates.differences) == ("stack.yaml", ())


def test_the_folder_of_an_application_has_its_own_configuration(tmp_path: Path):
    remote = new_repository(tmp_path / "remote")
    remote.write("shop/sealift.toml", CONFIG)
    remote.write("shop/template.yaml", "Resources: {}\n")
    remote.commit(sealift_toml="[app]\nname = 'other'\n")
    clone = cloned(remote, tmp_path / "clone")
    clone.write("shop/sealift.toml", ATTACKS["no soak"])
    clone.commit()
    assert load_effective(clone.root / "shop", local=False).environments[0].soak_s == 3600


def test_a_broken_file_on_the_protected_branch_is_a_problem_and_no_crash(remote: Clone, tmp_path: Path):
    remote.commit(sealift_toml="environments = nonsense")
    clone = cloned(remote, tmp_path / "clone")
    clone.commit(sealift_toml=CONFIG)
    app = counting(clone)
    assert "origin/main cannot be used: sealift.toml is not valid TOML" in app.gates.problem


def test_a_protected_branch_without_configuration_is_a_problem(tmp_path: Path):
    remote = new_repository(tmp_path / "remote")
    remote.commit(template_yaml="Resources: {}\n")
    clone = cloned(remote, tmp_path / "clone")
    clone.commit(sealift_toml=CONFIG)
    assert "origin/main has no Sealift configuration" in counting(clone).gates.problem


def test_a_signature_is_checked_with_the_key_of_the_protected_branch(remote: Clone, tmp_path: Path):
    remote.commit(sealift_toml=CONFIG + '[signing]\npublic_key = "release.pub"\n', release_pub="THE KEY\n")
    clone = cloned(remote, tmp_path / "clone")
    clone.commit(release_pub="AN EVIL KEY\n")
    assert load_keys(counting(clone)).public == b"THE KEY\n"


def test_on_the_embedded_cloud_a_hostile_branch_has_the_same_gates(clone: Clone):
    clone.commit(sealift_toml=ATTACKS["no soak"])
    assert counting(clone, local=True).environments[0].soak_s == 3600


def test_on_the_embedded_cloud_the_protected_branch_tries_what_is_not_committed(remote: Clone, tmp_path: Path):
    clone = cloned(remote, tmp_path / "clone")
    clone.write("sealift.toml", ATTACKS["no soak"])
    assert counting(clone, local=True).environments[0].soak_s == 0


def test_a_work_tree_that_is_broken_is_still_an_error(clone: Clone):
    clone.commit(sealift_toml="nonsense")
    with pytest.raises(ConfigError):
        counting(clone)
