"""What Sealift asks AWS for, by purpose: when it does, and by which commands. The list of rights is in rights.py."""

from sealift.model.values import value


@value
class Need:
    """A purpose of calls. An optional one is met only by who uses what it is about."""

    title: str
    when: str
    commands: tuple[str, ...]
    optional: bool = True


_DEPLOYING = ("run", "deploy", "promote", "rollback", "resume")
_READING = ("outputs", "open", "logs", "invoke")
_WRITING = (*_DEPLOYING, "approve", "waive", "destroy")

LOOK = Need(
    title="Look at an environment",
    when="Whatever looks at an environment, or goes on from what it is.",
    commands=(
        *("status", "history", "diff", "drift", "ledger verify", "release verify", "evidence", "doctor"),
        *("prove --live", *_READING, *_WRITING),
    ),
    optional=False,
)
DEPLOYED = Need(
    title="Read what is deployed",
    when="Whatever compares the template that is deployed with another one.",
    commands=("drift", "doctor", "prove --live", *_DEPLOYING, "destroy"),
    optional=False,
)
UNDECLARED = Need(
    title="Find stacks that are no longer declared",
    when="Whoever looks at an environment or deploys to it. When refused, only the stacks that the environment's own "
    "ledger names are looked at: one that was left behind under another `name` or `stack_name` is not found. It shows "
    "the outputs of every stack of the account and region, so leave it out where environments share an account.",
    commands=("status", "drift", "run", "deploy", "promote", "rollback", "resume", "destroy"),
)
RECORD = Need(
    title="Write to an environment",
    when="Whatever writes takes the lease and puts what it does into the ledger. Nothing in the bucket is deleted.",
    commands=_WRITING,
    optional=False,
)
BUCKET_MADE = Need(
    title="Make the environment's bucket",
    when="The first write to an environment that declares no `bucket`, or one that is not there. A bucket that was "
    "made and declared beforehand saves these.",
    commands=_WRITING,
)
ASSUME = Need(
    title="Work as a role of the environment",
    when="With `role`. Whoever runs Sealift needs this, and nothing else: all other rights are those of the role.",
    commands=LOOK.commands,
)
PASS = Need(
    title="Let CloudFormation work as a role",
    when="With `cloudformation_role`. Then who deploys does not need the rights to make what is in the template.",
    commands=_DEPLOYING,
)
DEPLOY = Need(
    title="Deploy",
    when="Ask for a change set, execute it, wait to the very end, read back what runs. Besides, CloudFormation makes "
    "everything that is in the template with the rights of the caller, unless there is a `cloudformation_role`.",
    commands=_DEPLOYING,
    optional=False,
)
LARGE = Need(
    title="Upload large artifacts",
    when="When an artifact is larger than 8 MiB: it goes in parts.",
    commands=_DEPLOYING,
)
PROTECT = Need(
    title="Protect stacks",
    when="With `protected`, which is the default of `production`.",
    commands=(*_DEPLOYING, "destroy"),
)
SETTINGS = Need(
    title="Look for settings",
    when="When a template names parameters of Parameter Store, or secrets. Their values are not read.",
    commands=_DEPLOYING,
)
CONFIGURE = Need(
    title="Read and change settings",
    when="Values are read to print them, to compare them, and to see whether they changed. "
    "Limit the resources to `/<app>/<environment>/*`.",
    commands=tuple(f"config {name}" for name in ("check", "list", "get", "set", "unset", "import", "diff")),
)
OUTSIDE = Need(
    title="Look for code outside the release",
    when="When a template names code, layers or images that are stored already. When refused, the deployment goes on, "
    "and says what was not looked at.",
    commands=("status", *_DEPLOYING),
)
SHIFT = Need(
    title="Follow a gradual shift of traffic",
    when="When a function has an `AutoPublishAlias` and a `DeploymentPreference`. CloudFormation calls CodeDeploy.",
    commands=_DEPLOYING,
)
FAILED = Need(
    title="Say why a function failed",
    when="When a stack fails over a function or a custom resource. When refused, the cause is told without its log.",
    commands=_DEPLOYING,
)
LOGS = Need(
    title="Read the logs of functions",
    when="Whenever somebody reads them.",
    commands=("logs",),
)
INVOKE = Need(
    title="Call a function by hand",
    when="Whenever somebody calls one.",
    commands=("invoke",),
)
HOOKS = Need(
    title="Call hooks that are functions",
    when="With `lambda:NAME` in `[hooks]`.",
    commands=_DEPLOYING,
)
HEALTH = Need(
    title="Judge health",
    when="Before a promotion out of an environment, and while one is watched; not with `health.enabled = false`.",
    commands=("status", *_DEPLOYING),
)
DRIFT = Need(
    title="Look for changes made by hand",
    when='With `drift = "show"` or `"refuse"`; `show` is the default of protected environments. AWS reads each '
    "resource with the rights of the caller (documented, not observed: "
    "<https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-cfn-stack-drift.html>).",
    commands=("drift", *_DEPLOYING),
)
BACKUP = Need(
    title="Back up a store before a waived loss",
    when="When a waiver lets a table or a database be replaced or removed.",
    commands=_DEPLOYING,
)
DESTROY = Need(
    title="Destroy an environment",
    when="Its stacks' buckets are emptied, then its stacks are deleted.",
    commands=("destroy",),
)
SIGN = Need(
    title="Sign releases with a key in KMS",
    when="With `kms_key` in `[signing]`.",
    commands=("run", "deploy"),
)
LIVE = Need(
    title="Prove isolation from what is in force",
    when="Each for the resources of its kind that are in the stacks. What is refused is told as not read, and the "
    "verdict is not L2.",
    commands=("prove --live",),
)
COMPARE = Need(
    title="Compare the values of secrets",
    when="With `--secrets`. Values are not kept; a salted hash of each is compared.",
    commands=("prove --secrets",),
)
GUARDRAILS = Need(
    title="Read the organization's policies",
    when="Only the management account and delegated administrators may. When refused, it is skipped, and said.",
    commands=("prove --live",),
)
PROBE = Need(
    title="Try as a function's role",
    when="With `--probe ENV --on-aws`. What is tried as that role needs no right: a denial is hoped for.",
    commands=("prove --probe",),
)
BOOTSTRAP = Need(
    title="Make what an environment needs first",
    when="Once for each environment, by somebody who may make roles and a bucket: CloudFormation makes them with the "
    "rights of the caller. The stack is called `sealift-bootstrap-<stack_name>`.",
    commands=("bootstrap",),
)
COMPARED = Need(
    title="Compare the bootstrap stack",
    when="With `trust`. When refused, `doctor` says that the stack was not compared. AWS looks for changes by hand "
    "with the rights of the caller, who has to read buckets and roles for that.",
    commands=("doctor",),
)
SIMULATE = Need(
    title="Simulate rights",
    when="When refused, `doctor` says that rights were not checked. The ARN of a session lacks the path of its role, "
    "which is looked up.",
    commands=("doctor",),
)
