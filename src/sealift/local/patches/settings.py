"""Settings: what Parameter Store and Secrets Manager call what a stack makes."""

from secrets import token_hex
from types import ModuleType
from typing import Any


def names_of_settings(provisioners: ModuleType) -> None:
    """Name a parameter as CloudFormation does when its template does not, and let `Ref` of a secret be its ARN.

    https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-secretsmanager-secret.html
    """
    handlers: dict[str, dict[str, Any]] = provisioners._RESOURCE_HANDLERS
    parameter, secret = handlers["AWS::SSM::Parameter"], handlers["AWS::SecretsManager::Secret"]
    make_parameter = parameter["create"]
    make_secret, change_secret, delete_secret = secret["create"], secret["update"], secret["delete"]

    def parameter_created(logical_id: str, props: Any, stack_name: str) -> Any:
        name = props.get("Name") or f"CFN-{logical_id}-{token_hex(6)}"
        return make_parameter(logical_id, {**props, "Name": name}, stack_name)

    def secret_created(*args: Any) -> Any:
        return _by_arn(make_secret(*args))

    def secret_updated(physical_id: str, *args: Any) -> Any:
        return _by_arn(change_secret(_name_of(physical_id), *args))

    def secret_deleted(physical_id: str, *args: Any) -> Any:
        return delete_secret(_name_of(physical_id), *args)

    parameter["create"] = parameter_created
    secret.update(create=secret_created, update=secret_updated, delete=secret_deleted)


def _by_arn(made: Any) -> Any:
    _, attributes = made
    return attributes["Arn"], attributes


def _name_of(arn: str) -> str:
    from ministack.services import secretsmanager

    return next((name for name, secret in secretsmanager._secrets.items() if secret["ARN"] == arn), arn)
