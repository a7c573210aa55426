"""Finds what tests need installed: which files say it, and what they say where uv cannot read them."""

import posixpath
import re
import tomllib
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import PurePosixPath

from sealift.analysis import poetry
from sealift.analysis.foreign_locks import constraints, from_pipfile_lock, from_pylock, without_hashes
from sealift.analysis.locks import normalized, of_its_format
from sealift.errors import BuildError

LOCAL_PATH = re.compile(r"^\s*(?:-e\b|--editable\b|\.{0,2}/|\.\s*$|file:|[\w.-]+\s*@\s*file:)", re.MULTILINE)
_FOLDER = re.compile(r"^[./~]|@\s*[./~]|@\s*[^:\s]*$")
"""What is in a requirement that is a path."""
INCLUDE = re.compile(r"^\s*(?:-r|-c|--requirement|--constraint)[\s=]+(\S+)", re.MULTILINE)
GROUPS = ("dev", "develop", "development", "test", "tests", "testing", "unit", "ci")
"""Dependency groups and extras that are for tests."""
_DEVELOPMENT = re.compile(
    r"(?:requirements|deps)[-_.]?(?:dev|test|tests|testing|ci|local)|(?:dev|test|tests)[-_.]?requirements"
)
KNOWN_IMPORTS: Mapping[str, str] = {
    "aws_lambda_powertools": "aws-lambda-powertools[all]",
    "aws_xray_sdk": "aws-xray-sdk",
    "boto3": "boto3",
    "botocore": "boto3",
    "crhelper": "crhelper",
    "freezegun": "freezegun",
    "jsonschema": "jsonschema",
    "mock": "mock",
    "moto": "moto[all]",
    "parameterized": "parameterized",
    "pytest_mock": "pytest-mock",
    "requests": "requests",
    "requests_mock": "requests-mock",
    "responses": "responses",
    "yaml": "pyyaml",
}
"""Packages that tests of Lambda functions use without anybody declaring them: they come with the runtime, with a
layer, or with the sentence `pip install pytest pytest-mock` in a readme."""


def is_function_requirements(path: str) -> bool:
    """Whether the file says what deployed code needs."""
    return PurePosixPath(path).name == "requirements.txt"


def is_test_requirements(path: str) -> bool:
    """Whether the file says what development or tests need."""
    pure = PurePosixPath(path)
    if pure.suffix not in (".txt", ".in") or pure.name == "requirements.txt":
        return False
    in_folder = pure.parent.name == "requirements" and pure.stem in GROUPS
    in_tests = pure.parts[0] in ("tests", "test") and pure.stem.startswith("requirements")
    return pure.suffix == ".txt" and (in_folder or in_tests or bool(_DEVELOPMENT.fullmatch(pure.stem)))


def pyproject_arguments(text: str, path: str) -> tuple[str, ...]:
    """Return the arguments of `uv pip install` for a pyproject.toml: its dependencies and its groups for tests."""
    data = _toml(text)
    project, groups = _table(data, "project"), _table(data, "dependency-groups")
    arguments: list[str] = []
    if project.get("dependencies") or project.get("optional-dependencies"):
        arguments += ["-r", path]
        arguments += [
            word for one in _table(project, "optional-dependencies") if one in GROUPS for word in ("--extra", one)
        ]
    for group in groups:
        if group in GROUPS:
            arguments += ["--group", f"{path}:{group}"]
    return tuple(arguments)


def poetry_requirements(pyproject: str) -> tuple[str, ...]:
    """Return what a Poetry project asks for, for its tests too, where that is in no folder. Empty when unreadable."""
    with suppress(BuildError), of_its_format("pyproject.toml"):
        if _is_poetry(pyproject):
            return _elsewhere(poetry.poetry_requirements(pyproject, locked=True, groups=GROUPS))
    return ()


def locked_requirements(lock: str, name: str) -> tuple[str, ...]:
    """Return what a Pipfile.lock, for development too, or a pylock.toml names. Empty when unreadable."""
    with suppress(BuildError), of_its_format(name):
        if name == "Pipfile.lock":
            return _elsewhere(from_pipfile_lock(lock, sections=("default", "develop")))
        if name == "pylock.toml":
            return _elsewhere(from_pylock(lock))
    return ()


def lock_constraints(lock: str, name: str) -> tuple[str, ...]:
    """Return `name==version` of every package in a poetry.lock or uv.lock that is locked at one version only."""
    with suppress(BuildError), of_its_format(name):
        if name in ("poetry.lock", "uv.lock"):
            return tuple(constraints(lock).splitlines())
    return ()


def _is_poetry(pyproject: str) -> bool:
    return bool(_table(_table(_toml(pyproject), "tool"), "poetry"))


def _elsewhere(text: str) -> tuple[str, ...]:
    """Return the requirements of a file that name no folder and no option, without hashes."""
    lines = (line for line in without_hashes(text).splitlines() if not line.startswith("-"))
    return tuple(dict.fromkeys(line for line in lines if "://" in line or not _FOLDER.search(line)))


