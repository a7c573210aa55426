"""Faults of the network and of AWS, put in below our adapters and below botocore's retries, by its own event hook."""

import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from io import BytesIO
from random import Random
from typing import Any, Literal

Fault = Literal["throttled", "failed", "cut before", "cut after", "slow"]
FAULTS: tuple[Fault, ...] = ("throttled", "throttled", "throttled", "failed", "cut before", "cut after", "slow")
_QUERY = "<ErrorResponse><Error><Code>{code}</Code><Message>{text}</Message></Error></ErrorResponse>"
_S3 = "<Error><Code>{code}</Code><Message>{text}</Message></Error>"


class _Raw(BytesIO):
    """What botocore reads a body from."""

    def stream(self, **_: Any) -> Iterator[bytes]:
        yield self.read()


@dataclass
class Storm:
    """Strikes a share of all requests. `expired_from` is the request from which on the credentials have expired."""

    seed: int
    rate: float = 0.3
    expired_from: int | None = None
    struck: Counter[str] = field(default_factory=Counter)
    _random: Random = field(init=False)
    _requests: int = 0

    def __post_init__(self) -> None:
        self._random = Random(self.seed)

    def __call__(self, request: Any, service: str) -> Any:
        """Return an answer in AWS's place, raise what a cut connection raises, or let the request through (None)."""
        self._requests += 1
        if self.expired_from is not None and self._requests >= self.expired_from:
            return self._answer(request, service, 400, "ExpiredToken", "The security token has expired")
        if self._random.random() >= self.rate:
            return None
        fault = self._random.choice(FAULTS)
        self.struck[fault] += 1
        match fault:
            case "throttled":
                code = {"s3": "SlowDown", "lambda": "TooManyRequestsException"}.get(service, "Throttling")
                return self._answer(request, service, 503 if service == "s3" else 400, code, "Rate exceeded")
            case "failed":
                return self._answer(request, service, 500, "InternalError", "We failed")
            case "slow":
                time.sleep(self._random.uniform(0.05, 0.4))
                return None
        return self._cut(request, sent=fault == "cut after")

    def _cut(self, request: Any, *, sent: bool) -> None:
        from botocore.exceptions import ConnectionClosedError
        from botocore.httpsession import URLLib3Session

        if sent:
            URLLib3Session().send(request)  # AWS has done it, and its answer is lost
        raise ConnectionClosedError(endpoint_url=request.url)

    def _answer(self, request: Any, service: str, status: int, code: str, text: str) -> Any:
        from botocore.awsrequest import AWSResponse

        body = (_S3 if service == "s3" else _QUERY).format(code=code, text=text)
        headers = {"content-type": "text/xml"}
        if service in {"lambda", "cloudwatch", "logs", "ssm"}:
            body, headers = f'{{"__type": "{code}", "message": "{text}"}}', {"x-amzn-errortype": code}
        return AWSResponse(request.url, status, headers, _Raw(body.encode()))
