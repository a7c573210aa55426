"""AWS managed policies: the emulator has some thirty, and a role that is given any other one has no rights by it."""

import json
from typing import Any

from sealift.isolation.actions import managed_policy


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
