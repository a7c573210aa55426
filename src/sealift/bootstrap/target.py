"""What a bootstrap stack is made for, and how what it makes is called."""

from dataclasses import dataclass

from sealift.bootstrap.trust import Trust
from sealift.delivery.buckets import bucket_name
from sealift.delivery.previews import FOLDER
from sealift.errors import ConfigError
from sealift.model.app import PREVIEWS, App, Environment
from sealift.model.template import Json

TAG = "sealift:bootstrap"
"""Says of a stack that it is one of these, and for which environment: `<application>/<environment>`.

It is not the tag of the environment's own stacks: `destroy` and the search for stacks left behind go by that.
"""
PATH = "/sealift/"
_LONGEST_ROLE = 64
_SUFFIX = "-cloudformation"
_NOBODY = "000000000000"


@dataclass(frozen=True, slots=True, kw_only=True)
class BootstrapTarget:
    """One environment of one application, as its bootstrap stack sees it."""

    app: str
    environment: str
    stack: str
    """Name that all names of the environment begin with."""
    stacks: tuple[str, ...]
    """Beginnings of the names of its stacks: `stack` first, then those that were named one by one."""
    bucket: str
    """Name of its bucket; `${…}` stands for the account."""
    services: frozenset[str]
    trust: Trust
    followers: tuple[Trust, ...] = ()
    """Whom the environments trust that releases are promoted to from here: their jobs read this one as its role."""
    makes_provider: bool = True
    """Whether the identity provider is in this stack: an account has one for each issuer."""
    may_destroy: bool = False
    previews: bool = False
    """Whether it stands for all previews: one bucket, in which each has a folder that goes with it."""
    lock_days: int | None = None
    """How long no version of an object in the bucket can be deleted, by whomever (S3 Object Lock)."""
    local: bool = False
    """The embedded cloud has no identity providers and no TLS."""

    @property
    def name(self) -> str:
        """Name of the stack itself; it begins with nothing that a role of the environment may write to."""
        return f"sealift-bootstrap-{self.stack}"

    @property
    def tags(self) -> dict[str, str]:
        """Tags of the stack, and so of all that it makes."""
        return {TAG: f"{self.app}/{self.label}"}

    @property
    def label(self) -> str:
        """How the environment is called in sealift.toml."""
        return PREVIEWS if self.previews else self.environment

    @property
    def folder(self) -> str:
        """Where in the bucket ledger and lease are."""
        return f"{FOLDER}*/" if self.previews else ""

    @property
    def bucket_arn(self) -> str:
        """The ARN of the bucket."""
        return f"arn:${{AWS::Partition}}:s3:::{self.bucket}"

    @property
    def boundary_arn(self) -> str:
        """The ARN of the boundary: on a path that nothing of the environment may write to."""
        return f"arn:${{AWS::Partition}}:iam::${{AWS::AccountId}}:policy{PATH}{self.stack}-boundary"

    def role_arn(self, role: str) -> str:
        """Return the ARN of one of its roles, with the pseudo parameters of CloudFormation in it."""
        return f"arn:${{AWS::Partition}}:iam::${{AWS::AccountId}}:role{PATH}{self.stack}-{role}"


def bucket_of(environment: Environment) -> str:
    """Return the name of an environment's bucket; where no account is declared, `${AWS::AccountId}` stands in it."""
    if environment.bucket is not None:
        return environment.bucket
    name = bucket_name(environment.account or _NOBODY, environment.region, environment.stack_name)
    return name if environment.account else name.replace(f"-{_NOBODY}-", "-${AWS::AccountId}-", 1)


def stack_beginnings(app: App, environment: Environment) -> tuple[str, ...]:
    """Return what the names of an environment's stacks begin with."""
    names = (app.stack_name(environment, stack) for stack in app.stacks)
    others = (
        name for name in names if name != environment.beginning and not name.startswith(f"{environment.beginning}-")
    )
    return tuple(dict.fromkeys((environment.beginning, *others)))


def check_name(environment: Environment) -> None:
    """Raise ConfigError when roles cannot be named after the environment's stack."""
    longest = _LONGEST_ROLE - len(_SUFFIX)
    if len(environment.beginning) > longest:
        raise ConfigError(
            f"the stack name of {environment.label} has {len(environment.beginning)} characters, and its roles are "
            f"named after it: {longest} is the most",
            code="bootstrap-name",
            hint="Set a shorter `name` under [app] in sealift.toml."
            if environment.kind == "preview"
            else f"Set a shorter `stack_name` under {environment.section} in sealift.toml.",
            context={"environment": environment.label},
        )


def check_apart(app: App, previews: Environment) -> None:
    """Raise ConfigError when a stack of another environment in the account has a name as previews' roles may change."""
    for other in app.environments:
        apart = previews.account and other.account and previews.account != other.account
        names = [app.stack_name(other, stack) for stack in app.stacks]
        near = [name for name in names if name.startswith(f"{previews.beginning}-") or name == previews.beginning]
        if near and not apart:
            raise ConfigError(
                f"stack {near[0]} of {other.name} has a name that the roles of previews may change",
                code="bootstrap-name",
                hint=f"Give {other.name} and [previews] separate accounts, or set another `stack_name` under "
                f"{other.section} in sealift.toml: one that does not begin with {previews.beginning}-.",
                context={"environment": other.name, "stack": near[0]},
            )


def sub(text: str) -> Json:
    """Return a text with pseudo parameters as CloudFormation wants it."""
    return {"Fn::Sub": text} if "${" in text else text


def subs(texts: tuple[str, ...] | list[str]) -> Json:
    """Return several of them; a single one alone."""
    made = [sub(text) for text in dict.fromkeys(texts)]
    return made[0] if len(made) == 1 else made
