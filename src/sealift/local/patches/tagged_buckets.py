"""Tags of buckets: the emulator keeps them, but its CloudFormation never sets them."""

from types import ModuleType
from typing import Any


def tagged_buckets(provisioners: ModuleType) -> None:
    """Let the property Tags of AWS::S3::Bucket, and the tags of its stack, take effect."""
    from ministack.services import s3

    provisioners._STACK_TAG_PROPERTY["AWS::S3::Bucket"] = ("Tags", "list")
    handler: dict[str, Any] = provisioners._RESOURCE_HANDLERS["AWS::S3::Bucket"]
    create, update = handler["create"], handler["update"]

    def tag(name: str, props: Any) -> None:
        s3._bucket_tags[name] = {str(one["Key"]): str(one["Value"]) for one in props.get("Tags", [])}

    def created(logical_id: str, props: Any, stack_name: str) -> Any:
        made = create(logical_id, props, stack_name)
        tag(made[0], props)
        return made

    def updated(physical_id: str, old: Any, new: Any, stack_name: str) -> Any:
        made = update(physical_id, old, new, stack_name)
        tag(made[0], new)
        return made

    handler.update(create=created, update=updated)
