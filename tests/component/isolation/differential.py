"""Random (policy, action, ARN) decisions, by the prover and by the emulator's own evaluator.

The emulator decides a concrete request; the prover may only say "unreachable" where the emulator never allows.
"""

import random
from dataclasses import dataclass, field

from sealift.isolation.decide import may
from sealift.isolation.policies import Statement, statements
from sealift.isolation.resolving import literal_resolver
from sealift.model.template import Json

ACTIONS = (
    "s3:GetObject", "s3:PutObject", "s3:DeleteObject", "dynamodb:GetItem", "dynamodb:PutItem", "sqs:SendMessage",
    "lambda:InvokeFunction", "iam:PassRole", "sts:AssumeRole", "kms:Decrypt", "ssm:GetParameter",
)  # fmt: skip
ARNS = (
    "arn:aws:s3:::shop-staging/key", "arn:aws:s3:::shop-production/key/a", "arn:aws:s3:::shop-production",
    "arn:aws:dynamodb:eu-central-1:111111111111:table/shop-staging-Orders-1ABC",
    "arn:aws:dynamodb:eu-central-1:111111111111:table/shop-production-Orders-2DEF",
    "arn:aws:dynamodb:eu-central-1:111111111111:table/shop-production-Orders-2DEF/index/by-day",
    "arn:aws:sqs:eu-central-1:222222222222:shop-staging-Queue", "arn:aws:iam::111111111111:role/shop-staging-Role",
    "arn:aws:lambda:eu-central-1:111111111111:function:shop-production-Place:live",
    "arn:aws:ssm:eu-central-1:111111111111:parameter/shop-production/settings/tax", "*",
    "arn:aws-cn:s3:::shop-staging/key",
)  # fmt: skip
KEYS = ("aws:SourceIp", "aws:RequestedRegion", "aws:PrincipalArn", "aws:ResourceTag/env", "aws:PrincipalAccount",
        "s3:prefix", "iam:PassedToService")  # fmt: skip
OPERATORS = (
    "StringEquals", "StringNotEquals", "StringLike", "ArnLike", "ArnNotLike", "Null", "StringEqualsIfExists",
    "ForAllValues:StringEquals", "ForAnyValue:StringLike", "Bool", "IpAddress", "NumericLessThan",
)  # fmt: skip
VALUES = ("eu-central-1", "10.0.0.0/8", "staging", "arn:aws:iam::111111111111:role/*", "111111111111", "true", "*", "5")
CONTEXT = {"s3:prefix": "staging", "iam:passedtoservice": "lambda.amazonaws.com", "aws:resourcetag/env": "staging"}


@dataclass(slots=True)
class Counted:
    """What a run saw."""

    decisions: int = 0
    allowed: int = 0
    unreachable: int = 0
    disagreed: list[str] = field(default_factory=list)


class Chance:
    """Makes random policies from one seed."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)

    def cut(self, text: str) -> str:
        """Return the text with parts of it made wildcards."""
        draw = self.random.random()
        if draw < 0.08:
            return "*"
        if draw < 0.35:
            return text
        out = text
        for _ in range(self.random.randint(1, 3)):
            start = self.random.randrange(len(out))
            end = min(len(out), start + self.random.randint(1, max(1, len(out) // 2)))
            middle = self.random.choice(("*", "*", "?" * (end - start), "**", "?*"))
            out = out[:start] + middle + out[end:]
        return out

    def action(self) -> str:
        """Return an action pattern."""
        draw = self.random.random()
        name = self.random.choice(ACTIONS)
        if draw < 0.4:
            return self.random.choice((name, name.upper(), name.lower()))
        if draw < 0.6:
            return name.split(":")[0] + ":*"
        return self.cut(name)

    def condition(self) -> Json:
        """Return a Condition."""
        keys = self.random.sample(KEYS, self.random.randint(1, 2))
        body: dict[str, Json] = {k: self.random.choice((self.random.choice(VALUES), [*VALUES[:2]])) for k in keys}
        return {self.random.choice(OPERATORS): body}

    def statement(self) -> dict[str, Json]:
        """Return a statement."""
        several = self.random.random() < 0.3
        actions: Json = [self.action() for _ in range(3)] if several else self.action()
        arns = [self.cut(self.random.choice(ARNS)) for _ in range(self.random.randint(1, 3))]
        resources: Json = [*arns] if len(arns) > 1 else arns[0]
        made: dict[str, Json] = {
            "Effect": "Allow" if self.random.random() < 0.7 else "Deny",
            "NotAction" if self.random.random() < 0.15 else "Action": actions,
            "NotResource" if self.random.random() < 0.15 else "Resource": resources,
        }
        if self.random.random() < 0.3:
            made["Condition"] = self.condition()
        return made

    def policy(self) -> dict[str, Json]:
        """Return a policy document."""
        return {"Version": "2012-10-17", "Statement": [self.statement() for _ in range(self.random.randint(1, 4))]}


def run(count: int, seed: int) -> Counted:
    """Compare `count` decisions. Each policy (with a boundary, for every third) is asked every action and ARN."""
    from ministack.core.iam_evaluator import EvalContext, evaluate, parse_policy_document

    chance, seen = Chance(seed), Counted()
    contexts = [
        EvalContext(
            principal_arn="arn:aws:iam::111111111111:role/shop-staging-Role",
            principal_type="AssumedRole",
            principal_account="111111111111",
            action=action,
            resource_arn=arn,
            region="eu-central-1",
            source_ip="10.0.0.1",
            secure_transport=True,
            service_context=CONTEXT,
        )
        for action in ACTIONS
        for arn in ARNS
    ]
    while seen.decisions < count:
        documents = [chance.policy()]
        if chance.random.random() < 0.33:
            documents.append(chance.policy())
        theirs = [[parse_policy_document(d)] for d in documents]
        ours: list[tuple[Statement, ...]] = [statements(d, literal_resolver()) for d in documents]
        for context in contexts:
            allows = evaluate(context, theirs[0], *theirs[1:]).decision == "Allow"
            reachable = may(ours[0], context.action, context.resource_arn, limits=ours[1:])
            seen.decisions += 1
            seen.allowed += allows
            seen.unreachable += not reachable
            if allows and not reachable:
                seen.disagreed.append(f"{context.action} on {context.resource_arn} by {documents}")
    return seen
