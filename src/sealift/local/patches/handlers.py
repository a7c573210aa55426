"""What is done before and after the emulator's CloudFormation makes or updates a resource of a type."""

from collections.abc import Callable
from types import ModuleType
from typing import Any


def before(provisioners: ModuleType, kind: str, look: Callable[[Any], object]) -> None:
    """Call `look` with the properties of a resource; the emulator shows the text of its ValueError as the reason."""
    handler: dict[str, Any] = provisioners._RESOURCE_HANDLERS[kind]
    create, update = handler["create"], handler["update"]

    def created(logical_id: str, props: Any, *where: Any) -> Any:
        look(props)
        return create(logical_id, props, *where)

    def updated(physical_id: str, old: Any, new: Any, *where: Any) -> Any:
        look(new)
        return update(physical_id, old, new, *where)

    handler.update(create=created, update=updated)


def after(provisioners: ModuleType, kind: str, act: Callable[[str, Any], None]) -> None:
    """Call `act` with the physical id of a resource and its properties, once it is made or updated."""
    handler: dict[str, Any] = provisioners._RESOURCE_HANDLERS[kind]
    create, update = handler["create"], handler["update"]

    def created(logical_id: str, props: Any, *where: Any) -> Any:
        made = create(logical_id, props, *where)
        act(made[0], props)
        return made

    def updated(physical_id: str, old: Any, new: Any, *where: Any) -> Any:
        made = update(physical_id, old, new, *where)
        act(made[0] if isinstance(made, tuple) else physical_id, new)
        return made

    handler.update(create=created, update=updated)
