"""Every key of the configuration, once: its kind, its default and what it means.

Validation, the commented file of `sealift init`, and the reference page all read this table, so they cannot disagree.
"""

from sealift.config.kinds import (
    Command,
    Day,
    Duration,
    Flag,
    Hour,
    Items,
    Key,
    Labels,
    Moment,
    Named,
    Share,
    Table,
    Text,
    Texts,
    Toggled,
    Values,
    Weekdays,
    Whole,
    Zone,
)

STACK_NAME = r"[A-Za-z][A-Za-z0-9-]{0,127}"
_NAME = r"[a-z][a-z0-9-]{0,39}"
_ENVIRONMENT_NAME = Text(pattern=_NAME, what="the name of an environment")
_PATH = Text(pattern=r"[^\x00-\x1f]+", what="a path")
_STACK_KEY = Text(pattern=_NAME, what="lower-case letters, digits and dashes")

_ROLE = Text(
    pattern=r"arn:aws[a-z-]*:iam::\d{12}:role/[\w+=,.@/-]+",
    what="the ARN of a role: arn:aws:iam::111122223333:role/name",
)

_APP = (
    Key(
        name="name",
        kind=Text(pattern=r"[A-Za-z][A-Za-z0-9-]{0,99}", what="letters, digits and dashes, a letter first"),
        doc="Name of the application. Stack names begin with it.",
        default="the repository's or the folder's name",
    ),
    Key(
        name="template",
        kind=_PATH,
        doc="The SAM or CloudFormation template, relative to the application's folder. Not together with `[[stacks]]`.",
        default="`template.yaml`, `.yml` or `.json`, here or in the only folder that has one",
    ),
)

_STACKS = (
    Key(
        name="name",
        kind=_STACK_KEY,
        doc="Name of the stack within the application; with several, stacks are called `<stack_name>-<name>`.",
        required=True,
    ),
    Key(name="template", kind=_PATH, doc="Its template, relative to the application's folder.", required=True),
    Key(
        name="needs",
        kind=Texts(),
        doc="Stacks that are deployed before this one, because it imports what they export.",
        default="[]",
    ),
    Key(name="parameters", kind=Values(), doc="Parameter values of this stack in every environment.", default="{}"),
)

_CLOUDFORMATION_NAME = Text(
    pattern=STACK_NAME, what="a stack name: letters, digits and dashes, a letter first, at most 128"
)

_ENVIRONMENT_STACK = (
    Key(
        name="stack_name",
        kind=_CLOUDFORMATION_NAME,
        doc="Name of the CloudFormation stack in this environment. It keeps a stack that is there already.",
        default="`<stack_name>-<name>`; with one stack `<stack_name>`",
    ),
    Key(name="parameters", kind=Values(), doc="Parameter values of this stack in this environment.", default="{}"),
)

_HEALTH = (
    Key(
        name="enabled",
        kind=Flag(),
        doc="Whether a running release is judged at all: before a promotion out of here, and while it is watched.",
        default="true",
    ),
    Key(
        name="alarms",
        kind=Texts(),
        doc="Alarms that must not ring, by name or by logical id.",
        default="every alarm of the environment's stacks",
    ),
    Key(
        name="max_error_rate",
        kind=Share(),
        doc="Largest share of failed invocations of a function, and of 5XX answers of an API.",
        default="0.01",
    ),
    Key(
        name="max_latency",
        kind=Duration(),
        doc="The longest that a function or an API may take on average.",
        default="any",
    ),
    Key(
        name="min_requests",
        kind=Whole(least=0, most=100_000),
        doc="Requests that must have been seen. Declared probes make up for what is missing, and are told apart.",
        default="0",
    ),
    Key(
        name="compare",
        kind=Flag(),
        doc="Whether the release must not be worse than the one before it.",
        default="true",
    ),
)

_ZONE = Key(name="zone", kind=Zone(), doc="Its time zone, by its IANA name.", default='"UTC"')

