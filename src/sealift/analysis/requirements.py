"""Finds what tests need installed: which files say it, and what they say where uv cannot read them."""

import json
import posixpath
import re
import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import PurePosixPath

LOCAL_PATH = re.compile(r"^\s*(?:-e\b|--editable\b|\.{0,2}/|\.\s*$|file:|[\w.-]+\s*@\s*file:)", re.MULTILINE)
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
    """Return the dependencies in Poetry's own tables as requirements, those of groups for tests included."""
    poetry = _table(_table(_toml(pyproject), "tool"), "poetry")
    tables = [_table(poetry, "dependencies"), _table(poetry, "dev-dependencies")]
    tables += [
        _table(group, "dependencies")
        for name, group in _table(poetry, "group").items()
        if name in GROUPS and isinstance(group, dict)
    ]
    return tuple(dict.fromkeys(line for table in tables for line in _lines(table)))


def pipfile_requirements(lock: str) -> tuple[str, ...]:
    """Return the pins of a Pipfile.lock, its development packages included. Empty when it cannot be read."""
    try:
        data = json.loads(lock)
    except ValueError:
        return ()
    found: dict[str, str] = {}
    for section in ("default", "develop"):
        for name, spec in _table(data, section).items():
            if isinstance(spec, dict) and isinstance(spec.get("version"), str):
                extras = f"[{','.join(spec['extras'])}]" if isinstance(spec.get("extras"), list) else ""
                marker = f" ; {spec['markers']}" if isinstance(spec.get("markers"), str) else ""
                found.setdefault(name, f"{name}{extras}{spec['version']}{marker}")
    return tuple(found.values())


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
    names = {_canonical(name) for name in re.findall(r"[A-Za-z0-9][A-Za-z0-9._-]*", declared)}
    return tuple(one for one in packages if _canonical(one.partition("[")[0]) not in names)


def _canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _lines(table: Mapping[str, object]) -> Iterator[str]:
    for name, spec in table.items():
        if name.lower() == "python":
            continue
        version = spec if isinstance(spec, str) else spec.get("version") if isinstance(spec, dict) else None
        extras = spec.get("extras") if isinstance(spec, dict) else None
        if isinstance(spec, dict) and ("path" in spec or "git" in spec or "url" in spec):
            if "git" in spec:
                yield f"{name} @ git+{spec['git']}" + (f"@{spec['rev']}" if "rev" in spec else "")
            continue
        chosen = f"[{','.join(map(str, extras))}]" if isinstance(extras, list) else ""
        yield f"{name}{chosen}{poetry_version(version or '*')}"


def poetry_version(text: str) -> str:
    """Return Poetry's version constraint as a standard one. https://python-poetry.org/docs/dependency-specification/"""
    return ",".join(_clause(part.strip()) for part in text.split(",") if part.strip() not in ("*", ""))


def _clause(text: str) -> str:
    found = re.fullmatch(r"(\^|~)?\s*(\d+(?:\.\d+)*)", text)
    if found is None:
        return text.replace(" ", "")
    mark, version = found[1], found[2]
    if mark is None:
        return f"=={version}"
    numbers = [int(one) for one in version.split(".")]
    if mark == "~":
        kept = min(len(numbers), 2) - 1
    else:
        kept = next((index for index, one in enumerate(numbers) if one), len(numbers) - 1)
    upper = [*numbers[:kept], numbers[kept] + 1]
    return f">={version},<{'.'.join(map(str, upper))}"


def _toml(text: str) -> Mapping[str, object]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return {}


def _table(data: object, name: str) -> Mapping[str, object]:
    value = data.get(name) if isinstance(data, Mapping) else None
    return value if isinstance(value, Mapping) else {}
