"""A clean application as staging and production in one account, different for each seed; and leaks to plant in it."""

import copy
import random
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from sealift.isolation.model import DeclaredPrincipal, EnvironmentView, StackView

REGION = "eu-central-1"
ACCOUNT = "000000000000"
Body = dict[str, Any]


def got(logical_id: str, attribute: str = "Arn") -> Body:
    """Return Fn::GetAtt."""
    return {"Fn::GetAtt": [logical_id, attribute]}


def sub(text: str) -> Body:
    """Return Fn::Sub."""
    return {"Fn::Sub": text}


def allow(action: Any, resource: Any, **more: Any) -> Body:
    """Return an allow statement."""
    return {"Effect": "Allow", "Action": action, "Resource": resource, **more}


def trusting(principal: Any, **more: Any) -> Body:
    """Return a trust policy."""
    return {"Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": principal, **more}]}


@dataclass(slots=True)
class Shop:
    """One environment under construction. `role`, `table` and so on are logical ids."""

    environment: str
    other: str
    stack: str
    other_stack: str
    body: Body
    ids: dict[str, str]
    random: random.Random
    view: dict[str, Any] = field(default_factory=dict)
    stack_view: dict[str, Any] = field(default_factory=dict)

    @property
    def resources(self) -> Body:
        """Return the resources."""
        found: Body = self.body["Resources"]
        return found

    def properties(self, key: str) -> Body:
        """Return the properties of a resource by its part in the shop."""
        found: Body = self.resources[self.ids[key]]["Properties"]
        return found

    def permit(self, statement: Body) -> None:
        """Add a statement to the worker's role, inline, as a policy of its own, or as an attached resource."""
        way = self.random.randrange(3)
        policies = self.properties("role")["Policies"]
        document = {"Version": "2012-10-17", "Statement": [statement]}
        if way == 0:
            policies[0]["PolicyDocument"]["Statement"].append(statement)
        elif way == 1:
            policies.append({"PolicyName": "more", "PolicyDocument": document})
        else:
            self.resources[f"MorePolicy{len(self.resources)}"] = {
                "Type": "AWS::IAM::Policy",
                "Properties": {"PolicyName": "m", "PolicyDocument": document, "Roles": [{"Ref": self.ids["role"]}]},
            }

    def arn(self, rest: str) -> Body:
        """Return an ARN in the own account by its end (`dynamodb:table/x`), in one of three spellings."""
        service, _, resource = rest.partition(":")
        place = "" if service in ("s3",) else "${AWS::Region}:${AWS::AccountId}"
        place = ":${AWS::AccountId}" if service == "iam" else place or ":"
        return sub(f"arn:${{AWS::Partition}}:{service}:{place}:{resource}")

    def made(self) -> EnvironmentView:
        """Return the view."""
        stack = StackView(name=self.stack, body=self.body, **self.stack_view)
        return EnvironmentView(name=self.environment, region=REGION, stacks=(stack,), **self.view)


def shops(seed: int) -> tuple[Shop, Shop]:
    """Return staging and production of the same clean application."""
    chance = random.Random(seed)
    app = chance.choice(("shop", "till", "ledger", "post", "books")) + chance.choice(("", "-eu", "2"))
    ids = {key: f"{key.title()}{chance.choice(('', 'One', 'Main', 'X'))}" for key in _PARTS}
    names = {e: chance.choice((f"{app}-{e}", f"{e}-{app}")) for e in ("staging", "production")}
    body = _template(ids, chance)
    made = []
    for environment, other in (("staging", "production"), ("production", "staging")):
        made.append(
            Shop(environment, other, names[environment], names[other], copy.deepcopy(body), ids, random.Random(seed))
        )
    return made[0], made[1]


_PARTS = ("table", "queue", "bucket", "topic", "key", "secret", "setting", "function", "role", "machine", "bus", "api")


