"""What the emulator reads from the SDK's models of services: it parses a model anew for each question it has."""

from functools import cache
from types import SimpleNamespace
from typing import Any

_READ_OF_OPERATIONS = ("http", "input", "authtype", "auth")


def models_read_once() -> None:
    """Read each service's model once, without its documentation, and without botocore where its metadata is enough.

    A session of botocore takes 0.3 s of the first answer, and each further service 0.04 s.
    """
    import ministack.services.stepfunctions  # noqa: F401  (keeps the function that it takes: it reads whole models)
    from ministack.core import iam_actions, responses

    parse = iam_actions._load_botocore_model

    @cache
    def model(name: str) -> dict[str, Any]:
        return _trimmed(parse(name))

    @cache
    def described(service: str) -> Any:
        metadata = model(responses._BOTOCORE_NAME.get(service, service)).get("metadata")
        return SimpleNamespace(metadata=metadata) if metadata else None

    iam_actions._load_botocore_model = model
    responses._service_model = described


def _trimmed(model: dict[str, Any]) -> dict[str, Any]:
    """Return what is read of a model: metadata, how operations are called, and the members of what they take."""
    operations = {
        name: {key: operation[key] for key in _READ_OF_OPERATIONS if key in operation}
        for name, operation in model.get("operations", {}).items()
    }
    taken = {operation["input"]["shape"] for operation in operations.values() if "input" in operation}
    shapes = {
        name: {"members": dict.fromkeys(shape.get("members", {}))}
        for name, shape in model.get("shapes", {}).items()
        if name in taken
    }
    return {"metadata": model.get("metadata"), "operations": operations, "shapes": shapes}