def uv_reason(stderr: str, *, lines: int = 6) -> str:
    """Return why uv could not install, shortened: what stands after its cross or `error:`."""
    kept = [line.strip() for line in stderr.splitlines() if line.strip()]
    start = next((i for i, line in enumerate(kept) if line.startswith("×") or line.lower().startswith("error")), 0)
    told = [re.sub(r"^[×╰─▶│├\s]+|^error:\s*", "", line) for line in kept[start : start + lines]]
    reason = " ".join(line for line in told if line)
    return reason if len(reason) <= 500 else reason[:499] + "…"


def with_absolute_paths(text: str, folder: str, root: str, exists: Callable[[str], bool]) -> str:
    """Return a requirements file with its local paths made absolute, so that it can be read from anywhere.

    pip takes them relative to where it runs, and that is the file's folder for `sam build`, the application's for
    many a Makefile: whichever is there is meant.
    """

    def absolute(found: re.Match[str]) -> str:
        places = [posixpath.normpath(posixpath.join(base, found[2])) for base in (folder, root)]
        return found[1] + next((place for place in places if exists(place)), places[0])

    text = re.sub(r"^(\s*(?:(?:-e|--editable)[\s=]+)?)(\.\S*)", absolute, text, flags=re.MULTILINE)
    return INCLUDE.sub(lambda found: found[0].replace(found[1], posixpath.join(folder, found[1])), text)


def tox_requirements(text: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the requirements of tox.ini's `[testenv]`, and the requirements files it names."""
    section = re.search(r"^\[testenv\][^\n]*\n(.*?)(?=^\[|\Z)", text, re.MULTILINE | re.DOTALL)
    deps = re.search(r"^deps\s*=(.*(?:\n[ \t]+.*|\n[ \t]*(?=\n))*)", section[1] if section else "", re.MULTILINE)
    lines = [line.split(" #")[0].strip() for line in (deps[1] if deps else "").splitlines()]
    files = [
        re.sub(r"^(?:-r|--requirement)[\s=]*(?:\{toxinidir\}/)?", "", one)
        for one in lines
        if one.startswith(("-r", "--r"))
    ]
    plain = [one for one in lines if re.fullmatch(r"[A-Za-z0-9][^{}:]*", one)]
    return tuple(plain), tuple(one for one in files if "{" not in one)


def held_back(sources: Sequence[str], declared: str) -> tuple[str, ...]:
    """Return limits for packages whose version nobody fixed, where the tests are written for an older one of them.

    moto 5 took away the decorators of single services. https://docs.getmoto.org/en/latest/docs/releasenotes.html
    """
    free = re.search(r"""^\s*["']?moto(?:\[[^\]]*\])?["',]*\s*$""", declared, re.MULTILINE)
    if free and any(re.search(r"\bmock_dynamodb2\b", text) for text in sources):
        return ("moto<4",)
    old = re.compile(r"\bmoto\.mock_\w+|^from moto import [^\n]*\bmock_(?!aws)", re.MULTILINE)
    uses_old = any("moto" in text and (found := old.search(text)) and "mock_aws" not in found[0] for text in sources)
    return ("moto<5",) if free and uses_old else ()


def comes_with(python: tuple[int, int]) -> tuple[str, ...]:
    """Return what environments of this Python used to hold by themselves: `pkg_resources`, up to 3.11."""
    return ("setuptools<81",) if python < (3, 12) else ()


def needed_by_imports(sources: Iterable[str]) -> tuple[str, ...]:
    """Return packages of KNOWN_IMPORTS that these Python texts import, and fixtures of pytest-mock they use."""
    found: set[str] = set()
    for text in sources:
        for module in re.findall(r"^\s*(?:from|import)\s+([A-Za-z_]\w*)", text, re.MULTILINE):
            if module in KNOWN_IMPORTS:
                found.add(KNOWN_IMPORTS[module])
        if re.search(r"^\s*(?:async )?def .*\bmocker\b", text, re.MULTILINE):
            found.add("pytest-mock")
    return tuple(sorted(found))


def needed_by_options(settings: str) -> tuple[str, ...]:
    """Return plugins that the project's pytest settings (any file that may hold them) ask for."""
    wants = {
        "pytest-cov": r"--cov\b|--no-cov\b",
        "pytest-xdist": r"addopts.*\s-n[ =]?(?:auto|\d)|--numprocesses",
        "pytest-asyncio": r"^\s*asyncio_mode",
        "pytest-env": r"^\s*env\s*=\s*(?:\n|\[)",
        "pytest-timeout": r"--timeout\b",
        "pytest-html": r"--html\b",
        "pytest-django": r"^\s*DJANGO_SETTINGS_MODULE",
    }
    return tuple(package for package, pattern in wants.items() if re.search(pattern, settings, re.MULTILINE))


def undeclared(packages: Iterable[str], declared: str) -> tuple[str, ...]:
    """Return those packages that no declaration (texts of all requirement files together) mentions."""
    names = {normalized(name) for name in re.findall(r"[A-Za-z0-9][A-Za-z0-9._-]*", declared)}
    return tuple(one for one in packages if normalized(one.partition("[")[0]) not in names)


def _toml(text: str) -> Mapping[str, object]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return {}


def _table(data: object, name: str) -> Mapping[str, object]:
    value = data.get(name) if isinstance(data, Mapping) else None
    return value if isinstance(value, Mapping) else {}
