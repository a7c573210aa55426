"""What can be known of an application without any configuration: its template, its name, its region."""

import json
import re
import tomllib
from pathlib import Path

from sealift.errors import ConfigError

TEMPLATE_NAMES = ("template.yaml", "template.yml", "template.json")
_NOT_SOURCE = {".aws-sam", ".venv", "venv", "node_modules", "build", "dist", "cdk.out", ".serverless", "tests", "test"}
MAX_NAME = 100
"""A stack name has at most 128 characters, and environment and stack names are added to this one."""


def find_template(root: Path) -> str:
    """Return the template's path relative to `root`. Raises ConfigError when there is none, or more than one.

    Build output (`.aws-sam/`, packaged.yaml, output.yaml) is not the application and never chosen.
    """
    for name in TEMPLATE_NAMES:
        if (root / name).is_file():
            return name
    below = sorted(
        f"{folder.name}/{name}"
        for folder in (root.iterdir() if root.is_dir() else ())
        if folder.is_dir() and folder.name not in _NOT_SOURCE and not folder.name.startswith(".")
        for name in TEMPLATE_NAMES
        if (folder / name).is_file()
    )
    if len(below) == 1:
        return below[0]
    if below:
        raise ConfigError(
            f"there are {len(below)} templates in {root}, and nothing says which one is meant: {', '.join(below)}",
            code="template-ambiguous",
            hint='name it in sealift.toml, [app] template = "…", or declare several as [[stacks]]',
            context={"templates": below},
        )
    raise ConfigError(
        f"there is no template in {root}: none of {', '.join(TEMPLATE_NAMES)} is there or one folder below",
        code="template-not-found",
        hint='name it in sealift.toml, [app] template = "…", or give the folder of the application with -C',
        context={"folder": str(root)},
    )


def app_name(root: Path) -> str:
    """Return a valid name made of the folder's name, or of the repository's when the folder is its top.

    A CI system checks out into a folder of its own naming (`build`), so the name of the remote is better there.
    """
    resolved = root.resolve()
    return as_name(_repository_name(resolved) or resolved.name)


def as_name(text: str) -> str:
    """Return `text` as lower-case letters, digits and dashes that begin with a letter."""
    name = re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")
    name = re.sub(r"^[0-9-]+", "", name)[:MAX_NAME].rstrip("-")
    return name or "app"


def _repository_name(root: Path) -> str | None:
    config = root / ".git" / "config"
    if not config.is_file():
        return None
    text = config.read_text(errors="replace")
    remote = re.search(r'^\[remote "origin"\][^\[]*?^\s*url\s*=\s*(\S+)', text, re.MULTILINE)
    if remote is None:
        return None
    return remote[1].rstrip("/").removesuffix(".git").replace(":", "/").rsplit("/", 1)[-1] or None


def samconfig_region(root: Path) -> str | None:
    """Return the region that samconfig.toml names for its default environment, or None."""
    try:
        data = tomllib.loads((root / "samconfig.toml").read_text())
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError):
        return None
    default = json.loads(json.dumps(data, default=str)).get("default", {})
    for command in ("deploy", "global"):
        section = default.get(command, {}) if isinstance(default, dict) else {}
        values = section.get("parameters", {}) if isinstance(section, dict) else {}
        region = values.get("region") if isinstance(values, dict) else None
        if isinstance(region, str) and region:
            return region
    return None
