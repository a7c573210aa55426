"""One HTTP client for all services: a bounded number of tries, `Retry-After` honoured, errors as ours."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from sealift.errors import CloudError

if TYPE_CHECKING:
    import httpx

    from sealift.model.template import Json

_TRIES, _LONGEST_PAUSE_S = 4, 20.0
_PASSING = (408, 429, 500, 502, 503, 504)


class Api:
    """Calls below one base address. `sleep` waits between tries, in seconds."""

    def __init__(
        self,
        base: str,
        *,
        sleep: Callable[[float], None],
        headers: Mapping[str, str] | None = None,
        proxy: str | None = None,
        timeout_s: float = 10.0,
    ) -> None:
        self._base = base.rstrip("/")
        self._sleep = sleep
        self._headers = dict(headers or {})
        self._proxy = proxy
        self._timeout_s = timeout_s
        self._client: httpx.Client | None = None

    def call(self, method: str, path: str, *, body: "Json" = None, missing_ok: bool = False) -> Any:
        """Send a request and return what came back as JSON. Raises CloudError.

        Too many requests and passing faults are tried again, at most three times; a refusal is final.
        """
        import httpx

        if self._client is None:
            self._client = httpx.Client(
                base_url=self._base, headers=self._headers, proxy=self._proxy, timeout=self._timeout_s
            )
        for attempt in range(1, _TRIES + 1):
            pause_s = 0.5 * 2**attempt
            try:
                answer = self._client.request(method, self._base + path, json=body)
            except httpx.TransportError as error:
                if attempt == _TRIES:
                    raise _failed(method, path, f"{type(error).__name__}: {error}") from error
            else:
                if answer.status_code == 404 and missing_ok:
                    return None
                if answer.status_code < 400:
                    return _json(answer)
                if answer.status_code not in _PASSING or attempt == _TRIES:
                    raise _failed(method, path, f"HTTP {answer.status_code}", status=answer.status_code)
                pause_s = _asked(answer.headers.get("Retry-After"), pause_s)
            self._sleep(min(pause_s, _LONGEST_PAUSE_S))
        raise AssertionError("unreachable")

    def keep_one(
        self, listed: str, created: str, changed: Callable[[object], tuple[str, str]], *, mark: str, body: "Json"
    ) -> None:
        """Write the one comment that holds `mark`, or replace it. `changed` makes method and path from its id."""
        answer = self.call("GET", listed) or []
        found = answer.get("values", []) if isinstance(answer, dict) else answer
        mine = next((one["id"] for one in found if mark in str(one)), None)
        method, path = ("POST", created) if mine is None else changed(mine)
        self.call(method, path, body=body)

    def close(self) -> None:
        """Close the connections."""
        if self._client is not None:
            self._client.close()


def _asked(header: str | None, otherwise_s: float) -> float:
    """Return the seconds that a service asks for; a date is not worth its clock."""
    return float(header) if header and header.isdigit() else otherwise_s


def _json(answer: "httpx.Response") -> Any:
    try:
        return answer.json() if answer.content else None
    except ValueError:
        return None


def _failed(method: str, path: str, why: str, *, status: int | None = None) -> CloudError:
    # Neither headers nor the body of an answer are shown: a service may repeat the token in them.
    return CloudError(
        f"{method} {path.split('?')[0]} was refused: {why}",
        code="forge-refused",
        context={"status": status},
        retryable=status in (*_PASSING, None),
    )
