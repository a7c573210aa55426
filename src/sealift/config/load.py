"""Reads the configuration of an application into an `App`, with sensible defaults for all that is not said."""

import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path

from sealift.config.agree import contradictions
from sealift.config.declare import Surroundings, declared
from sealift.config.discover import (
    SAMCONFIG_NAMES,
    app_name,
    find_template,
    read_text,
    samconfig_region,
    samconfig_texts,
)
from sealift.config.keys import ROOT
from sealift.config.kinds import Problem, checked
from sealift.config.locate import key_lines, line_of
from sealift.errors import ConfigError
from sealift.model.app import App
from sealift.model.values import value

CONFIG_NAME = "sealift.toml"
PYPROJECT_NAME = "pyproject.toml"
FILES = (CONFIG_NAME, PYPROJECT_NAME, *SAMCONFIG_NAMES)
"""Every file that the configuration is read from."""
DEFAULT_REGION = "us-east-1"


@value
class Source:
    """A configuration file's text: of the work tree, or of a commit."""

    file: str
    text: str

    @property
    def prefix(self) -> tuple[str, ...]:
        """Where in the document the configuration begins."""
        return ("tool", "sealift") if self.file == PYPROJECT_NAME else ()


def load_app(root: Path, *, region: str | None = None, source: Source | None = None) -> App:
    """Return the application in folder `root`. Raises ConfigError with every problem at once.

    `region` is the one of the process environment (AWS_REGION); what the project itself says goes before it.
    `source` is read instead of the folder's own configuration.
    """
    source = source or find_source(root)
    found = "" if _names_templates(_document(source)) else find_template(root)
    return _loaded(source, root, template=found, region=samconfig_region(samconfig_texts(root)) or region)


def load_committed(root: Path, files: Mapping[str, str], *, region: str | None = None) -> App | None:
    """Return the application as these files (name to text) of a commit declare it, None when none of them does.

    Templates that they name are not looked for: they may be in that commit alone. Raises ConfigError.
    """
    source = _source(files.get(CONFIG_NAME), files.get(PYPROJECT_NAME, ""))
    if source is None:
        return None
    return _loaded(source, root, template=None, region=samconfig_region(files) or region)


def _loaded(source: Source | None, root: Path, *, template: str | None, region: str | None) -> App:
    """Return what a source declares; without a `template` found, no file is looked for."""
    settings, problems = checked(_document(source), ROOT)
    around = Surroundings(
        root=root,
        config_path=source.file if source else None,
        name=app_name(root),
        region=region or DEFAULT_REGION,
        template=template,
    )
    app = declared(settings, around)
    problems = (*problems, *contradictions(app, settings, look=template is not None))
    if problems:
        raise _config_error(source, problems)
    return app


def find_source(root: Path) -> Source | None:
    """Return the configuration file of a folder, or None. Raises ConfigError when there are two."""
    return _source(read_text(root / CONFIG_NAME), read_text(root / PYPROJECT_NAME) or "")


def _source(own: str | None, pyproject: str) -> Source | None:
    # Most pyproject.toml say nothing of us, and parsing costs more than looking.
    inside = "sealift" in pyproject and _section(Source(file=PYPROJECT_NAME, text=pyproject)) is not None
    if own is not None and inside:
        raise ConfigError(
            f"the configuration is both in {CONFIG_NAME} and in {PYPROJECT_NAME} [tool.sealift]",
            code="config-twice",
            hint="keep one of them",
        )
    if own is not None:
        return Source(file=CONFIG_NAME, text=own)
    return Source(file=PYPROJECT_NAME, text=pyproject) if inside else None


def _document(source: Source | None) -> Mapping[str, object]:
    return _parsed(source) if source else {}


def _names_templates(document: Mapping[str, object]) -> bool:
    return "stacks" in document or "template" in _table(document.get("app"))


def _table(value: object) -> Mapping[str, object]:
    return value if isinstance(value, dict) else {}


def _parsed(source: Source) -> Mapping[str, object]:
    section = _section(source)
    if section is None or isinstance(section, dict):
        return section or {}
    raise ConfigError(f"{source.file}: [tool.sealift] must be a table", code="config-invalid", hint="see the reference")


def _section(source: Source) -> object:
    """Return the configuration within the document, or None. Raises ConfigError when the file is not TOML."""
    try:
        section: object = tomllib.loads(source.text)
    except (ValueError, RecursionError) as error:
        # Not only TOMLDecodeError: a number of thousands of digits, and nesting without end, are refused otherwise.
        raise ConfigError(
            f"{source.file} is not valid TOML: {error}",
            code="config-syntax",
            hint="https://toml.io shows how to write it",
        ) from error
    for part in source.prefix:
        if not isinstance(section, dict) or part not in section:
            return None
        section = section[part]
    return section


def _config_error(source: Source | None, problems: Iterable[Problem]) -> ConfigError:
    """Return one error that says everything, in the order of the file."""
    file = source.file if source else CONFIG_NAME
    lines = key_lines(source.text) if source else {}
    prefix = source.prefix if source else ()
    placed = sorted(((line_of(lines, (*prefix, *one.path)), one) for one in problems), key=lambda pair: pair[0])
    told = [
        f"{file}:{line}: {one.key}: {one.message}" if line else f"{file}: {one.key}: {one.message}"
        for line, one in placed
    ]
    count = "a problem" if len(told) == 1 else f"{len(told)} problems"
    return ConfigError(
        "\n  ".join((f"{file} has {count}:", *told)),
        code="config-invalid",
        hint="`sealift explain` lists every key",
        context={
            "problems": [{"file": file, "line": line, "key": one.key, "message": one.message} for line, one in placed]
        },
    )
