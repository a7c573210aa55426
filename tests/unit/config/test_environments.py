"""What `[environments]` means, defaults included."""

from pathlib import Path

import pytest

from sealift.config.load import Source, load_app
from sealift.errors import ConfigError
from sealift.model.app import App, Health


def _load(root: Path, text: str) -> App:
    return load_app(root, source=Source(file="sealift.toml", text=text))


def test_only_declared_environments_exist(app_folder: Path) -> None:
    app = _load(app_folder, "[environments.dev]\n")
    assert [e.name for e in app.environments] == ["dev"]
    assert (app.environments[0].branch, app.environments[0].soak_s) == ("main", 0.0)


def test_names_of_staging_and_production_keep_their_defaults(app_folder: Path) -> None:
    app = _load(app_folder, "[environments.production]\n[environments.staging]\nsoak = '1d'\n")
    production, staging = app.environments
    assert (production.promotes_from, production.protected) == ("staging", True)
    assert (staging.branch, staging.soak_s) == ("main", 86400.0)


def test_production_promotes_from_the_only_other_environment(app_folder: Path) -> None:
    app = _load(app_folder, "[environments.test]\n[environments.production]\n")
    assert app.environments[1].promotes_from == "test"
    assert (app.environments[0].branch, app.environments[0].soak_s) == ("main", 600.0)


def test_production_with_a_branch_of_its_own_promotes_from_none(app_folder: Path) -> None:
    app = _load(app_folder, "[environments.staging]\n[environments.production]\nbranch = 'release'\n")
    assert (app.environments[1].promotes_from, app.environments[1].branch) == (None, "release")
    assert app.environments[1].protected


def test_with_several_first_environments_only_staging_has_a_branch(app_folder: Path) -> None:
    app = _load(app_folder, "[environments.dev]\n[environments.staging]\n[environments.production]\n")
    assert [e.branch for e in app.environments] == [None, "main", None]


def test_everything_that_can_be_said_of_an_environment_arrives(app_folder: Path) -> None:
    app = _load(
        app_folder,
        """
        [parameters]
        Level = "info"
        Size = 3
        [environments.staging]
        account = "012345678901"
        region = "eu-central-1"
        stack_name = "Shop-Stage"
        bucket = "shop-artifacts"
        branch = "develop"
        soak = "1h30m"
        approval = true
        protected = true
        watch = "5m"
        parameters = { Level = "debug", Names = ["a", "b"], On = true }
        tags.team = "shop"
        stacks.app.parameters.Extra = "1"
        """,
    )
    (staging,) = app.environments
    assert staging.account == "012345678901"
    assert (staging.region, staging.stack_name, staging.bucket) == ("eu-central-1", "Shop-Stage", "shop-artifacts")
    assert (staging.branch, staging.soak_s, staging.watch_s) == ("develop", 5400.0, 300.0)
    assert (staging.approvals, staging.protected) == (1, True)
    assert staging.parameters == {"Level": "debug", "Size": "3", "Names": "a,b", "On": "true"}
    assert (staging.tags, staging.stack_parameters) == ({"team": "shop"}, {"app": {"Extra": "1"}})


def test_health_is_taken_over(app_folder: Path) -> None:
    app = _load(
        app_folder,
        """
        [environments.staging.health]
        alarms = ["Errors", "shop-slow"]
        max_error_rate = 0.005
        max_latency = "800ms"
        min_requests = 100
        compare = false
        """,
    )
    (staging,) = app.environments
    assert staging.health == Health(
        alarms=("Errors", "shop-slow"),
        max_error_rate=0.005,
        max_latency_ms=800,
        min_requests=100,
        compare=False,
    )


@pytest.mark.parametrize("wrong", ["1.5", "-0.1", "true", '"1%"', "nan"])
def test_an_error_rate_is_a_number_from_0_to_1(app_folder: Path, wrong: str) -> None:
    with pytest.raises(ConfigError, match=r"max_error_rate.* must be a number from 0 to 1, such as 0\.01"):
        _load(app_folder, f"[environments.staging.health]\nmax_error_rate = {wrong}\n")


def test_several_stacks_keep_their_order_and_needs(app_folder: Path) -> None:
    (app_folder / "data.yaml").write_text("{}")
    app = _load(
        app_folder,
        """
        [[stacks]]
        name = "data"
        template = "data.yaml"
        [[stacks]]
        name = "api"
        template = "template.yaml"
        needs = "data"
        parameters = { Port = 80 }
        """,
    )
    data, api = app.stacks
    assert (data.needs, api.needs, api.parameters) == ((), ("data",), {"Port": "80"})
    assert app.stack_name(app.environments[0], api) == "orders-staging-api"


