"""Functions that a stack makes: the emulator takes one whose code or role is not there, and makes answers up later."""

from collections.abc import Callable
from types import ModuleType
from typing import Any

from sealift.cfn.values import mapping_at

_ARN_PARTS = 6


def functions_made(provisioners: ModuleType, prepare: Callable[[str], None], refuse: Callable[[Any], None]) -> None:
    """Let `prepare` know the runtime of each function that a stack makes, and `refuse` raise for what AWS refuses."""
    handlers: dict[str, dict[str, Any]] = provisioners._RESOURCE_HANDLERS
    function = handlers["AWS::Lambda::Function"]
    create, update = function["create"], function["update"]

    def created(logical_id: str, props: Any, stack_name: str) -> Any:
        refuse(props)
        prepare(str(props.get("Runtime", "")))
        return create(logical_id, props, stack_name)

    def updated(physical_id: str, old: Any, new: Any, *where: str) -> Any:
        refuse(new)
        return update(physical_id, old, new, *where)

    function.update(create=created, update=updated)


def refuse_without_code_or_role(props: Any) -> None:
    """Raise ValueError for a function that Lambda would not make. The emulator shows the text as the reason.

    Documented, not observed: https://docs.aws.amazon.com/lambda/latest/api/API_CreateFunction.html
    """
    from ministack.core.responses import get_account_id
    from ministack.services import iam, lambda_svc

    code = mapping_at(props.get("Code"))
    bucket, key = code.get("S3Bucket"), code.get("S3Key")
    if bucket and key and lambda_svc._fetch_code_from_s3(bucket, key, version_id=code.get("S3ObjectVersion")) is None:
        raise ValueError(
            f"Error occurred while GetObject. S3 Error Code: NoSuchKey. S3 Error Message: The specified key does not "
            f"exist. ({bucket}/{key})"
        )
    role = str(props.get("Role", ""))
    parts = role.split(":")
    if len(parts) == _ARN_PARTS and parts[2] == "iam":
        if parts[4] != get_account_id():
            raise ValueError("Cross-account pass role is not allowed.")
        if parts[5].rpartition("/")[2] not in iam._roles:
            raise ValueError(f"The role defined for the function cannot be assumed by Lambda. ({role})")
