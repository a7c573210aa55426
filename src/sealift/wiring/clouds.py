"""Where clouds are opened: AWS with the credentials of the process environment, or the embedded one."""

import os
import threading
from collections import ChainMap
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from sealift.model.app import App, Environment
from sealift.model.event import Noted
from sealift.ports import Cloud, EventSink, Prompt
from sealift.wiring.machine import assumes, cache_root, sam_templates

if TYPE_CHECKING:
    from sealift.aws.credentials import OwnCredentials
    from sealift.local.supervisor import LocalCloud
    from sealift.model.template import Rendered


def local_state_root(app: App) -> Path:
    """Return the folder in which the application's embedded cloud keeps its state."""
    return app.root / ".sealift" / "local"


def local_cloud(app: App) -> "LocalCloud":
    """Return the supervisor of the application's embedded cloud."""
    from sealift.local.supervisor import LocalCloud

    return LocalCloud(local_state_root(app))


@contextmanager
def own_cloud(app: App, name: str | None = None) -> Iterator[None]:
    """Have the embedded cloud of `sealift dev`, or one of another name, for the body alone; nothing of it is left.

    Raises UserError.
    """
    from sealift.usecases.dev import own_name

    with local_cloud(app).alone(name or own_name(app)):
        yield


def code_swap(app: App) -> Callable[[Mapping[str, Path]], None]:
    """Return what gives functions of the embedded cloud of `sealift dev` other code."""
    from sealift.local.loading import swap_code

    (environment,) = app.environments
    endpoint = local_cloud(app).up(environment.name, region=environment.region)
    return lambda codes: swap_code(endpoint, codes)


def happenings(app: App) -> "Iterator[dict[str, Any] | None]":
    """Yield what happens on the embedded cloud of `sealift dev`, first None when nothing is missed any more."""
    from sealift.local.loading import happenings

    (environment,) = app.environments
    return happenings(local_cloud(app).up(environment.name, region=environment.region))


def debugged(app: App, name: str) -> str:
    """Start a function of the embedded cloud of `sealift dev` under a debugger; return how to attach to it.

    Raises UserError when it cannot be debugged.
    """
    from sealift.local.debugging import start_debugger

    (environment,) = app.environments
    endpoint = local_cloud(app).up(environment.name, region=environment.region)
    return start_debugger(endpoint, name, cache_root() / "debugpy")


def local_variables(app: App, environment: Environment) -> dict[str, str]:
    """Return the variables that lead an SDK to an environment's emulator, which is started when it does not run."""
    endpoint = local_cloud(app).up(environment.name, region=environment.region, account=environment.account)
    return {**endpoint.credentials(), **_without_proxy(os.environ)}


def build_cache() -> Path:
    return cache_root() / "build"


def _cached_blob(sha256: str) -> Path | None:
    path = build_cache() / "blobs" / sha256
    return path if path.is_file() else None


class AwsClouds:
    """Opens environments on AWS with the credentials of the process environment, each once."""

    def __init__(self, prompt: Prompt, *, as_role: bool = True, attempts: int | None = None) -> None:
        self._prompt = prompt
        self._attempts = attempts
        self._as_role = as_role and assumes()
        self._own: OwnCredentials | None = None
        self._opened: dict[str, Cloud] = {}
        self._lock = threading.Lock()

    def open(self, environment: Environment) -> Cloud:
        """Return the environment's cloud."""
        from sealift.aws.cloud import Access, open_cloud
        from sealift.aws.credentials import OwnCredentials

        with self._lock:
            if self._own is None:
                profile = os.environ.get("AWS_PROFILE")
                self._own = OwnCredentials(region=environment.region, profile=profile, ask=self._prompt.text)
            if environment.name not in self._opened:
                access = Access(
                    region=environment.region,
                    endpoint_url=os.environ.get("AWS_ENDPOINT_URL"),
                    profile=os.environ.get("AWS_PROFILE"),
                    own=self._own,
                    max_attempts=self._attempts,
                    role_arn=environment.role if self._as_role else None,
                    # With a role of its own in the environment the SDK exchanges the token itself.
                    token_file=None
                    if os.environ.get("AWS_ROLE_ARN")
                    else os.environ.get("AWS_WEB_IDENTITY_TOKEN_FILE"),
                )
                self._opened[environment.name] = open_cloud(environment, access=access)
            return self._opened[environment.name]


def _without_proxy(environment: Mapping[str, str]) -> dict[str, str]:
    """Return the variables that keep a program from sending to a proxy what is for the embedded cloud."""
    known = environment.get("no_proxy") or environment.get("NO_PROXY") or ""
    value = ",".join(part for part in (known, "127.0.0.1", "localhost") if part)
    return {"NO_PROXY": value, "no_proxy": value}


class LocalClouds:
    """Opens environments on the embedded cloud, each in an emulator of its own that is started on demand."""

    def __init__(self, app: App, sink: EventSink, *, as_role: bool = True) -> None:
        self._app = app
        self._sink = sink
        self._as_role = as_role and assumes()
        self._told: set[tuple[str, str]] = set()
        self._opened: dict[str, Cloud] = {}
        self._locks: dict[str, threading.Lock] = {}

    def open(self, environment: Environment) -> Cloud:
        """Return the environment's cloud; its emulator runs then."""
        with self._locks.setdefault(environment.name, threading.Lock()):
            if environment.name not in self._opened:
                self._opened[environment.name] = self._start(environment)
            return self._opened[environment.name]

    def _start(self, environment: Environment) -> Cloud:
        from sealift.aws.cloud import Access, open_cloud
        from sealift.aws.stand_ins import is_role, write_stand_ins
        from sealift.local.loading import LocalFunctions
        from sealift.local.stacks import LocalStacks

        endpoint = local_cloud(self._app).up(environment.name, region=environment.region, account=environment.account)
        access = Access(
            region=endpoint.region,
            endpoint_url=endpoint.url,
            access_key=endpoint.access_key,
            secret_key=endpoint.secret_key,
        )
        cloud = open_cloud(replace(environment, account=endpoint.account), access=access)
        deploy = f"{environment.beginning}-deploy"
        if self._as_role and is_role(access, deploy):  # of `sealift bootstrap`; what makes it works without
            role = f"arn:aws:iam::{endpoint.account}:role/sealift/{deploy}"
            cloud = open_cloud(replace(environment, account=endpoint.account), access=replace(access, role_arn=role))
        if self._app.local_settings:
            write_stand_ins(access, self._app.local_settings)

        def note(sentence: str) -> None:
            if (environment.name, sentence) not in self._told:
                self._told.add((environment.name, sentence))
                self._sink.emit(Noted(name="embedded-cloud", message=sentence, environment=environment.name))

        def render(body: bytes, **values: Any) -> "Rendered":
            return sam_templates().render(body, **values)

        stacks = LocalStacks(cloud.stacks, cloud.bucket, render, endpoint, note, blob_file=_cached_blob)
        near = _without_proxy(os.environ)
        return replace(
            cloud,
            stacks=stacks,
            functions=LocalFunctions(cloud.functions, endpoint, note),
            local=True,
            endpoint=endpoint.url,
            credentials=ChainMap(near, cast("dict[str, str]", cloud.credentials)),
            reading=cloud.reading and ChainMap(near, cast("dict[str, str]", cloud.reading)),
        )