_WINDOWS = (
    Key(
        name="days",
        kind=Weekdays(),
        doc="Days on which the window starts: `mon-thu`, `mon, wed`, or a list.",
        default="every day",
    ),
    Key(name="from", kind=Hour(), doc="When it opens.", default='"00:00"'),
    Key(
        name="to",
        kind=Hour(),
        doc="When it closes. At or before `from` it is that of the next day.",
        default='"00:00"',
    ),
    _ZONE,
)

_FREEZES = (
    Key(name="from", kind=Moment(), doc="When it begins: `2026-12-20T18:00`, or a day.", required=True),
    Key(name="to", kind=Moment(), doc="When it ends.", required=True),
    _ZONE,
    Key(name="reason", kind=Text(pattern=r"(?s).*\S.*"), doc="Why, for who runs into it.", required=True),
)

_ENVIRONMENT = (
    Key(
        name="account",
        kind=Text(pattern=r"[0-9]{12}", what="an AWS account id: twelve digits in quotes"),
        doc="AWS account. With other credentials nothing is written.",
        default="the account of the credentials in use",
    ),
    Key(
        name="region",
        kind=Text(pattern=r"[a-z]{2,4}(-[a-z]+)+-[0-9]", what="an AWS region, such as eu-central-1"),
        doc="AWS region.",
        default="samconfig.toml's, else `AWS_REGION`, else `us-east-1`",
    ),
    Key(
        name="stack_name",
        kind=_CLOUDFORMATION_NAME,
        doc="Name of the CloudFormation stack.",
        default="`<app>-<environment>`",
    ),
    Key(
        name="bucket",
        kind=Text(pattern=r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]", what="the name of an S3 bucket"),
        doc="Bucket for artifacts, ledger and lease, in the environment's own account; made when it is not there.",
        default="a name made of application, environment, account and region",
    ),
    Key(
        name="branch",
        kind=Text(pattern=r"[^\s~^:?*\[\\]+", what="the name of a branch"),
        doc="`sealift run` deploys commits on this branch here.",
        default="`main` for `staging`, and for the only environment that is not promoted to",
    ),
    Key(
        name="promotes_from",
        kind=_ENVIRONMENT_NAME,
        doc="Only a release that was verified and has soaked in this other environment may be deployed here.",
        default="`staging` for `production`",
    ),
    Key(
        name="soak",
        kind=Duration(),
        doc="How long a release must have been verified here before it may be promoted.",
        default="`10m` when another environment promotes from this one, else `0s`",
    ),
    Key(
        name="roles",
        kind=Texts(),
        doc="ARNs of roles that act for the environment and stand in none of its templates: who deploys, who verifies. "
        "`sealift prove --live` reads what they may do and proves them, too.",
        default="[]",
    ),
    Key(
        name="role",
        kind=_ROLE,
        doc="ARN of the role as which Sealift works on the environment: it is assumed with the credentials in use. "
        "A promotion works on two environments, each as its own. Not with `SEALIFT_ASSUME_ROLE=no` in the process "
        "environment, nor on the embedded cloud.",
        default="the credentials in use, as they are",
    ),
    Key(
        name="cloudformation_role",
        kind=_ROLE,
        doc="ARN of the role as which CloudFormation makes what the templates say. Whoever deploys has to be allowed "
        "to pass it. Not on the embedded cloud.",
        default="CloudFormation has the rights of whoever deploys",
    ),
    Key(
        name="approval",
        kind=Flag(),
        doc="Whether somebody other than the commit's author has to approve each release; the same as `approvals = 1`.",
        default="false",
    ),
    Key(
        name="approvals",
        kind=Whole(least=0, most=20),
        doc="How many people other than the commit's author have to approve each release.",
        default="1 with `approval` or `approvers`, else 0",
    ),
    Key(
        name="approvers",
        kind=Texts(),
        doc="Who may approve, and override a gate: `ann`, or `ann@github` for that system alone.",
        default="everybody",
    ),
    Key(
        name="windows",
        kind=Items(keys=_WINDOWS),
        doc="When releases may enter, week by week. A rollback may at any time.",
        default="always",
    ),
    Key(name="freezes", kind=Items(keys=_FREEZES), doc="When none may.", default="never"),
    Key(
        name="protected",
        kind=Flag(),
        doc="Whether stacks get termination protection and are never torn down.",
        default="true for `production` and whatever else is promoted to",
    ),
    Key(
        name="drift",
        kind=Text(pattern="show|refuse|off", what='"show", "refuse" or "off"'),
        doc="Whether a deployment looks for changes made by hand first, and refuses when there are any.",
        default='`"show"` when the environment is protected, else `"off"`',
    ),
    Key(
        name="watch",
        kind=Duration(),
        doc="How long the environment is watched after a deployment was verified. When it fails then, it goes back.",
        default='"0s"',
    ),
    Key(
        name="health",
        kind=Table(keys=_HEALTH),
        doc="What a running release has to be like; [the soak](../explanation/soak.md) explains how it is judged.",
    ),
    Key(
        name="parameters",
        kind=Values(),
        doc="Parameter values of the template in this environment.",
        default="{}",
    ),
    Key(name="tags", kind=Labels(), doc="Tags of the stacks, and so of all their resources.", default="{}"),
    Key(
        name="stacks",
        kind=Named(keys=_ENVIRONMENT_STACK, pattern=_NAME, placeholder="STACK"),
        doc="What holds for one stack in this environment alone.",
    ),
)


