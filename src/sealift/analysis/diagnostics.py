"""Reads what linters and type checkers print for people, as their versions of 2023 to 2026 print it. Pure.

One form is a line, `file:line: message`. The others need the lines around it: a heading that names the file, a place
below its message, or a message that goes on.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

_LEVELS = "error|warning|warn|note|info|information|hint|low|medium|high"
_LEVEL = re.compile(rf"(?P<level>{_LEVELS})\b(?:\[(?P<rule>[\w-]+)\])?:?\s*(?:- )?", re.IGNORECASE)
_FILE = r"(?P<file>[^\s:][^:]*?)"
_NUMBER = "[0-9]{1,9}"
_LINE = re.compile(
    rf"\s*(?:(?P<level>{_LEVELS})(?:\[(?P<rule>[\w-]+)\])?\s+)?{_FILE}"
    rf"(?::(?P<line>{_NUMBER})(?::\d+)?(?:-\d+(?::\d+)?)?(?::| -)|\((?P<at>{_NUMBER}),\d+\)(?::| -)"
    rf"|: line (?P<of>{_NUMBER}), col \d+,|:(?= (?:error|warning): ))\s+(?P<said>\S.*)",
    re.IGNORECASE,
)
_INDENTED = re.compile(
    rf"\s+(?P<line>{_NUMBER}):\d+\s+(?P<level>error|warning|[✖⚠×])\s+(?P<said>\S.*?)(?:\s\s+\(?(?P<rule>[\w@/.-]+)\)?)?"
)
"""Below the name of its file: eslint, stylelint, yamllint."""
_PLACE = re.compile(rf"(?:\s*(?:-->|[,╭][-─]\[|Location:)\s*)?{_FILE}:(?P<line>{_NUMBER}):\d+\]?")
"""Below its message: ruff, ty, pyrefly, bandit, cfn-lint, oxlint."""
_MARK = re.compile(r"(?:>> Issue:|\s+(?:[x×✖]|(?P<warns>[!⚠]))) (?=\S)")
_HEADING = re.compile(
    rf"{_FILE}(?::(?P<line>{_NUMBER})(?::\d+)?)? (?:(?:at|in) [\w ]+(?:`.*`)?:"
    r"|(?P<rule>(?:lint|format|parse|syntax|assist|organizeImports|suppressions)(?:/\w+)*) .*━━)"
)
"""Above its message: biome, pydocstyle."""
_LONGEST_HEADING = 400
_UNFORMATTED = re.compile(
    r"(?:[Ww]ould reformat:? |\[warn\] |ERROR: )(?P<file>\S.*?)(?: Imports are incorrectly sorted and/or formatted\.)?"
)
"""black, ruff, prettier, isort."""
_UNREADABLE = re.compile(rf"\[error\] {_FILE}: (?P<said>.*) \((?P<line>{_NUMBER}):\d+\)")
"""prettier."""
_FIX = re.compile(r"\s*(?:[iℹ] )?(?:help|(?:Safe|Unsafe) fix): (?P<fix>\S.*)")
_CODE = re.compile(
    r"(?P<rule>[A-Z]{1,5}\d{2,6}):?\s+(?:\[\*\]\s+)?|\[(?P<issue>[A-Z]\d+):\w+\]\s+|\w+\((?P<of>[\w/-]+)\): "
)
_RULE = re.compile(r"\s+(?:\[(?:Error/|Warning/)?(?P<rule>[\w@/.-]+)\]|\((?P<named>report\w+|[a-z]+(?:-[a-z]+)+)\))$")
_EXCERPT = re.compile(r"\s*(?:\d+\s*)?[|│]|\s*[\^~]+$")
_MOST_GOES_ON = 8
"""Lines that a message goes on for at most: it ends with its rule."""
_NOT_SHOWN = ("note", "info", "information", "hint")


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """What a tool says of a place. `line` is 0 where it names the file alone."""

    file: str
    line: int
    level: str
    rule: str
    said: str
    fix: str = ""


def diagnostics(lines: Iterable[str]) -> Iterator[Diagnostic]:
    """Yield what lines say of files, without notes. Whether there are such files is for the caller to see."""
    last, more = None, 0
    for one in _read(lines):
        if isinstance(one, Diagnostic):
            if last is not None:
                yield last
            last, more = (None if one.level in _NOT_SHOWN else one), 0
        elif last is not None and (fix := _FIX.fullmatch(one)):
            last = replace(last, fix=last.fix or fix["fix"])
        elif last is not None and not last.rule and more < _MOST_GOES_ON and not _EXCERPT.match(one):
            more = more + 1 if one.strip() else _MOST_GOES_ON
            last = _going_on(last, one.strip())
    if last is not None:
        yield last


def _going_on(last: Diagnostic, more: str) -> Diagnostic:
    """Return a message with its next line, where that ends with the rule."""
    ruled = _RULE.search(f" {more}")
    if ruled is None:
        return last
    rest = f" {more}"[: ruled.start()].strip()
    return replace(last, said=f"{last.said} {rest}".strip(), rule=ruled["rule"] or ruled["named"])


def _read(lines: Iterable[str]) -> Iterator[Diagnostic | str]:
    """Yield a diagnostic for each place, and each line that is none."""
    header = said = ""
    heading: re.Match[str] | None = None
    for text in lines:
        if heading is not None:
            if text.strip():
                yield _made(heading.groupdict(), text)
                heading = None
            continue
        found = _LINE.fullmatch(text) or (_INDENTED.fullmatch(text) if header else None)
        if found is not None:
            yield _made({"file": header, **found.groupdict()}, found["said"])
        elif said and (found := _PLACE.fullmatch(text)):
            yield _made(found.groupdict(), said)
            said = ""
        elif found := _UNREADABLE.fullmatch(text):
            yield _made(found.groupdict(), found["said"])
        elif found := _UNFORMATTED.fullmatch(text):
            yield Diagnostic(found["file"], 0, "", "format", "it is not formatted as its formatter would have it")
        elif len(text) > _LONGEST_HEADING or (heading := _HEADING.fullmatch(text)) is None:
            yield text
            if text and not text[0].isspace():
                header = text
            if text and (not text[0].isspace() or _MARK.match(text)):
                said = text


def _made(parts: Mapping[str, str | None], said: str) -> Diagnostic:
    """Return what a match says; of the message its level, its code and its rule are taken apart."""
    level, rule = (parts.get("level") or "").lower(), parts.get("rule") or ""
    if marked := _MARK.match(said):
        said, level = said[marked.end() :], "warning" if marked["warns"] else level
    said = said.strip()
    if leveled := _LEVEL.match(said):
        said, level, rule = said[leveled.end() :], leveled["level"].lower(), leveled["rule"] or rule
    if coded := _CODE.match(said):
        said, rule = said[coded.end() :], coded["rule"] or coded["issue"] or coded["of"]
    if ruled := _RULE.search(said):
        said, rule = said[: ruled.start()], rule or ruled["rule"] or ruled["named"]
    line = parts.get("line") or parts.get("at") or parts.get("of") or 0
    return Diagnostic(parts["file"] or "", int(line), level, rule, said)
