"""What can be known of an application without any configuration: its template, its name, its region."""

import re
import tomllib
from collections.abc import Iterator, Mapping
from itertools import islice
from pathlib import Path

from sealift.cfn.documents import mapping_in
from sealift.config.frameworks import written_by
from sealift.errors import ConfigError

SAMCONFIG_NAMES = ("samconfig.toml", "samconfig.yaml", "samconfig.yml")
TEMPLATE_NAMES = ("template.yaml", "template.yml", "template.json")
_NOT_SOURCE = {".aws-sam", ".venv", "venv", "node_modules", "build", "dist", "cdk.out", ".serverless", "tests", "test"}
_PACKAGED = {"packaged.yaml", "packaged.yml", "output.yaml"}
_SUFFIXES = (".yaml", ".yml", ".json", ".template")
_NAMED, _DEPTH, _BEGIN_BYTES = 4, 3, 2000
MAX_NAME = 100
"""A stack name has at most 128 characters, and environment and stack names are added to this one."""


def find_template(root: Path) -> str:
    """Return the template's path relative to `root`. Raises ConfigError when there is none, or more than one."""
    found = templates_below(root)
    if len(found) == 1:
        return found[0]
    raise ConfigError(
        f"there are {len(found)} templates in {root}, and none is selected: {', '.join(found)}",
        code="template-ambiguous",
        hint='name it in sealift.toml, [app] template = "…", or run: sealift init',
        context={"templates": list(found)},
    )


def templates_below(root: Path) -> tuple[str, ...]:
    """Return the template in `root`, else those one folder below. Raises ConfigError when there is none.

    Build output (`.aws-sam/`, packaged.yaml, output.yaml) is not the application and never chosen.
    """
    for name in TEMPLATE_NAMES:
        if (root / name).is_file():
            return (name,)
    below = [f"{folder.name}/{name}" for folder in _below(root) for name in TEMPLATE_NAMES if (folder / name).is_file()]
    if below:
        return tuple(below)
    for folder, what, hint in _written_elsewhere(root):
        raise ConfigError(
            f"there is no template in {root}: {folder.name + '/' if folder != root else 'it'} is {what}",
            code="template-not-found",
            hint=hint if folder == root else f"go there, or give it with -C {folder.name}: {hint}",
            context={"folder": str(root)},
        )
    raise ConfigError(
        f"there is no template in {root}: none of {', '.join(TEMPLATE_NAMES)} is there or one folder below",
        code="template-not-found",
        hint=_where_else(root),
        context={"folder": str(root)},
    )


def _below(root: Path) -> list[Path]:
    """Return the folders one below that may hold source, by name."""
    folders = (one for one in (root.iterdir() if root.is_dir() else ()) if one.is_dir())
    return sorted(one for one in folders if one.name not in _NOT_SOURCE and not one.name.startswith("."))


def _written_elsewhere(root: Path) -> Iterator[tuple[Path, str, str]]:
    """Yield the folders, `root` first, in which another tool writes the template, with what it is and what to do."""
    for folder in (root, *_below(root)):
        if other := written_by(folder):
            yield folder, *other


def first_templates(root: Path) -> tuple[str, ...]:
    """Return the templates that a first configuration names: samconfig's, those below, or the only file that is one.

    Raises ConfigError when there is none.
    """
    named = [
        str(value) for _, value in samconfig_values(samconfig_data(samconfig_texts(root)), "default", "template_file")
    ]
    for name in named:
        if not {*Path(name).parts} & _NOT_SOURCE and Path(name).name not in _PACKAGED and (root / name).is_file():
            return (Path(name).as_posix(),)
    try:
        return templates_below(root)
    except ConfigError:
        likely = tuple(islice(_likely_templates(root), 2))
        if len(likely) != 1 or next(_written_elsewhere(root), None):
            raise
        return likely


def _where_else(root: Path) -> str:
    """Return what to do when there is no template where it was looked for."""
    for above in _inside_repository(root.resolve()):
        if any((above / name).is_file() for name in (*TEMPLATE_NAMES, "sealift.toml")):
            return f"the application is in {above}: go there, or give that folder with -C"
    likely = list(islice(_likely_templates(root), _NAMED + 1))
    if not likely:
        return 'name it in sealift.toml, [app] template = "…", or give the folder of the application with -C'
    more = ", …" if len(likely) > _NAMED else ""
    return f'name it in sealift.toml, [app] template = "…"; these look like one: {", ".join(likely[:_NAMED])}{more}'


def _inside_repository(folder: Path) -> Iterator[Path]:
    """Yield the folders above one, up to the top of its repository."""
    tops = [above for above in (folder, *folder.parents) if (above / ".git").exists()]
    yield from (above for above in folder.parents if tops and above.is_relative_to(tops[0]))


