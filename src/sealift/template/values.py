"""Small questions about JSON values."""

from sealift.model.template import Json


def scalar_text(value: Json) -> str:
    """Return a value as CloudFormation passes it: booleans in lower case, lists joined with commas."""
    match value:
        case str():
            return value
        case bool():
            return "true" if value else "false"
        case None:
            return ""
        case list():
            return ",".join(scalar_text(item) for item in value)
        case _:
            return str(value)


def mapping_at(value: Json, *keys: str) -> dict[str, Json]:
    """Return the mapping below `keys`, or an empty one where there is none."""
    for key in keys:
        value = value.get(key) if isinstance(value, dict) else None
    return value if isinstance(value, dict) else {}


def list_at(value: Json) -> list[Json]:
    """Return a list as it is, and an empty one for anything else."""
    return value if isinstance(value, list) else []
