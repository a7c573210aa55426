"""Small templates, each with one leak or with what only looks like one, by the kind of their mechanism.

A case is a small shop (table, queue, function with its role) and what it adds: `allow` (statements of the role),
`variables` (of the function), `resources`, `top` (other sections), deployed as two environments. `parameters`,
`accounts` and `regions` have a value for each; `severity` is what the finding should at least be.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sealift.delivery.buckets import bucket_name
from sealift.isolation.model import UNDECLARED_ACCOUNT, EnvironmentView, StackView
from sealift.template.reading import parse

FOLDER = Path(__file__).parent
SHOP = """
Resources:
  Orders: {Type: 'AWS::DynamoDB::Table'}
  Jobs: {Type: 'AWS::SQS::Queue'}
  WorkerRole:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Statement: [{Effect: Allow, Action: 'sts:AssumeRole', Principal: {Service: lambda.amazonaws.com}}]
      Policies:
        - PolicyName: own
          PolicyDocument:
            Statement:
              - {Effect: Allow, Action: ['dynamodb:GetItem', 'dynamodb:PutItem'], Resource: !GetAtt Orders.Arn}
  Worker:
    Type: AWS::Lambda::Function
    Properties: {Role: !GetAtt WorkerRole.Arn, Environment: {Variables: {ORDERS: !Ref Orders}}}
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One template of the collection."""

    kind: str
    name: str
    leak: bool = True
    severity: str = "high"
    allow: list[Any] = field(default_factory=list)
    variables: dict[str, Any] = field(default_factory=dict)
    resources: dict[str, Any] = field(default_factory=dict)
    top: dict[str, Any] = field(default_factory=dict)
    parameters: dict[str, list[str]] = field(default_factory=dict)
    accounts: tuple[str | None, str | None] = (None, None)
    regions: tuple[str, str] = ("eu-west-1", "eu-west-1")
    environments: tuple[str, str] = ("staging", "production")
    tags: dict[str, str] = field(default_factory=dict)
    env_tags: bool = False
    """Whether each environment tags its stacks with `env`."""
    stack: str = "till-{env}"

    def views(self) -> list[EnvironmentView]:
        """Return both environments."""
        return [self._view(index) for index in (0, 1)]

    def _view(self, index: int) -> EnvironmentView:
        name = self.environments[index]
        tags = {**self.tags, **({"env": name} if self.env_tags else {})}
        given = {key: values[index] for key, values in self.parameters.items()}
        stack = StackView(name=self.stack.replace("{env}", name), body=self._body(), parameters=given, tags=tags)
        account, region = self.accounts[index], self.regions[index]
        bucket = bucket_name(account or UNDECLARED_ACCOUNT, region, stack.name)
        return EnvironmentView(
            name=name, region=region, account=account, stacks=(stack,), tags=tags, artifact_bucket=bucket
        )

    def _body(self) -> dict[str, Any]:
        body: Any = parse(SHOP, "shop.yaml").body
        found = body["Resources"]
        found["WorkerRole"]["Properties"]["Policies"][0]["PolicyDocument"]["Statement"] += self.allow
        found["Worker"]["Properties"]["Environment"]["Variables"].update(self.variables)
        found.update(self.resources)
        declared = {key: {"Type": "String"} for key in self.parameters} | self.top.get("Parameters", {})
        return {**self.top, "Parameters": declared, "Resources": found}


def cases() -> Iterator[Case]:
    """Yield every case of every kind."""
    for file in sorted(FOLDER.glob("*.yaml")):
        listed: Any = parse("It:\n" + "".join(f"  {line}\n" for line in file.read_text().splitlines()), file.name).body
        for entry in listed["It"]:
            yield Case(kind=file.stem, **{k: tuple(v) if k in _PAIRS else v for k, v in entry.items()})


_PAIRS = ("accounts", "regions", "environments")