def _likely_templates(root: Path, deeper: int = _DEPTH) -> Iterator[str]:
    """Yield files that begin like a template, in `root` and some folders below it."""
    folders = []
    for entry in sorted(root.iterdir()) if root.is_dir() else ():
        if entry.is_dir() and entry.name not in _NOT_SOURCE and not entry.name.startswith("."):
            folders.append(entry)
        elif entry.suffix in _SUFFIXES and entry.name not in _PACKAGED and _begins_like_a_template(entry):
            yield entry.name
    for folder in folders if deeper else ():
        yield from (f"{folder.name}/{name}" for name in _likely_templates(folder, deeper - 1))


def _begins_like_a_template(file: Path) -> bool:
    try:
        with file.open("rb") as opened:
            begin = opened.read(_BEGIN_BYTES)
    except OSError:
        return False
    return b"AWSTemplateFormatVersion" in begin or b"AWS::Serverless" in begin


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
    git = _git_folder(root)
    if git is None or not (git / "config").is_file():
        return None
    text = (git / "config").read_text(errors="replace")
    remote = re.search(r'^\[remote "origin"\][^\[]*?^\s*url\s*=\s*(\S+)', text, re.MULTILINE)
    if remote is None:
        return None
    return remote[1].rstrip("/").removesuffix(".git").replace(":", "/").rsplit("/", 1)[-1] or None


def _git_folder(top: Path) -> Path | None:
    """Return the folder with git's own files; in a worktree or submodule `.git` is a file that points there."""
    git = top / ".git"
    if git.is_dir():
        return git
    if not git.is_file():
        return None
    pointed = top / git.read_text(errors="replace").strip().removeprefix("gitdir: ")
    common = pointed / "commondir"
    return pointed / common.read_text(errors="replace").strip() if common.is_file() else pointed


def default_branch(root: Path) -> str:
    """Return the name of the branch that releases come from, as far as the clone shows it; else `main`."""
    top = next((folder for folder in (root, *root.parents) if (folder / ".git").exists()), root)
    git = _git_folder(top)
    if git is None:
        return "main"
    head = git / "refs" / "remotes" / "origin" / "HEAD"
    if head.is_file():
        return head.read_text(errors="replace").strip().removeprefix("ref: refs/remotes/origin/") or "main"
    packed = git / "packed-refs"
    known = packed.read_text(errors="replace") if packed.is_file() else ""
    for name in ("main", "master"):
        if (git / "refs" / "heads" / name).is_file() or re.search(rf"/{name}$", known, re.MULTILINE):
            return name
    return "main"


def read_text(path: Path) -> str | None:
    """Return the text of a file, None when there is no such file. Raises ConfigError when it cannot be read."""
    try:
        return path.read_text(encoding="utf-8-sig")
    except (FileNotFoundError, NotADirectoryError):
        return None
    except UnicodeDecodeError as error:
        raise ConfigError(
            f"{path.name} is not UTF-8: {error.reason}", code="config-encoding", hint="save it as UTF-8"
        ) from error
    except OSError as error:
        raise ConfigError(f"{path.name} cannot be read: {error.strerror}", code="config-unreadable") from error


def samconfig_data(texts: Mapping[str, str | None]) -> Mapping[str, object]:
    """Return what the first samconfig file that there is says: SAM CLI takes the first of these names, too."""
    file = next((name for name in SAMCONFIG_NAMES if texts.get(name) is not None), None)
    if file is None:
        return {}
    text = texts[file] or ""
    if not file.endswith(".toml"):
        return {str(name): value for name, value in mapping_in(text, file=file).items()}
    try:
        return tomllib.loads(text)
    except (ValueError, RecursionError):
        return {}


def samconfig_texts(root: Path) -> Mapping[str, str | None]:
    """Return the texts of the samconfig files in a folder, by name."""
    return {name: read_text(root / name) for name in SAMCONFIG_NAMES}


def samconfig_region(texts: Mapping[str, str | None]) -> str | None:
    """Return the region that samconfig names for its default environment, or None."""
    found = samconfig_values(samconfig_data(texts), "default", "region")
    return next((region for _, region in found if isinstance(region, str)), None)


def samconfig_values(data: Mapping[str, object], environment: str, key: str) -> Iterator[tuple[str, object]]:
    """Yield `(command, value)` of a parameter in samconfig, the most telling command first."""
    section = data.get(environment)
    for command in ("deploy", "global", "build", "package", "sync"):
        commands = section.get(command) if isinstance(section, dict) else None
        values = commands.get("parameters") if isinstance(commands, dict) else None
        if isinstance(values, dict) and values.get(key):
            yield command, values[key]
