"""Functions of the embedded cloud: AWS's adapter, and the start of functions without an event, which AWS has not."""

import http.client
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sealift.errors import CloudError
from sealift.local.doors import DEBUG_PATH, FEED_PATH, KEY_HEADER, LOAD_PATH, SWAP_PATH, supervisor_key
from sealift.local.endpoint import HOST, Endpoint
from sealift.model.loading import Loading
from sealift.ports import Functions

_LONGEST_S = 600.0


def _nobody(sentence: str) -> None:
    del sentence


@dataclass(eq=False)
class LocalFunctions:
    """The Functions port over one emulator; `inner` is the AWS adapter pointed at it, `note` takes what differs."""

    inner: Functions
    endpoint: Endpoint
    note: Callable[[str], None] = _nobody

    def __post_init__(self) -> None:
        self.state = self.inner.state
        self.shares = self.inner.shares
        self.logs = self.inner.logs
        self.log_lines = self.inner.log_lines
        self.invoke = self.inner.invoke

    def load(self, names: Sequence[str]) -> tuple[Loading, ...]:
        """Start each function as the runtime does before its first event. Raises CloudError."""
        if not names:
            return ()
        said = _asked(self.endpoint, LOAD_PATH, list(names), "load the functions")
        if not said["mounts"]:
            self.note("Functions see /opt and /tmp of this machine: its kernel lets no program have mounts of its own")
        return tuple(map(_loading, said["functions"]))


def swap_code(endpoint: Endpoint, codes: Mapping[str, Path]) -> None:
    """Give functions, by their physical names, the code in these zips, without their stack. Raises CloudError."""
    _asked(endpoint, SWAP_PATH, {name: str(path) for name, path in codes.items()}, "take the new code")


def debug(endpoint: Endpoint, name: str, *, port: int = 0, packages: Path | None = None) -> dict[str, Any]:
    """Start a function under a debugger, or without a port say what runs it: `family` and `program`."""
    what = {"name": name, "port": port, "packages": str(packages) if packages else None}
    said: dict[str, Any] = _asked(endpoint, DEBUG_PATH, what, "start the function under a debugger")
    return said


def happenings(endpoint: Endpoint) -> Iterator[dict[str, Any] | None]:
    """Yield what happens in the emulator until it ends; first None, when nothing is missed any more."""
    connection, key = _line(endpoint)
    connection.timeout = None
    try:
        connection.request("GET", FEED_PATH, headers=key)
        for line in connection.getresponse():
            yield json.loads(line) if line.strip() else None
    except (OSError, http.client.HTTPException, ValueError):
        return
    finally:
        connection.close()


def _line(endpoint: Endpoint) -> tuple[http.client.HTTPConnection, dict[str, str]]:
    """Return a connection to the emulator, and what its supervisor shows."""
    connection = http.client.HTTPConnection(HOST, endpoint.port, timeout=_LONGEST_S)
    return connection, {KEY_HEADER: supervisor_key(endpoint.secret_key), "content-type": "application/json"}


def _asked(endpoint: Endpoint, path: str, what: object, to_do: str) -> Any:
    connection, key = _line(endpoint)
    try:
        connection.request("POST", path, json.dumps(what), key)
        answer = connection.getresponse()
        said = json.loads(answer.read())
        if answer.status != http.client.OK:
            raise ValueError(str(said))
        return said
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise CloudError(
            f"The embedded cloud could not {to_do}: {error}",
            code="local-cloud-load",
            hint='Look at its log with "sealift local logs"',
        ) from error
    finally:
        connection.close()


def _loading(said: Mapping[str, Any]) -> Loading:
    error = said["error"] or {}
    trace = error.get("stackTrace") or error.get("trace") or said.get("trace") or []
    return Loading(
        name=said["name"],
        error_type=str(error.get("errorType") or ("Error" if error else "")),
        message=str(error.get("errorMessage", "")),
        trace=tuple(map(str, trace)),
        absent_layers=tuple(said.get("absent_layers", ())),
    )
