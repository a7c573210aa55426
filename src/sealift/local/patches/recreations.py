"""Change sets: the emulator says of every property of a type it does not know that it may make a new resource.

So a bucket's versioning "would replace" it, and the data guard refuses. CloudFormation's registry schemas know better.
What is executed stays the emulator's own.
"""

from types import ModuleType

from sealift.delivery.create_only import recreation


def known_recreations(stacks: ModuleType) -> None:
    """Let change sets say by the registry schemas what makes a new resource, where the emulator has no table."""
    theirs = stacks._property_recreation
    own = stacks._property_recreation.__globals__["_REPLACING_PROPERTIES"]

    def of(kind: str, name: str) -> str:
        ours = None if kind in own else recreation(kind, name)
        return str(ours or theirs(kind, name))

    vars(stacks)["_property_recreation"] = of
