"""One preview against the next. All of them at once are one environment, which cannot be proved against itself.

Two of them stand for any two; the number of the first is the beginning of the other's, so that a star behind it is seen
to reach more. Whatever number a template spells out is a preview, too. What fits some numbers alone (`*7-orders`) is
not found between previews; against other environments every number counts.
"""

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from sealift.isolation.model import OUTSIDE, EnvironmentView, Finding, StackView
from sealift.isolation.symbols import ONE
from sealift.model.app import PREVIEW

FIRST, SECOND = ONE, PREVIEW.replace("*", "12")
_SPELLED = re.compile(r"\bpr-[0-9]+")


def neighbours(view: EnvironmentView) -> tuple[EnvironmentView, ...]:
    """Return two example previews when the environment stands for all previews; else none."""
    if view.kind != "preview" or not any(PREVIEW in stack.name for stack in view.stacks):
        return ()
    spelled = {found for stack in view.stacks for found in _SPELLED.findall(json.dumps(stack.body, default=str))}
    return tuple(_numbered(view, name) for name in (FIRST, SECOND, *sorted(spelled - {FIRST, SECOND})))


def between(view: EnvironmentView, found: Sequence[Finding]) -> Iterator[Finding]:
    """Yield each finding between the two example previews once, as a finding about all previews."""
    told: set[tuple[str, str | None]] = set()
    for finding in found:
        if finding.source == finding.target == OUTSIDE:
            yield finding
        elif _is_between(finding) and (finding.id, finding.logical_id) not in told:
            told.add((finding.id, finding.logical_id))
            yield replace(finding, source=view.name, target=view.name)


def _is_between(finding: Finding) -> bool:
    ends = {finding.source, finding.target}
    return FIRST in ends and len(ends) == 2 and all(map(_SPELLED.fullmatch, ends)) and not finding.residual


def _numbered(view: EnvironmentView, name: str) -> EnvironmentView:
    return replace(view, name=name, stacks=tuple(_stack(stack, name) for stack in view.stacks))


def _stack(stack: StackView, name: str) -> StackView:
    return replace(
        stack,
        name=stack.name.replace(PREVIEW, name),
        parameters={key: value.replace(PREVIEW, name) for key, value in stack.parameters.items()},
        nested={key: _stack(inner, name) for key, inner in stack.nested.items()},
    )
