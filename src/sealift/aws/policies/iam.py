"""Roles, users and groups with every policy they have: inline, attached, through groups, and the boundary."""

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, cast

from sealift.aws.failures import calling
from sealift.aws.session import AwsSession
from sealift.model.live import LivePrincipal, PrincipalKind
from sealift.model.template import Json

if TYPE_CHECKING:
    from mypy_boto3_iam import IAMClient


class IamReader:
    """IAM of one account. Documents of managed policies are read once."""

    def __init__(self, session: AwsSession) -> None:
        self._session = session
        self._documents: dict[str, Json] = {}

    def principal(self, kind: PrincipalKind, name: str) -> LivePrincipal | None:
        reading: dict[PrincipalKind, Callable[[str], LivePrincipal]] = {
            "role": self._role,
            "user": self._user,
            "group": self._group,
        }
        with calling(f"read the policies of the {kind} {name}", accepted=("not-found",)):
            return reading[kind](name)
        return None

    def _role(self, name: str) -> LivePrincipal:
        role = self._iam.get_role(RoleName=name)["Role"]
        pages = self._iam.get_paginator("list_role_policies").paginate(RoleName=name)
        names = [n for page in pages for n in page["PolicyNames"]]
        attached = self._iam.get_paginator("list_attached_role_policies").paginate(RoleName=name)
        return LivePrincipal(
            arn=role["Arn"],
            inline={n: _document(self._iam.get_role_policy(RoleName=name, PolicyName=n)) for n in names},
            managed=self._managed(attached),
            boundary=self._boundary(role),
            trust=cast("Json", role.get("AssumeRolePolicyDocument")),
        )

    def _user(self, name: str) -> LivePrincipal:
        user = self._iam.get_user(UserName=name)["User"]
        pages = self._iam.get_paginator("list_user_policies").paginate(UserName=name)
        names = [n for page in pages for n in page["PolicyNames"]]
        attached = self._iam.get_paginator("list_attached_user_policies").paginate(UserName=name)
        inline = {n: _document(self._iam.get_user_policy(UserName=name, PolicyName=n)) for n in names}
        managed = self._managed(attached)
        member_of = self._iam.get_paginator("list_groups_for_user").paginate(UserName=name)
        for group in [g["GroupName"] for page in member_of for g in page["Groups"]]:
            theirs = self._group(group)
            inline |= {f"{group}/{n}": document for n, document in theirs.inline.items()}
            managed |= theirs.managed
        return LivePrincipal(arn=user["Arn"], inline=inline, managed=managed, boundary=self._boundary(user))

    def _group(self, name: str) -> LivePrincipal:
        group = self._iam.get_group(GroupName=name)["Group"]
        pages = self._iam.get_paginator("list_group_policies").paginate(GroupName=name)
        names = [n for page in pages for n in page["PolicyNames"]]
        attached = self._iam.get_paginator("list_attached_group_policies").paginate(GroupName=name)
        return LivePrincipal(
            arn=group["Arn"],
            inline={n: _document(self._iam.get_group_policy(GroupName=name, PolicyName=n)) for n in names},
            managed=self._managed(attached),
        )

    def _managed(self, pages: Iterable[Any]) -> dict[str, Json]:
        return {p["PolicyArn"]: self._version(p["PolicyArn"]) for page in pages for p in page["AttachedPolicies"]}

    def _boundary(self, principal: Any) -> Json:
        boundary = principal.get("PermissionsBoundary")
        return self._version(boundary["PermissionsBoundaryArn"]) if boundary else None

    def _version(self, arn: str) -> Json:
        """Return the document of a managed policy in its default version."""
        if arn not in self._documents:
            version = self._iam.get_policy(PolicyArn=arn)["Policy"]["DefaultVersionId"]
            found = self._iam.get_policy_version(PolicyArn=arn, VersionId=version)["PolicyVersion"]
            self._documents[arn] = cast("Json", found.get("Document"))
        return self._documents[arn]

    @property
    def _iam(self) -> "IAMClient":
        return self._session.iam


def _document(answer: Any) -> Json:
    """Return the document of an inline policy; botocore has decoded it."""
    return cast("Json", answer["PolicyDocument"])
