"""Load balancers: the emulator's CloudFormation makes target groups without their targets."""

from types import ModuleType
from typing import Any


def registered_targets(provisioners: ModuleType) -> None:
    """Register the `Targets` of a target group: a load balancer answers 503 where there are none."""
    from ministack.services import alb

    handler = provisioners._RESOURCE_HANDLERS["AWS::ElasticLoadBalancingV2::TargetGroup"]
    create, update = handler["create"], handler["update"]

    def set_targets(arn: str, props: Any) -> None:
        alb._targets[arn] = [{"Port": alb._tgs[arn]["Port"], **one} for one in props.get("Targets") or []]

    def created(logical_id: str, props: Any, stack_name: str) -> Any:
        arn, attributes = create(logical_id, props, stack_name)
        set_targets(arn, props)
        return arn, attributes

    def updated(physical_id: str, old: Any, new: Any, *more: Any) -> Any:
        made = update(physical_id, old, new, *more)
        arn = made[0] if isinstance(made, tuple) else physical_id
        set_targets(arn, new)
        return made

    handler["create"], handler["update"] = created, updated
