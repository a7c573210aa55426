"""Conditional writes: a bucket policy may ask for them, but the emulator's policies never see their headers."""

from typing import Any

_HEADERS = ("if-none-match", "if-match")


def conditional_writes() -> None:
    """Let `s3:if-none-match` and `s3:if-match` be known of a write.

    https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes-enforce.html
    """
    from ministack.core import iam_actions

    known = iam_actions.s3_service_context

    def context(iam_action: str, query_params: Any, path: str = "", headers: Any = None) -> Any:
        found = known(iam_action, query_params, path, headers)
        if iam_action == "s3:PutObject":
            found |= {f"s3:{name}": headers[name] for name in _HEADERS if headers and headers.get(name)}
        return found

    iam_actions.s3_service_context = context