def _suite(what: str, path: str, default_timeout: str) -> tuple[Key, ...]:
    return (
        Key(
            name="enabled",
            kind=Toggled(),
            doc=f"Whether the {what} tests are run; `auto` runs them when there are any.",
            default='"auto"',
        ),
        Key(
            name="command",
            kind=Command(),
            doc="Run this instead of pytest, in the same environment. Its exit code is the result.",
            default="pytest",
        ),
        Key(name="path", kind=_PATH, doc="Folder or file of the tests.", default=path),
        Key(
            name="requirements",
            kind=Texts(),
            doc="Requirements files to install besides those of the functions.",
            default="the requirements files and development groups that are there",
        ),
        Key(
            name="python",
            kind=Text(pattern=r"3\.[0-9]{1,2}", what='a Python version, such as "3.12"'),
            doc="Python version the tests run on.",
            default="`.python-version`, else the functions' runtime",
        ),
        Key(
            name="variables",
            kind=Labels(),
            doc="Environment variables they get. Folders in `PYTHONPATH` are relative to the application's folder.",
            default="{}",
        ),
        Key(name="timeout", kind=Duration(), doc="How long they may take.", default=f'"{default_timeout}"'),
    )


_ACCEPTANCE = (
    *_suite("acceptance", "folders called `acceptance`", "10m"),
    Key(
        name="environments",
        kind=Texts(),
        doc="Environments they are run against.",
        default="every one",
    ),
)

_TESTS = (
    Key(name="unit", kind=Table(keys=_suite("unit", "`tests/unit`, else `tests`", "10m")), doc="The unit tests."),
    Key(
        name="acceptance",
        kind=Table(keys=_ACCEPTANCE),
        doc="Tests against a deployed environment. They find it in `SEALIFT_ENV` and `SEALIFT_OUTPUT_<Key>`.",
    ),
)

_PROBES = (
    Key(
        name="name",
        kind=Text(pattern=r"[^\x00-\x1f]{1,100}", what="a short text"),
        doc="What it is called in reports.",
        default="method and address",
    ),
    Key(
        name="url",
        kind=Text(pattern=r"(https?://|\$\{)\S+", what="an address that begins with http://, https:// or ${OutputKey}"),
        doc="Address; `${OutputKey}` stands for an output of the stack.",
        required=True,
    ),
    Key(
        name="method",
        kind=Text(pattern="GET|HEAD|POST|PUT|PATCH|DELETE|OPTIONS", what="an HTTP method in capitals"),
        doc="HTTP method.",
        default='"GET"',
    ),
    Key(name="headers", kind=Labels(), doc="Headers to send.", default="{}"),
    Key(name="body", kind=Text(pattern=r"(?s).*"), doc="Body to send.", default="none"),
    Key(name="status", kind=Whole(least=100, most=599), doc="The status the answer must have.", default="200"),
    Key(name="contains", kind=Text(), doc="Text the answer must contain.", default="anything"),
    Key(name="max_latency", kind=Duration(), doc="The longest an answer may take.", default="any"),
    Key(name="environments", kind=Texts(), doc="Environments it is sent to.", default="every one"),
)

