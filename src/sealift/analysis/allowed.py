"""Which variables a program gets that the tree can influence: an allow-list; and what to cover besides. Pure."""

from collections.abc import Mapping, Sequence
from urllib.parse import urlsplit

from sealift.analysis.redact import is_secret

# fmt: off
_SAID = frozenset((
    "LANG", "LANGUAGE", "TZ", "TERM", "COLUMNS", "NO_COLOR", "FORCE_COLOR", "CI", "SOURCE_DATE_EPOCH", "AWS_REGION",
    "AWS_DEFAULT_REGION", "PYTHONUTF8",
))
_PLACES = frozenset((
    "PATH", "TMPDIR", "USER", "LOGNAME", "SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE",
    "NODE_EXTRA_CA_CERTS", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "http_proxy", "https_proxy",
    "all_proxy", "no_proxy", "XDG_CACHE_HOME", "XDG_DATA_HOME", "PYENV_ROOT", "ASDF_DIR", "ASDF_DATA_DIR", "NVM_DIR",
    "VOLTA_HOME", "JAVA_HOME", "CARGO_HOME", "RUSTUP_HOME", "GOPATH", "GOCACHE", "PIP_CERT", "GIT_SSL_CAINFO",
    "NIX_SSL_CERT_FILE", "AWS_CA_BUNDLE", "PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL",
))
"""Where something is on a machine: a result that travels cannot depend on that."""
# fmt: on
_INSTALLING = ("UV_", "npm_config_", "NPM_CONFIG_")
_BEGINNINGS = ("LC_", *_INSTALLING)
"""Settings of the tools that install; those whose name or address holds a secret are not among them."""
_CREDENTIALS = (
    *(".aws", ".ssh", ".gnupg", ".docker", ".kube", ".azure", ".config/gh", ".config/glab-cli", ".config/gcloud"),
    *(".netrc", ".npmrc", ".pypirc", ".git-credentials", ".config/git/credentials", ".config/pip/pip.conf", ".pgpass"),
    *(".terraform.d", ".config/hub", ".bash_history", ".zsh_history", ".python_history", ".local/share/fish"),
    *(".local/share/uv/credentials", ".config/pypoetry", ".yarnrc.yml", ".bunfig.toml", ".cargo/credentials.toml"),
    *(".m2/settings.xml", ".gem/credentials", ".config/containers/auth.json", ".vault-token", ".config/sops"),
    *(".local/share/keyrings", ".password-store", ".config/op", ".serverlessrc", ".psql_history", ".my.cnf"),
)
_NAMED_FILES = (
    *("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE", "AWS_WEB_IDENTITY_TOKEN_FILE", "NETRC", "KUBECONFIG"),
    *(
        "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
        "GOOGLE_APPLICATION_CREDENTIALS",
        "DOCKER_CONFIG",
        "NPM_CONFIG_USERCONFIG",
    ),
    *("SSH_AUTH_SOCK", "PIP_CONFIG_FILE", "PGPASSFILE", "REGISTRY_AUTH_FILE"),
    # What is written there, later steps of the job get as variables and as programs.
    *("GITHUB_ENV", "GITHUB_PATH", "GITHUB_OUTPUT", "GITHUB_STATE"),
)
_AGENTS = ("keyring", "gnupg", "bus")
"""Below XDG_RUNTIME_DIR: what hands out the keys and passwords of the person."""
_MACHINE = ("/var/run/secrets", "/opt/atlassian/pipelines/agent/ssh")
"""Of a service account of Kubernetes, and of a step of Bitbucket."""


BELIEVED = ("checks/reports", "parsed", "rendered", "ledgers")
"""Folders of Sealift's cache: what tools and tests said, templates as they were read, where ledgers ended."""


def allowed(env: Mapping[str, str], variables: Sequence[str] = ()) -> dict[str, str]:
    """Return the variables of `env` that a program gets: those of the allow-list and those a team named itself.

    Where tools keep what they downloaded is named, because the program's HOME is another one.
    """
    home = env.get("HOME") or "/nonexistent"
    caches, data = env.get("XDG_CACHE_HOME") or f"{home}/.cache", env.get("XDG_DATA_HOME") or f"{home}/.local/share"
    places = {
        "UV_CACHE_DIR": f"{caches}/uv",
        "UV_PYTHON_INSTALL_DIR": f"{data}/uv/python",
        "UV_TOOL_DIR": f"{data}/uv/tools",
        "PYENV_ROOT": f"{home}/.pyenv",
        "npm_config_cache": f"{home}/.npm",
    }
    kept = {name: value for name, value in env.items() if _is_harmless(name, value)}
    return {**places, **kept, **{name: env[name] for name in variables if name in env}}


def surroundings(env: Mapping[str, str], variables: Sequence[str] = ()) -> tuple[str, ...]:
    """Return the variables that a program gets and its result may depend on, as `NAME=value`."""
    given = {name for name in env if _is_harmless(name, env[name]) and not name.startswith(_INSTALLING)} - _PLACES
    return tuple(f"{name}={env.get(name)}" for name in sorted(given | set(variables)))


def _is_harmless(name: str, value: str) -> bool:
    if name not in _SAID | _PLACES and not (name.startswith(_BEGINNINGS) and not is_secret(name)):
        return False
    return not any(_has_password(part) for part in value.split()) and not name.lower().endswith("userconfig")


def _has_password(address: str) -> bool:
    try:
        return "://" in address and urlsplit(address).password is not None
    except ValueError:
        return True


def covered(env: Mapping[str, str], files: Sequence[str] = ()) -> list[str]:
    """Return the files and folders that hold credentials of the person or the job, but for those a team named."""
    home = env.get("HOME") or "/nonexistent"
    named = [env[name] for name in _NAMED_FILES if env.get(name, "").startswith("/")]
    kept = [path for path in named if not path.startswith("/dev/")]
    left = {f"{home}/{name[2:]}" if name.startswith("~/") else name for name in files}
    runtime, project = env.get("XDG_RUNTIME_DIR"), env.get("CI_PROJECT_DIR")
    agents = [f"{runtime}/{name}" for name in _AGENTS] if runtime else []
    # GitLab keeps variables of the kind "file" beside the project's folder.
    variables = [f"{project}.tmp"] if project and env.get("GITLAB_CI") else []
    # What a change leaves there, a later commit would believe: that its tests passed, that its template is another.
    caches = env.get("XDG_CACHE_HOME") or f"{home}/.cache"
    said = [f"{caches}/sealift/{name}" for name in BELIEVED]
    places = dict.fromkeys([*(f"{home}/{name}" for name in _CREDENTIALS), *kept, *agents, *variables, *_MACHINE, *said])
    return [place for place in places if place not in left]
