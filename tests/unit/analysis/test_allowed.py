"""Which variables a program of the tree gets: those of a list, and no others whatever they are called."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sealift.analysis.allowed import allowed, covered

PLACES = {"UV_CACHE_DIR", "UV_PYTHON_INSTALL_DIR", "UV_TOOL_DIR", "PYENV_ROOT", "npm_config_cache"}


@given(st.text(alphabet="ABCDEFGHIJKLMNOPQRSTUVWXYZ_", min_size=1, max_size=30))
def test_a_name_that_nobody_listed_is_left_out(name: str) -> None:
    kept = set(allowed({f"X_{name}": "value", f"AWS_{name}": "value", "PATH": "/bin"}))
    assert kept - PLACES == {"PATH"}


@pytest.mark.parametrize(
    "name",
    [
        *(
            "AWS_SECRET_ACCESS_KEY",
            "AWS_PROFILE",
            "aws_region",
            "SEALIFT_ENV",
            "DATABASE_URL",
            "DEPLOY_KEY",
            "PGPASSWORD",
        ),
        *(
            "ACTIONS_ID_TOKEN_REQUEST_URL",
            "ACTIONS_ID_TOKEN_REQUEST_TOKEN",
            "BITBUCKET_STEP_OIDC_TOKEN",
            "CI_JOB_TOKEN",
        ),
        *("UV_INDEX_OURS_PASSWORD", "UV_PUBLISH_TOKEN", "NPM_TOKEN", "NPM_CONFIG__AUTH", "npm_config_userconfig"),
        *("SSH_AUTH_SOCK", "HOME", "PYTHONPATH", "LD_PRELOAD", "NODE_OPTIONS", "GIT_SSH_COMMAND", "PYTHONSTARTUP"),
    ],
)
def test_no_credential_passes_unless_the_team_names_it(name: str) -> None:
    assert name not in allowed({name: "value", "HOME": "/home/ann"})
    assert allowed({name: "value"}, [name])[name] == "value"


@pytest.mark.parametrize("name", ["PIP_INDEX_URL", "UV_INDEX_URL", "HTTPS_PROXY"])
def test_an_address_with_a_password_is_left_out_and_one_without_is_kept(name: str) -> None:
    assert name not in allowed({name: "https://ann:hunter2@packages.example/simple"})
    assert allowed({name: "https://packages.example/simple"})[name] == "https://packages.example/simple"


def test_what_tools_downloaded_is_found_although_home_is_another_one() -> None:
    given = allowed({"HOME": "/home/ann"})
    assert given["UV_CACHE_DIR"] == "/home/ann/.cache/uv"
    assert allowed({"HOME": "/home/ann", "UV_CACHE_DIR": "/c"})["UV_CACHE_DIR"] == "/c"
    assert allowed({"HOME": "/home/ann", "XDG_CACHE_HOME": "/x"})["UV_CACHE_DIR"] == "/x/uv"


def test_files_with_credentials_are_covered_but_for_those_the_team_lets_through() -> None:
    env = {"HOME": "/home/ann", "AWS_WEB_IDENTITY_TOKEN_FILE": "/tmp/token", "AWS_CONFIG_FILE": "/dev/null"}
    places = covered(env)
    assert {"/home/ann/.aws", "/home/ann/.npmrc", "/tmp/token"} <= set(places)
    assert "/dev/null" not in places
    assert "/home/ann/.npmrc" not in covered(env, ["~/.npmrc"])


def test_what_hands_out_credentials_or_changes_later_steps_is_covered() -> None:
    env = {
        "HOME": "/home/ann",
        "XDG_RUNTIME_DIR": "/run/user/1000",
        "SSH_AUTH_SOCK": "/tmp/ssh-x/agent.1",
        "GITHUB_ENV": "/tmp/_runner_file_commands/set_env_1",
        "GITLAB_CI": "true",
        "CI_PROJECT_DIR": "/builds/acme/shop",
    }
    agents = {"/run/user/1000/keyring", "/run/user/1000/gnupg", "/run/user/1000/bus", "/tmp/ssh-x/agent.1"}
    assert agents | {"/tmp/_runner_file_commands/set_env_1", "/builds/acme/shop.tmp"} <= set(covered(env))
    assert "/tmp/ssh-x/agent.1" not in covered(env, ["/tmp/ssh-x/agent.1"])
