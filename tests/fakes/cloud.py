"""A whole fake account: the pieces wired together, so that deploying a function gives it its code."""

import hashlib
import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from sealift.errors import CloudError
from sealift.model.app import Environment
from sealift.model.template import Json
from sealift.ports import Clock, Cloud
from tests.fakes.backups import TABLE, FakeBackups
from tests.fakes.bucket import FakeBucket
from tests.fakes.cfn_diff import Placed
from tests.fakes.cfn_engine import ResourceFault
from tests.fakes.inventory import FakeInventory, FakeTrespass
from tests.fakes.objects import FakeObjects
from tests.fakes.services import FakeFunctions, FakeIdentity, FakeMetrics, FakeSettings, FakeSigningKeys
from tests.fakes.stacks import FakeStacks, Render
from tests.fakes.tap import Tap

FUNCTION = "AWS::Lambda::Function"
BUCKET = "AWS::S3::Bucket"

SETTINGS = {"AWS::SSM::Parameter": "ssm:", "AWS::SecretsManager::Secret": "secretsmanager:"}
"""How a template names what a stack made."""


@dataclass(slots=True)
class AccountEffects:
    """What resources do to the account: functions get code from the bucket, stores keep what is put into them."""

    bucket: FakeBucket
    functions: FakeFunctions
    inventory: FakeInventory
    settings: FakeSettings
    contents: dict[str, list[str]] = field(default_factory=dict)
    """What is in a data store, by physical id. Gone when the resource is deleted."""
    tables: set[str] = field(default_factory=set)

    def apply(self, placed: Placed) -> None:
        """Make the resource so. Raises ResourceFault."""
        if placed.desired.type == TABLE and placed.physical_id is not None:
            self.tables.add(placed.physical_id)
        if placed.desired.type == FUNCTION and placed.physical_id is not None:
            self.functions.set_code(placed.physical_id, self._code(placed.properties.get("Code")))
        if placed.desired.type in SETTINGS and placed.physical_id is not None:
            self.settings.write(SETTINGS[placed.desired.type] + placed.physical_id)
        if placed.physical_id is not None:
            self.inventory.make(placed.desired.type, placed.physical_id, placed.properties)

    def remove(self, placed: Placed) -> None:
        """Delete it and everything in it. Raises ResourceFault for a bucket that is not empty."""
        if placed.desired.type == BUCKET and self.contents.get(placed.physical_id or ""):
            raise ResourceFault("The bucket you tried to delete is not empty (Service: S3, Status Code: 409)")
        if placed.desired.type in SETTINGS:
            self.settings.known.discard(f"{SETTINGS[placed.desired.type]}{placed.physical_id}")
        if placed.physical_id is not None:
            self.contents.pop(placed.physical_id, None)
            self.tables.discard(placed.physical_id)
            self.functions.remove(placed.physical_id)
            self.inventory.forget(placed.physical_id)

    def _code(self, code: Json) -> str:
        if isinstance(code, dict) and "S3Key" in code:
            body = self.bucket.peek(str(code["S3Key"]))
            if body is None:
                raise ResourceFault("Error occurred while GetObject. S3 Error Code: NoSuchKey.")
            return hashlib.sha256(body).hexdigest()
        return hashlib.sha256(str(code).encode()).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class FakeAccount:
    """One environment's account with its concrete fakes, and the `cloud` that use cases get."""

    cloud: Cloud
    stacks: FakeStacks
    bucket: FakeBucket
    functions: FakeFunctions
    settings: FakeSettings
    identity: FakeIdentity
    signing_keys: FakeSigningKeys
    metrics: FakeMetrics
    inventory: FakeInventory
    objects: FakeObjects
    backups: FakeBackups
    trespass: FakeTrespass
    tap: Tap
    """Gets in between every call to stacks and bucket."""
    contents: dict[str, list[str]]


def make_account(
    environment: Environment, clock: Clock, *, render: Render | None = None, settings: Iterable[str] = ()
) -> FakeAccount:
    """Return a fresh account for an environment. `settings` are the parameters and secrets it has."""
    account = environment.account or "111122223333"
    tap = Tap()
    bucket = FakeBucket(clock, name=environment.bucket or f"sealift-{environment.stack_name}".lower(), tap=tap)
    functions, signing_keys = FakeFunctions(), FakeSigningKeys()
    inventory, trespass = FakeInventory(account), FakeTrespass()
    known = FakeSettings(set(settings))
    effects = AccountEffects(bucket, functions, inventory, known)
    stacks = FakeStacks(
        clock, bucket, account=account, region=environment.region, effects=effects, render=render, tap=tap
    )
    objects = FakeObjects(effects.contents, tap, own=bucket)
    backups = FakeBackups(effects.contents, effects.tables, tap)
    identity, metrics = FakeIdentity(account), FakeMetrics()
    cloud = Cloud(
        environment=environment.name,
        account=account,
        region=environment.region,
        local=False,
        stacks=stacks,
        bucket=bucket,
        functions=functions,
        settings=known,
        identity=identity,
        signing_keys=signing_keys,
        metrics=metrics,
        inventory=inventory,
        objects=objects,
        backups=backups,
        trespass=trespass,
    )
    return FakeAccount(
        cloud=cloud,
        stacks=stacks,
        bucket=bucket,
        functions=functions,
        settings=known,
        identity=identity,
        signing_keys=signing_keys,
        metrics=metrics,
        inventory=inventory,
        objects=objects,
        backups=backups,
        trespass=trespass,
        tap=tap,
        contents=effects.contents,
    )


class FakeClouds:
    """Gives every environment an account of its own, made when it is first opened."""

    def __init__(self, clock: Clock, *, render: Render | None = None, settings: Iterable[str] = ()) -> None:
        self._clock = clock
        self._render = render
        self._settings = tuple(settings)
        self._accounts: dict[str, FakeAccount] = {}
        self._lock = threading.Lock()
        self.closed: set[str] = set()
        """Environments that cannot be opened: no credentials."""
        self.local = False
        """Whether they say that they are the embedded cloud."""
        self.credentials: Mapping[str, str] | None = None
        self.reading: Mapping[str, str] | None = None
        """What they give subprocesses, and what they give them to read with."""

    def open(self, environment: Environment) -> Cloud:
        """Return the opened cloud. Raises CloudError when there are no credentials."""
        if environment.name in self.closed:
            raise CloudError(f"There are no credentials for {environment.name}", code="credentials-missing")
        known = self.account(environment).cloud
        if self.credentials is None and self.reading is None and not self.local:
            return known
        return replace(known, credentials=self.credentials, reading=self.reading, local=self.local or known.local)

    def account(self, environment: Environment) -> FakeAccount:
        """Return the environment's account with its concrete fakes."""
        with self._lock:
            if environment.name not in self._accounts:
                made = make_account(environment, self._clock, render=self._render, settings=self._settings)
                self._accounts[environment.name] = made
            return self._accounts[environment.name]

    def rename(self, old: str, new: str) -> None:
        """Give an account to an environment of another name, as when sealift.toml is changed; the bucket stays."""
        account = self._accounts[old]
        self._accounts[new] = replace(account, cloud=replace(account.cloud, environment=new))

    def __getitem__(self, name: str) -> FakeAccount:
        """Return the account of an environment that was opened before."""
        return self._accounts[name]
