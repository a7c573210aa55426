"""Which right a call of Lambda's API needs: the emulator takes those on one alias, URL or mapping for others."""

import re
from urllib.parse import unquote

_OTHER_NAMES = {
    "Invoke": "InvokeFunction",
    "InvokeAsync": "InvokeFunction",
    "InvokeWithResponseStream": "InvokeFunction",
    "GetLayerVersionByArn": "GetLayerVersion",
}
"""Operations whose right is called otherwise.

https://docs.aws.amazon.com/service-authorization/latest/reference/list_awslambda.html
"""


def rights_on_functions() -> None:
    """Ask for the right that AWS asks for, by the description of Lambda's API."""
    from ministack.core import iam_actions

    guess = iam_actions._lambda_action
    routes: list[tuple[str, re.Pattern[str], str]] = []

    def needed(method: str, path: str) -> str | None:
        if not routes:
            routes.extend(_routes())
        bare = unquote(path).rstrip("/")
        found = (name for verb, pattern, name in routes if verb == method and pattern.fullmatch(bare))
        return next(found, None) or guess(method, path)

    iam_actions._lambda_action = needed


def _routes() -> list[tuple[str, re.Pattern[str], str]]:
    from ministack.core import iam_actions

    found = []
    for name, operation in iam_actions._load_botocore_model("lambda")["operations"].items():
        http = operation["http"]
        path = str(http["requestUri"]).partition("?")[0].rstrip("/")
        pattern = re.compile(
            "".join(r"[^/]+" if part.startswith("{") else re.escape(part) for part in _PARTS.split(path))
        )
        found.append((str(http["method"]), pattern, _OTHER_NAMES.get(name, name)))
    return sorted(found, key=lambda one: "[" in one[1].pattern.rpartition("/")[2])  # what is written out comes first


_PARTS = re.compile(r"(\{[^}]+\})")