def _template(ids: dict[str, str], chance: random.Random) -> Body:
    i = ids
    table_resources = [got(i["table"]), sub("${" + i["table"] + ".Arn}/index/*")]
    statements = [
        allow(["dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:Query"], table_resources),
        allow("sqs:SendMessage", got(i["queue"])),
        allow(["s3:GetObject", "s3:PutObject"], sub("${" + i["bucket"] + ".Arn}/*")),
        allow("sns:Publish", {"Ref": i["topic"]}),
        allow("secretsmanager:GetSecretValue", {"Ref": i["secret"]}),
        allow("kms:Decrypt", got(i["key"])),
        allow("ssm:GetParameter*", sub("arn:${AWS::Partition}:ssm:${AWS::Region}:${AWS::AccountId}:parameter/"
                                       "${AWS::StackName}/*")),
        allow("states:StartExecution", {"Ref": i["machine"]}),
        allow("xray:PutTraceSegments", "*"),
    ]  # fmt: skip
    chance.shuffle(statements)
    resources: Body = {
        i["table"]: {"Type": "AWS::DynamoDB::Table", "Properties": {}},
        i["queue"]: {"Type": "AWS::SQS::Queue", "Properties": {"RedrivePolicy": {
            "deadLetterTargetArn": got("DeadLetters"), "maxReceiveCount": 3}}},
        "DeadLetters": {"Type": "AWS::SQS::Queue", "Properties": {}},
        i["bucket"]: {"Type": "AWS::S3::Bucket", "Properties": {}},
        i["topic"]: {"Type": "AWS::SNS::Topic", "Properties": {"TopicName": sub("${AWS::StackName}-news")}},
        i["key"]: {"Type": "AWS::KMS::Key", "Properties": {"KeyPolicy": {"Statement": [
            {"Effect": "Allow", "Action": "kms:*", "Resource": "*",
             "Principal": {"AWS": sub("arn:${AWS::Partition}:iam::${AWS::AccountId}:root")}}]}}},
        i["secret"]: {"Type": "AWS::SecretsManager::Secret", "Properties": {}},
        i["setting"]: {"Type": "AWS::SSM::Parameter", "Properties": {
            "Name": sub("/${AWS::StackName}/settings/tax"), "Type": "String", "Value": "20"}},
        i["bus"]: {"Type": "AWS::Events::EventBus", "Properties": {"Name": sub("${AWS::StackName}-bus")}},
        i["api"]: {"Type": "AWS::ApiGateway::RestApi", "Properties": {}},
        i["function"]: {"Type": "AWS::Lambda::Function", "Properties": {
            "Role": got(i["role"]), "Environment": {"Variables": {"TABLE": {"Ref": i["table"]}}}}},
        "Calls": {"Type": "AWS::Lambda::Permission", "Properties": {
            "FunctionName": {"Ref": i["function"]}, "Action": "lambda:InvokeFunction",
            "Principal": "apigateway.amazonaws.com",
            "SourceArn": sub("arn:aws:execute-api:${AWS::Region}:${AWS::AccountId}:${" + i["api"] + "}/*/GET/x")}},
        "Feed": {"Type": "AWS::Lambda::EventSourceMapping", "Properties": {
            "FunctionName": {"Ref": i["function"]}, "EventSourceArn": got(i["queue"])}},
        i["role"]: {"Type": "AWS::IAM::Role", "Properties": {
            "AssumeRolePolicyDocument": trusting({"Service": "lambda.amazonaws.com"}),
            "ManagedPolicyArns": ["arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"],
            "Policies": [{"PolicyName": "own", "PolicyDocument": {"Statement": statements}}]}},
        i["machine"]: {"Type": "AWS::StepFunctions::StateMachine", "Properties": {
            "RoleArn": got("MachineRole"), "DefinitionString": "{}"}},
        "MachineRole": {"Type": "AWS::IAM::Role", "Properties": {
            "AssumeRolePolicyDocument": trusting({"Service": "states.amazonaws.com"}),
            "Policies": [{"PolicyName": "own", "PolicyDocument": {"Statement": [
                allow("lambda:InvokeFunction", got(i["function"]))]}}]}},
    }  # fmt: skip
    for index in range(chance.randrange(4)):
        resources[f"Extra{index}"] = {"Type": chance.choice(_EXTRAS), "Properties": {}}
    names = list(resources)
    chance.shuffle(names)
    return {"Resources": {name: resources[name] for name in names}}


_EXTRAS = ("AWS::DynamoDB::Table", "AWS::SQS::Queue", "AWS::S3::Bucket", "AWS::Kinesis::Stream", "AWS::Logs::LogGroup")


@dataclass(frozen=True, slots=True)
class Mutation:
    """A leak of one kind: which rule must find it, and how it is planted. `judged` by the emulator's evaluator."""

    name: str
    rule: str
    plant: Callable[[Shop, Shop], None]
    judged: bool = False


MUTATIONS: list[Mutation] = []


def mutation(rule: str, *, judged: bool = False) -> Callable[[Callable[[Shop, Shop], None]], None]:
    """Register a way to plant a leak."""

    def register(plant: Callable[[Shop, Shop], None]) -> None:
        MUTATIONS.append(Mutation(plant.__name__, rule, plant, judged))

    return register


def declared(shop: Shop, name: str, *statements: Body, **more: Any) -> None:
    """Add a role beside the template."""
    principal = DeclaredPrincipal(
        name=name,
        arn=f"arn:aws:iam::{ACCOUNT}:role/{shop.stack}-{name}",
        policies=({"Version": "2012-10-17", "Statement": list(statements)},),
        **more,
    )
    shop.view["principals"] = (*shop.view.get("principals", ()), principal)


__all__ = ["MUTATIONS", "Body", "Mutation", "Shop", "allow", "declared", "got", "mutation", "replace", "shops", "sub"]
