"""What the emulator's evaluation of policies does not know: rights, resources, condition keys and managed policies."""

import json
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, unquote

from sealift.isolation.actions import managed_policy

_OTHER_NAMES = {
    "Invoke": "InvokeFunction",
    "InvokeAsync": "InvokeFunction",
    "InvokeWithResponseStream": "InvokeFunction",
    "GetLayerVersionByArn": "GetLayerVersion",
}
"""Operations of Lambda whose right is called otherwise.

https://docs.aws.amazon.com/service-authorization/latest/reference/list_awslambda.html
"""
_PARTS = re.compile(r"(\{[^}]+\})")
_CONDITIONAL = ("if-none-match", "if-match")


def managed_policies() -> None:
    """Let the emulator know every AWS managed policy that the proof knows."""
    from ministack.services import iam

    look_up = iam._lookup_policy

    def looked_up(arn: str) -> Any:
        found = look_up(arn)
        if found is None and arn.startswith(iam._AWS_MANAGED_POLICY_PREFIX):
            name = arn.removeprefix(iam._AWS_MANAGED_POLICY_PREFIX)
            statements = managed_policy(name)
            if statements is not None:
                document = json.dumps({"Version": "2012-10-17", "Statement": statements})
                found = iam._aws_managed_policies[arn] = iam._make_aws_managed_record(name, document)
        return found

    iam._lookup_policy = looked_up


def rights_on_functions() -> None:
    """Ask for the right that AWS asks for, by the description of Lambda's API."""
    from ministack.core import iam_actions

    guess = iam_actions._lambda_action
    routes: list[tuple[str, re.Pattern[str], str]] = []

    def needed(method: str, path: str) -> str | None:
        if not routes:
            routes.extend(_routes())
        bare = unquote(path).rstrip("/")
        found = (name for verb, pattern, name in routes if verb == method and pattern.fullmatch(bare))
        return next(found, None) or guess(method, path)

    iam_actions._lambda_action = needed


def _routes() -> list[tuple[str, re.Pattern[str], str]]:
    from ministack.core import iam_actions

    found = []
    for name, operation in iam_actions._load_botocore_model("lambda")["operations"].items():
        http = operation["http"]
        path = str(http["requestUri"]).partition("?")[0].rstrip("/")
        pattern = re.compile(
            "".join(r"[^/]+" if part.startswith("{") else re.escape(part) for part in _PARTS.split(path))
        )
        found.append((str(http["method"]), pattern, _OTHER_NAMES.get(name, name)))
    return sorted(found, key=lambda one: "[" in one[1].pattern.rpartition("/")[2])  # what is written out comes first


def rights_on_parameters() -> None:
    """Hold reading several parameters against the parameters it names; the emulator asks for a right on all.

    The first one stands for all that are named. https://docs.aws.amazon.com/service-authorization/latest/reference/
    """
    from ministack.core import iam_actions

    find = iam_actions.extract_resource_arn

    def found(service: str, *args: Any) -> Any:
        arn = find(service, *args)
        if service != "ssm" or arn != "*":
            return arn
        _, _, _, body, _, region, account = args
        try:
            asked = json.loads(body or b"{}")
        except ValueError:
            return arn
        names = [asked.get("Path"), *(asked.get("Names") or [])] if isinstance(asked, dict) else []
        named = next((name for name in names if isinstance(name, str)), None)
        return arn if named is None else f"arn:aws:ssm:{region}:{account}:parameter/{named.lstrip('/')}"

    iam_actions.extract_resource_arn = found


def paths_of_roles() -> None:
    """Hold a request that names a role against the role's whole ARN, its path in it."""
    from ministack.core import iam_actions
    from ministack.services import iam

    find = iam_actions.extract_resource_arn

    def found(service: str, *args: Any) -> Any:
        arn = str(find(service, *args))
        role = iam._roles.get(arn.rpartition(":role/")[2]) if service == "iam" else None
        return role["Arn"] if role else arn

    iam_actions.extract_resource_arn = found


def known_boundaries() -> None:
    """Let `iam:PermissionsBoundary` be known: what a request sets, or what the role that it is about has.

    https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsidentityandaccessmanagementiam.html
    """
    from ministack.core import iam_actions

    known = iam_actions.request_tag_context

    def context(service: str, iam_action: str, body: bytes, params: Any) -> Any:
        found = known(service, iam_action, body, params)
        if service == "iam" and (arn := _boundary(body)):
            found = {**found, "iam:PermissionsBoundary": arn}
        return found

    iam_actions.request_tag_context = context


def _boundary(body: bytes) -> str | None:
    from ministack.services import iam

    given = {name: values[0] for name, values in parse_qs(body.decode(errors="replace")).items()}
    role = iam._roles.get(given.get("RoleName", "")) or {}
    return given.get("PermissionsBoundary") or role.get("PermissionsBoundary")


def tags_in_boundaries() -> None:
    """Let `aws:ResourceTag/…` be known to a boundary, too; the emulator looks it up for a role's own policies alone."""
    from ministack.core import iam_evaluator

    names = iam_evaluator._names_condition_key
    iam_evaluator._names_condition_key = lambda policies, prefix: (
        prefix == "aws:resourcetag/" or names(policies, prefix)
    )


def tagged_apis() -> None:
    """Let `aws:ResourceTag/…` be known of a REST API."""
    from ministack.services import tagging

    def collect() -> Iterator[tuple[str, list[dict[str, str]]]]:
        from ministack.services import apigateway_v1

        for arn, tags in apigateway_v1._v1_tags.items():
            yield arn, [{"Key": key, "Value": value} for key, value in tags.items()]

    tagging._RESOURCE_TAG_COLLECTORS["apigateway"] = collect


def conditional_writes() -> None:
    """Let `s3:if-none-match` and `s3:if-match` be known of a write.

    https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes-enforce.html
    """
    from ministack.core import iam_actions

    known = iam_actions.s3_service_context

    def context(iam_action: str, query_params: Any, path: str = "", headers: Any = None) -> Any:
        found = known(iam_action, query_params, path, headers)
        if iam_action == "s3:PutObject":
            found |= {f"s3:{name}": headers[name] for name in _CONDITIONAL if headers and headers.get(name)}
        return found

    iam_actions.s3_service_context = context
