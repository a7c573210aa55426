"""What is left to do by hand once a bootstrap stack stands."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from sealift.bootstrap.target import BootstrapTarget
from sealift.model.app import Environment


def configuration(environment: Environment, *, account: str, outputs: Mapping[str, str]) -> tuple[str, ...]:
    """Return the lines that sealift.toml lacks about an environment, so that Sealift works as its roles."""
    return tuple(_lines(environment, account, outputs))


def _lines(environment: Environment, account: str, outputs: Mapping[str, str]) -> Iterator[str]:
    if environment.account != account:
        yield f'account = "{account}"'
    if environment.role != outputs.get("DeployRole"):
        yield f'role = "{outputs.get("DeployRole")}"'
    if environment.cloudformation_role != outputs.get("CloudFormationRole"):
        yield f'cloudformation_role = "{outputs.get("CloudFormationRole")}"'
    others = [outputs[name] for name in ("PlanRole", "VerifyRole") if name in outputs]
    if not set(others) <= set(environment.roles):
        yield "roles = [" + ", ".join(f'"{arn}"' for arn in dict.fromkeys((*environment.roles, *others))) + "]"


def boundary_advice(target: BootstrapTarget, unbounded: Sequence[str]) -> Iterator[str]:
    """Yield what to write into a template whose roles have no boundary: CloudFormation may make no others."""
    if not unbounded:
        return
    yield f"\nCloudFormation may only create roles with the boundary. These roles lack it: {', '.join(unbounded)}"
    yield "In the template, for all functions at once, and as a property of each AWS::IAM::Role:\n"
    yield "    Globals:"
    yield "      Function:"
    of_each = replace(target, stack="${AWS::StackName}")
    yield f"        PermissionsBoundary: !Sub {(of_each if target.stacks == (target.stack,) else target).boundary_arn}"