_HOOKS = (
    Key(
        name="before_deploy",
        kind=Texts(),
        doc=(
            "Command lines run before a deployment, in the application's folder, without a shell. "
            "They must be idempotent."
        ),
        default="[]",
    ),
    Key(
        name="after_deploy",
        kind=Texts(),
        doc=(
            "Command lines, or `lambda:LogicalId` to call a function of the release, run after a deployment and before "
            "its verification. They must be idempotent."
        ),
        default="[]",
    ),
    Key(name="timeout", kind=Duration(), doc="How long one command may take.", default='"15m"'),
)

_ACCEPTED = (
    Key(
        name="id",
        kind=Text(pattern=r"[A-Z]{3}-[0-9]{2}", what="the id of a rule, such as IAM-01"),
        doc="The rule that found it; see [isolation-rules.md](isolation-rules.md).",
        required=True,
    ),
    Key(
        name="reason",
        kind=Text(pattern=r"(?s).*\S.*"),
        doc="Why it is accepted, for who reads it later.",
        required=True,
    ),
    Key(name="expires", kind=Day(), doc="The last day on which it is accepted; then it counts again.", required=True),
    Key(
        name="from",
        kind=Text(pattern=r"[^\x00-\x1f]+", what="the name of an environment"),
        doc="Only when found from this environment.",
        default="any",
    ),
    Key(
        name="to",
        kind=Text(pattern=r"[^\x00-\x1f]+", what="the name of an environment"),
        doc='Only when found towards this environment, `"outside"` or `"every environment"`.',
        default="any",
    ),
    Key(
        name="logical_id",
        kind=Text(pattern=r"[^\x00-\x1f]{1,255}", what="a logical id of the template"),
        doc="Only for this resource of the template.",
        default="any",
    ),
)

_ISOLATION = (
    Key(
        name="accepted",
        kind=Items(keys=_ACCEPTED),
        doc="Findings of the proof that somebody answers for until a day. They are listed, and do not stop.",
    ),
)

_SIGNING = (
    Key(
        name="private_key",
        kind=_PATH,
        doc="Ed25519 key (PEM, PKCS #8, no password) that signs each release. Keep it out of the repository.",
        default="releases are not signed",
    ),
    Key(
        name="kms_key",
        kind=Text(pattern=r"[A-Za-z0-9:/_-]{1,2048}", what="the id, the ARN or the alias/NAME of a KMS key"),
        doc=(
            "Key in AWS KMS (ECC_NIST_P256, for signing) that signs each release, in place of `private_key`. "
            "`public_key` has to be given too."
        ),
        default="none",
    ),
    Key(
        name="public_key",
        kind=_PATH,
        doc="The key that belongs to it (PEM). With it, only releases that it verifies are promoted.",
        default="the private key's own, where that is",
    ),
)

_SANDBOX = (
    Key(
        name="network",
        kind=Flag(),
        doc="Whether tests reach the network. With `false` they have this machine's own addresses alone, and are an "
        "error where the kernel cannot see to it. cfn-lint never reaches the network where the kernel can see to it.",
        default="true",
    ),
    Key(
        name="variables",
        kind=Texts(),
        doc="Environment variables that these programs get besides harmless ones, such as `UV_INDEX_OURS_PASSWORD`.",
        default="[]",
    ),
    Key(
        name="files",
        kind=Texts(),
        doc="Files that these programs may read although they hold credentials, such as `~/.npmrc`.",
        default="[]",
    ),
)

