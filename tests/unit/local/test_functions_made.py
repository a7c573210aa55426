"""What a stack makes is known before it is called."""

from types import ModuleType
from typing import Any

from sealift.local.patches.functions import functions_made


def test_the_runtime_of_a_function_is_told_as_it_is_made() -> None:
    made: list[tuple[str, Any]] = []
    provisioners: Any = ModuleType("provisioners")

    def create(logical_id: str, props: Any, stack_name: str) -> str:
        made.append((logical_id, props))
        return f"{stack_name}-{logical_id}"

    provisioners._RESOURCE_HANDLERS = {"AWS::Lambda::Function": {"create": create, "update": create}}
    runtimes: list[str] = []
    functions_made(provisioners, runtimes.append, lambda _props: None)
    handlers = provisioners._RESOURCE_HANDLERS["AWS::Lambda::Function"]
    assert handlers["create"]("Hello", {"Runtime": "python3.13"}, "shop") == "shop-Hello"
    assert handlers["create"]("Image", {}, "shop") == "shop-Image"
    assert runtimes == ["python3.13", ""]
    assert [name for name, _ in made] == ["Hello", "Image"]
