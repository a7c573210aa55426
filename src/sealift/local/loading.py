"""Functions of the embedded cloud: AWS's adapter, and the start of functions without an event, which AWS has not."""

import http.client
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sealift.errors import CloudError
from sealift.local.doors import KEY_HEADER, LOAD_PATH, supervisor_key
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
        connection = http.client.HTTPConnection(HOST, self.endpoint.port, timeout=_LONGEST_S)
        try:
            key = {KEY_HEADER: supervisor_key(self.endpoint.secret_key), "content-type": "application/json"}
            connection.request("POST", LOAD_PATH, json.dumps(list(names)), key)
            answer = connection.getresponse()
            said = json.loads(answer.read())
            if answer.status != http.client.OK:
                raise ValueError(str(said))
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise CloudError(
                f"The embedded cloud could not load the functions: {error}",
                code="local-cloud-load",
                hint='Look at its log with "sealift local logs"',
            ) from error
        finally:
            connection.close()
        if not said["mounts"]:
            self.note("Functions see /opt and /tmp of this machine: its kernel lets no program have mounts of its own")
        return tuple(map(_loading, said["functions"]))


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