_BUILD = (
    Key(
        name="shared_layer",
        kind=Flag(),
        doc="Whether Python dependencies that several functions share go into one layer that Sealift adds.",
        default="false",
    ),
    Key(
        name="commands",
        kind=Labels(),
        doc="Command lines that build a function or layer, by its logical id, into the folder `$ARTIFACTS_DIR`.",
        default="{}",
    ),
    Key(
        name="inputs",
        kind=Texts(),
        doc=(
            "Files and folders of the repository that Makefiles, commands and esbuild read beside the function's own "
            "folder, such as `../shared`. A change of one builds again; what is not named is not there."
        ),
        default="[]",
    ),
    Key(
        name="leave_out",
        kind=Texts(),
        doc=(
            "Patterns of what does not go into packages: of a name (`tests`), or of a path in a function's folder "
            "(`docs/*.md`)."
        ),
        default="[]",
    ),
    Key(
        name="keep",
        kind=Texts(),
        doc=(
            "Patterns of what goes into packages although Sealift leaves it out; `sealift build --explain` names that. "
            "Patterns of dependencies (`*/tests/*`, `*.pyi`) are switched off by their own text."
        ),
        default="[]",
    ),
)

_LOCAL = (
    Key(
        name="settings",
        kind=Labels(),
        doc=(
            "Values of settings that the template reads, by `ssm:NAME`, `ssm-secure:NAME` or `secretsmanager:ID`. "
            "Stand-ins, never real secrets: this file is in git. None of it goes to AWS."
        ),
        default="{}",
    ),
)

_PREVIEWS = (
    *(key for key in _ENVIRONMENT if key.name in ("account", "region", "role", "cloudformation_role", "roles")),
    Key(
        name="untrusted",
        kind=Flag(),
        doc="Whether pull requests of people who may not push, from forks, may get one.",
        default="false",
    ),
    Key(
        name="parameters",
        kind=Values(),
        doc="Parameter values in every preview, with `*` where the number of the pull request is.",
        default="{}",
    ),
    Key(name="tags", kind=Labels(), doc="Tags of their stacks.", default="{}"),
)

ROOT = (
    Key(name="app", kind=Table(keys=_APP), doc="The application."),
    Key(name="parameters", kind=Values(), doc="Parameter values of every environment.", default="{}"),
    Key(
        name="stacks",
        kind=Items(keys=_STACKS),
        doc="The stacks, when the application has more than one template. Without it there is one, called `app`.",
    ),
    Key(
        name="environments",
        kind=Named(keys=_ENVIRONMENT, pattern=_NAME, placeholder="NAME"),
        doc=(
            "The environments. Without any, there are `staging` and `production`; as soon as one is declared, only "
            "those declared exist."
        ),
    ),
    Key(
        name="lint",
        kind=Table(
            keys=(
                Key(
                    name="enabled",
                    kind=Toggled(),
                    doc="Whether ruff and cfn-lint are run on source and template.",
                    default='"auto"',
                ),
            )
        ),
        doc="Static analysis.",
    ),
    Key(name="sandbox", kind=Table(keys=_SANDBOX), doc="What linters, builds and tests of a tree may reach."),
    Key(name="tests", kind=Table(keys=_TESTS), doc="The application's own tests."),
    Key(name="probes", kind=Items(keys=_PROBES), doc="HTTP requests that a deployment has to answer as declared."),
    Key(
        name="verify",
        kind=Table(
            keys=(
                Key(
                    name="timeout",
                    kind=Duration(),
                    doc="How long probes are repeated until the API answers as declared.",
                    default='"1m"',
                ),
            )
        ),
        doc="Verification of a deployment.",
    ),
    Key(name="hooks", kind=Table(keys=_HOOKS), doc="Commands around a deployment, run with the stack's outputs."),
    Key(name="local", kind=Table(keys=_LOCAL), doc="The embedded cloud, `--local`, alone."),
    Key(name="isolation", kind=Table(keys=_ISOLATION), doc="The proof that no environment reaches another."),
    Key(name="build", kind=Table(keys=_BUILD), doc="How artifacts are made."),
    Key(
        name="signing",
        kind=Table(keys=_SIGNING),
        doc="Signatures of releases. Paths are relative to the application's folder, absolute, or begin with `~`.",
    ),
    Key(
        name="previews",
        kind=Table(keys=_PREVIEWS),
        doc=(
            "Where previews of pull requests are to be, for `sealift prove`: all of them at once, as one environment "
            "called `pr-*` whose stack is `<app>-pr-<number>`. Sealift does not deploy previews yet."
        ),
    ),
)