def test_tests_probes_hooks_and_lint_arrive(app_folder: Path) -> None:
    app = _load(
        app_folder,
        """
        [lint]
        enabled = false
        [tests.unit]
        command = "pytest -x 'my tests'"
        requirements = "dev.txt"
        timeout = "90s"
        python = "3.12"
        [tests.acceptance]
        enabled = true
        path = "e2e"
        environments = ["staging"]
        [[probes]]
        url = "${Api}/health"
        max_latency = "800ms"
        headers = { Accept = "text/plain" }
        [[probes]]
        name = "create"
        method = "POST"
        url = "https://example.com"
        body = ""
        status = 201
        contains = "id"
        environments = ["staging"]
        [verify]
        timeout = "2m"
        [hooks]
        before_deploy = "make migrate"
        after_deploy = ["make warm", "make tell"]
        """,
    )
    assert app.lint == "off"
    assert app.unit_tests.command == ("pytest", "-x", "my tests")
    assert (app.unit_tests.requirements, app.unit_tests.timeout_s, app.unit_tests.python) == (
        ("dev.txt",),
        90.0,
        "3.12",
    )
    assert (app.acceptance_tests.enabled, app.acceptance_tests.path) == ("on", "e2e")
    assert app.acceptance_tests.environments == ("staging",)
    health, create = app.probes
    assert (health.name, health.max_latency_ms, health.status) == ("GET ${Api}/health", 800, 200)
    assert health.headers == {"Accept": "text/plain"}
    assert (create.method, create.body, create.status, create.contains) == ("POST", "", 201, "id")
    assert app.verify_timeout_s == 120.0
    assert (app.hooks.before_deploy, app.hooks.after_deploy) == (("make migrate",), ("make warm", "make tell"))


def test_pyproject_can_hold_the_configuration(app_folder: Path) -> None:
    (app_folder / "pyproject.toml").write_text('[project]\nname = "x"\n[tool.sealift.app]\nname = "shop"\n')
    app = load_app(app_folder)
    assert (app.name, app.config_path) == ("shop", "pyproject.toml")


def test_a_pyproject_that_only_mentions_us_is_not_the_configuration(app_folder: Path) -> None:
    (app_folder / "pyproject.toml").write_text('[dependency-groups]\ndev = ["sealift"]\n')
    assert load_app(app_folder).config_path is None


def test_a_given_source_goes_before_the_folders_own_file(app_folder: Path) -> None:
    (app_folder / "sealift.toml").write_text('[app]\nname = "changed"\n')
    assert load_app(app_folder, source=Source(file="sealift.toml", text="[app]\nname = 'kept'\n")).name == "kept"


def test_without_a_table_there_are_no_previews(app_folder: Path) -> None:
    app = _load(app_folder, "[environments.dev]\n")
    assert app.previews is None
    assert app.proved == app.environments


def test_previews_are_one_environment_that_is_proved_and_not_deployed_to(app_folder: Path) -> None:
    role = "arn:aws:iam::333333333333:role/previews"
    text = f"[parameters]\nTax = 1\n[previews]\naccount = '333333333333'\nuntrusted = true\nrole = '{role}'\n"
    text += "parameters = { Size = 2 }\n"
    app = _load(app_folder, text)
    previews = app.previews
    assert previews is not None
    assert (previews.name, previews.kind, previews.stack_name) == ("pr-*", "preview", "orders-pr-*")
    assert (previews.account, previews.untrusted, previews.acting) == ("333333333333", True, (role,))
    assert previews.parameters == {"Tax": "1", "Size": "2"}
    assert app.environment("pr-*") is None
    assert [e.name for e in app.proved] == ["staging", "production", "pr-*"]


def test_a_stack_in_another_account_may_be_called_like_a_preview(app_folder: Path) -> None:
    own = "[environments.pull]\naccount = '444444444444'\nstack_name = 'orders-pr-12'\n"
    text = f"[previews]\naccount = '333333333333'\n{own}"
    assert _load(app_folder, text).environments[0].stack_name == "orders-pr-12"


@pytest.mark.parametrize("name", ["pr-12", "pr-b0123456789", "previews"])
def test_an_environment_is_not_called_like_a_preview(app_folder: Path, name: str) -> None:
    with pytest.raises(ConfigError) as refused:
        _load(app_folder, f"[previews]\naccount = '333333333333'\n[environments.{name}]\naccount = '444444444444'\n")
    assert "name that a preview would have" in refused.value.message


def test_thousands_of_environments_are_refused_with_what_they_would_cost(app_folder: Path) -> None:
    many = "".join(f"[environments.e{number}]\n" for number in range(3000))
    with pytest.raises(ConfigError) as error:
        _load(app_folder, many)
    assert "8,997,000 pairs" in error.value.message
    assert error.value.message.count("\n") == 1


def test_five_hundred_environments_are_taken(app_folder: Path) -> None:
    many = "".join(f"[environments.e{n}]\naccount = '{111111111111 + n}'\n" for n in range(500))
    assert len(_load(app_folder, many).environments) == 500
