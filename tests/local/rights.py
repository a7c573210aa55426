"""Every call of AWS that Sealift makes while commands run, recorded by botocore's own event hooks."""

import copy
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

_OURS = "sealift-recorded"


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One call: the environment that it was sent to, the command that made it, and its parameters."""

    command: str
    port: int
    name: str
    """`service:Operation`, as botocore names it."""
    parameters: Mapping[str, Any]


def concrete(resource: str, call: Call, *, account: str, region: str) -> str:
    """Return the ARN of what a call is about; what only AWS chooses is made up."""
    known = {"Partition": "aws", "Account": account, "Region": region}

    def named(match: re.Match[str]) -> str:
        value = str(known.get(match[1]) or call.parameters.get(match[1]) or "made-up")
        return value.rpartition("/")[2] if value.startswith("http") else value

    whole = [call.parameters.get(name) for name in re.findall(r"\$\{(\w+)\}", resource)]
    arn = next((str(value) for value in whole if str(value).startswith("arn:")), None)
    return arn or re.sub(r"\$\{(\w+)\}", named, resource).replace("/*", "/made-up")


class Recorder:
    """Keeps every call of the sessions that are made while it records."""

    def __init__(self) -> None:
        self.calls: list[Call] = []
        self.command = ""

    @contextmanager
    def recording(self) -> Iterator[None]:
        """Record within the body."""
        import botocore

        def begin(params: Any, context: dict[str, Any], **_: Any) -> None:
            context[_OURS] = {key: copy.copy(value) for key, value in params.items() if key != "Body"}

        def sent(model: Any, params: Any, context: dict[str, Any], **_: Any) -> None:
            self.calls.append(
                Call(
                    command=self.command,
                    port=urlsplit(params["url"]).port or 0,
                    name=f"{model.service_model.service_name}:{model.name}",
                    parameters=context[_OURS],
                )
            )

        def register(session: Any) -> None:
            session.register("before-parameter-build", begin)
            session.register("before-call", sent)

        botocore.register_initializer(register)
        try:
            yield
        finally:
            botocore.unregister_initializer(register)
