"""The configuration of a deployment: the values it gets, and those that are kept so that it can be rolled back to.

What is kept is every value but those of NoEcho parameters, and the tags. Its SHA-256 is the `config` of the deployment
in the ledger, and its name in the environment's bucket: what was changed there is refused.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache

from sealift.delivery.parameters import given_parameters
from sealift.errors import IntegrityError, PreconditionFailed
from sealift.model.release import Release
from sealift.model.stored import canonical_json
from sealift.model.template import Json
from sealift.ports import Cloud
from sealift.usecases.site import Site
from sealift.usecases.writing import Writer


@dataclass(frozen=True, slots=True, kw_only=True)
class Configuration:
    """A stored configuration."""

    parameters: Mapping[str, Mapping[str, str]]
    """Open values by stack."""
    tags: Mapping[str, str]


def configuration_key(digest: str) -> str:
    """Return the bucket key of a configuration."""
    return f"configurations/{digest}.json"


def configuration_of(site: Site, release: Release, resolved: Mapping[str, Mapping[str, str]]) -> bytes:
    """Return the configuration of a deployment as it is kept, secrets (NoEcho) left out."""
    secret = {(s.name, p.name) for s in release.stacks for p in s.parameters if p.no_echo}
    open_values: Json = {
        stack: {name: value for name, value in values.items() if (stack, name) not in secret}
        for stack, values in resolved.items()
    }
    return canonical_json({"parameters": open_values, "tags": dict(site.environment.tags)})


def secrets_of(site: Site, release: Release, resolved: Mapping[str, Mapping[str, str]]) -> str:
    """Return a fingerprint of all secrets (NoEcho) of a deployment together; empty when it has none.

    It says only whether any of them changed. It is salted by where it is, made slowly, and of all of them at once, so
    that guessing takes guessing all; whoever can read the ledger can still try guesses of short ones.
    """
    secret = {
        s.name: sorted(p.name for p in s.parameters if p.no_echo and p.name in resolved[s.name]) for s in release.stacks
    }
    values: Json = {stack: {name: resolved[stack][name] for name in names} for stack, names in secret.items() if names}
    if not values:
        return ""
    salt = "/".join(("sealift", site.app.name, site.name, site.cloud.account, site.cloud.region))
    return slow_hash(canonical_json(values), salt)


@lru_cache(maxsize=64)
def slow_hash(value: bytes, salt: str) -> str:
    """Return a hash of a secret that takes 0.05 s to make, once in a process, so that guesses are slow."""
    return hashlib.scrypt(value, salt=salt.encode(), n=2**14, r=8, p=1, dklen=32).hex()


def keep_configuration(configuration: bytes, writer: Writer) -> None:
    """Keep a configuration in the environment's bucket; one that is there stays, unless it is damaged."""
    bucket, key = writer.cloud.bucket, configuration_key(hashlib.sha256(configuration).hexdigest())
    writer.check_lease()
    try:
        bucket.put(key, configuration, if_absent=True)
    except PreconditionFailed:
        there = bucket.get(key)
        if there is None or there.body != configuration:
            writer.check_lease()
            bucket.put(key, configuration)


def kept_configuration(digest: str, cloud: Cloud) -> Configuration:
    """Return a configuration that was kept. Raises IntegrityError when it is not what its name says, or gone."""
    key = configuration_key(digest)
    stored = cloud.bucket.get(key)
    actual = hashlib.sha256(stored.body).hexdigest() if stored else None
    if stored is None or actual != digest:
        what = f"damaged: its SHA-256 is {actual[:12]}…" if actual else "not there any more"
        raise IntegrityError(
            f"{key} in the bucket of {cloud.environment} is {what}",
            code="configuration-damaged",
            hint="The bucket is versioned: restore the previous version. Or deploy with what sealift.toml has now.",
            context={"environment": cloud.environment, "key": key},
        )
    try:
        raw = json.loads(stored.body)
        parameters = {str(stack): _texts(values) for stack, values in raw["parameters"].items()}
        return Configuration(parameters=parameters, tags=_texts(raw["tags"]))
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError) as error:
        # Its bytes have the digest, so it was made like that, and not by Sealift.
        raise IntegrityError(
            f"{key} in the bucket of {cloud.environment} cannot be read: {type(error).__name__}",
            code="configuration-damaged",
            hint="Deploy with what sealift.toml has now.",
            context={"environment": cloud.environment, "key": key},
        ) from error


def _texts(values: Mapping[str, object]) -> dict[str, str]:
    return {str(name): str(value) for name, value in values.items()}


def as_then(site: Site, release: Release, then: Configuration | None) -> Site:
    """Return the site with the values and tags of a configuration that was kept.

    Secrets (NoEcho) are those declared now, and so is everything when nothing was kept. What the templates of the
    release do not declare is left out.
    """
    app, environment = site.app, site.environment
    values = {
        stack.name: {
            name: value
            for name, value in given_parameters(app, environment, stack).items()
            if any(p.name == name and (p.no_echo or then is None) for p in stack.parameters)
        }
        | (dict(then.parameters.get(stack.name, {})) if then else {})
        for stack in release.stacks
    }
    tags = environment.tags if then is None else then.tags
    return replace(
        site,
        app=replace(app, stacks=tuple(replace(spec, parameters={}) for spec in app.stacks)),
        environment=replace(environment, parameters={}, stack_parameters=values, tags=tags),
    )
