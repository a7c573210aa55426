"""Have a change set judged by the data guard: gather the templates that it needs, and word what it refuses."""

from collections.abc import Iterator, Sequence

from sealift.cfn.values import parsed, resources
from sealift.delivery.guard import GuardInput, Resources, judge, waiver_key
from sealift.delivery.identity import RULE as LEFT_BEHIND
from sealift.errors import Refused
from sealift.model.finding import Finding
from sealift.model.stack import ChangeSet
from sealift.ports import Stacks
from sealift.usecases.stacks.removals import with_removed_stacks
from sealift.usecases.stacks.target import StackTarget
from sealift.usecases.writing import Writer


def judged(target: StackTarget, change_set: ChangeSet, writer: Writer) -> tuple[Finding, ...]:
    """Return the findings of the data guard about a change set."""
    stacks = writer.cloud.stacks
    return judge(
        GuardInput(
            stack=target.stack.name,
            change_set=with_removed_stacks(change_set, stacks),
            before={} if change_set.creates_stack else _resources(stacks.template(target.name)),
            after=_resources(stacks.template(target.name, change_set=change_set.name)),
            nested=dict(_nested_templates(change_set, target.stack.name, stacks)),
        )
    )


def refusal(environment: str, stopping: Sequence[Finding], *, release: str = "") -> Refused:
    """Return the refusal of a change that would lose data, with what to waive if it is meant.

    The release is named where the refusal is not recorded: `sealift waive` cannot know it then.
    """
    which = f" --release {release}" if release else ""
    keys = [waiver_key(f) for f in stopping]
    messages, fixes = [f.message for f in stopping], list(dict.fromkeys(f.fix for f in stopping))
    told = f" {messages[0]}" if len(stopping) == 1 else "".join(f"\n  - {message}" for message in messages)
    waivers = [f"sealift waive {environment} {key}{which} --reason '…'" for key in keys]
    meant = f" {waivers[0]}" if len(waivers) == 1 else "".join(f"\n    {waiver}" for waiver in waivers)
    return Refused(
        f"The change would {_what({f.id for f in stopping})}:{told}",
        code="data-guard",
        hint=f"{' '.join(fixes)} If it is meant:{meant}",
        context={"environment": environment, "findings": [f.id for f in stopping], "waivers": keys},
    )


def _what(rules: set[str]) -> str:
    """Return the effect of a change, by the worst of its findings."""
    if LEFT_BEHIND in rules:
        return "leave a stack behind with its data"
    if any(rule.startswith("data-") for rule in rules):
        return "lose data"
    if any(rule.startswith("identity-") for rule in rules):
        return "break what others use by its address"
    return "take away what data needs"


def _nested_templates(
    change_set: ChangeSet, stack: str, stacks: Stacks
) -> Iterator[tuple[str, tuple[Resources, Resources]]]:
    """Yield path and templates, before and after, of each nested stack that the change set changes."""
    for change in change_set.changes:
        if change.nested is None or change.physical_id is None:
            continue
        path = f"{stack}/{change.logical_id}"
        after = stacks.template(change.physical_id, change_set=change.nested.name)
        yield path, (_resources(stacks.template(change.physical_id)), _resources(after))
        yield from _nested_templates(change.nested, path, stacks)


def _resources(template: str) -> Resources:
    """Return the resources of a template that AWS gave back as text; none when it is not JSON."""
    return dict(resources(parsed(template)))
