"""Names that are taken: the emulator silently overwrites what has the name, where AWS refuses to make another one.

Documented, not observed: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/validate-stack-deployments.html
"""

import contextvars
import importlib
from types import ModuleType
from typing import Any

_STORES = {
    "AWS::ApiGateway::DomainName": ("DomainName", "apigateway_v1", "_domain_names", "{name}"),
    "AWS::Athena::WorkGroup": ("Name", "athena", "_workgroups", "{name}"),
    "AWS::CloudWatch::Alarm": ("AlarmName", "cloudwatch", "_alarms", "{name}"),
    "AWS::CloudWatch::Dashboard": ("DashboardName", "cloudwatch", "_dashboards", "{name}"),
    "AWS::DynamoDB::GlobalTable": ("TableName", "dynamodb", "_tables", "{name}"),
    "AWS::DynamoDB::Table": ("TableName", "dynamodb", "_tables", "{name}"),
    "AWS::ECR::Repository": ("RepositoryName", "ecr", "_repositories", "{name}"),
    "AWS::Events::Rule": ("Name", "eventbridge", "_rules", "{bus}|{name}"),
    "AWS::IAM::InstanceProfile": ("InstanceProfileName", "iam", "_instance_profiles", "{name}"),
    "AWS::IAM::ManagedPolicy": ("ManagedPolicyName", "iam", "_policies", "arn:aws:iam::{account}:policy{path}{name}"),
    "AWS::IAM::Role": ("RoleName", "iam", "_roles", "{name}"),
    "AWS::IAM::User": ("UserName", "iam", "_users", "{name}"),
    "AWS::KMS::Alias": ("AliasName", "kms", "_aliases", "arn:aws:kms:{region}:{account}:{name}"),
    "AWS::Kinesis::Stream": ("Name", "kinesis", "_streams", "{name}"),
    "AWS::Lambda::Function": ("FunctionName", "lambda_svc", "_functions", "{name}"),
    "AWS::Logs::LogGroup": ("LogGroupName", "cloudwatch_logs", "_log_groups", "{name}"),
    "AWS::Pipes::Pipe": ("Name", "pipes", "_pipes", "{name}"),
    "AWS::SNS::Topic": ("TopicName", "sns", "_topics", "arn:aws:sns:{region}:{account}:{name}"),
    "AWS::SQS::Queue": ("QueueName", "sqs", "_queue_name_to_url", "{name}"),
    "AWS::SSM::Parameter": ("Name", "ssm", "_parameters", "{name}"),
    "AWS::Scheduler::Schedule": ("Name", "scheduler", "_schedules", "{group}/{name}"),
    "AWS::Scheduler::ScheduleGroup": ("Name", "scheduler", "_schedule_groups", "{name}"),
    "AWS::SecretsManager::Secret": ("Name", "secretsmanager", "_secrets", "{name}"),
    "AWS::StepFunctions::StateMachine": (
        *("StateMachineName", "stepfunctions", "_state_machines"),
        "arn:aws:states:{region}:{account}:stateMachine:{name}",
    ),
}
"""Property that fixes the name; module, store and key under which the emulator keeps what has it."""


def taken_names(provisioners: ModuleType) -> None:
    """Refuse to make a resource with a name that another one has. The emulator checks buckets and a few more itself."""
    updating: contextvars.ContextVar[object] = contextvars.ContextVar("updating", default=None)
    update = provisioners._update_resource

    def updated(kind: str, physical_id: str, old: Any, new: Any, *where: Any) -> Any:
        token = updating.set(old.get(_STORES[kind][0]) if kind in _STORES else None)
        try:
            return update(kind, physical_id, old, new, *where)
        finally:
            updating.reset(token)

    def guarded(kind: str, create: Any) -> Any:
        def created(logical_id: str, props: Any, stack_name: str) -> Any:
            name = props.get(_STORES[kind][0])
            if name and name != updating.get() and _is_taken(kind, props, str(name)):
                raise ValueError(f"Resource of type '{kind}' with identifier '{name}' already exists.")
            return create(logical_id, props, stack_name)

        return created

    for kind in _STORES:
        handler: dict[str, Any] = provisioners._RESOURCE_HANDLERS[kind]
        handler["create"] = guarded(kind, handler["create"])
    vars(provisioners)["_update_resource"] = updated


def _is_taken(kind: str, props: Any, name: str) -> bool:
    from ministack.core.responses import get_account_id, get_region

    _, module, store, key = _STORES[kind]
    given = {
        "name": name,
        "account": get_account_id(),
        "region": get_region(),
        "bus": str(props.get("EventBusName") or "default").rpartition("/")[2],
        "group": props.get("GroupName") or "default",
        "path": props.get("Path") or "/",
    }
    return key.format(**given) in getattr(importlib.import_module(f"ministack.services.{module}"), store)
