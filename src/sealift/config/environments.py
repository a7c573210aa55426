"""The keys of an environment and of the previews: their place, their gates, and how their releases are watched."""

from dataclasses import replace

from sealift.config.kinds import (
    DURATION,
    FLAG,
    HOUR,
    LATENCY,
    MOMENT,
    PARAMETERS,
    SHARE,
    TAGS,
    TEXTS,
    WEEKDAYS,
    ZONE,
    Items,
    Key,
    Named,
    table,
    text,
    whole,
)
from sealift.model.app import (
    Environment,
    Freeze,
    Health,
    PreviewRules,
    Window,
)

_STACK_NAME = r"[A-Za-z][A-Za-z0-9-]{0,127}"
ENVIRONMENT_NAME = r"[a-z][a-z0-9-]{0,39}"
_CLOUDFORMATION_NAME = text(_STACK_NAME, "a stack name: letters, digits and dashes, a letter first, at most 128")

_ROLE = text(r"arn:aws[a-z-]*:iam::\d{12}:role/[\w+=,.@/-]+", "the ARN of a role: arn:aws:iam::111122223333:role/name")

_ENVIRONMENT_NAME = text(ENVIRONMENT_NAME, "the name of an environment")

_ENVIRONMENT_STACK = table(
    Key(
        "stack_name",
        _CLOUDFORMATION_NAME,
        "Name of the CloudFormation stack in this environment. It keeps a stack that is there already.",
        "`<stack_name>-<name>`; with one stack `<stack_name>`",
    ),
    Key("parameters", PARAMETERS, "Parameter values of this stack in this environment.", "{}"),
)

_HEALTH = table(
    Key(
        "enabled",
        FLAG,
        "Whether a running release is judged at all: before a promotion out of here, and while it is watched.",
    ),
    Key(
        "alarms",
        TEXTS,
        "Alarms that must not ring, by name or by logical id.",
        "every alarm of the environment's stacks",
    ),
    Key("max_error_rate", SHARE, "Largest share of failed invocations of a function, and of 5XX answers of an API."),
    Key(
        "max_latency",
        LATENCY,
        "The longest that a function or an API may take on average.",
        "any",
        field="max_latency_ms",
    ),
    Key(
        "min_requests",
        whole(0, 100_000),
        "Requests that must have been seen. Declared probes make up for what is missing, and are told apart.",
    ),
    Key("compare", FLAG, "Whether the release must not be worse than the one before it."),
    into=Health,
)

_ZONE = Key("zone", ZONE, "Its time zone, by its IANA name.")

_WINDOW = table(
    Key("days", WEEKDAYS, "Days on which the window starts: `mon-thu`, `mon, wed`, or a list.", "every day"),
    Key("from", HOUR, "When it opens.", field="start"),
    Key("to", HOUR, "When it closes. At or before `from` it is that of the next day.", field="end"),
    _ZONE,
    into=Window,
)

_FREEZE = table(
    Key("from", MOMENT, "When it begins: `2026-12-20T18:00`, or a day.", required=True, field="start"),
    Key("to", MOMENT, "When it ends.", required=True, field="end"),
    _ZONE,
    Key("reason", text(r"(?s).*\S.*"), "Why, for who runs into it.", required=True),
    into=Freeze,
)

ENVIRONMENT = table(
    Key(
        "account",
        text(r"[0-9]{12}", "an AWS account id: twelve digits in quotes"),
        "AWS account. With other credentials nothing is written.",
        "the account of the credentials in use",
    ),
    Key(
        "region",
        text(r"[a-z]{2,4}(-[a-z]+)+-[0-9]", "an AWS region, such as eu-central-1"),
        "AWS region.",
        "samconfig.toml's, else `AWS_REGION`, else `us-east-1`",
    ),
    Key("stack_name", _CLOUDFORMATION_NAME, "Name of the CloudFormation stack.", "`<app>-<environment>`"),
    Key(
        "bucket",
        text(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]", "the name of an S3 bucket"),
        "Bucket for artifacts, ledger and lease, in the environment's own account; made when it is not there.",
        "a name made of application, environment, account and region",
    ),
    Key(
        "branch",
        text(r"[^\s~^:?*\[\\]+", "the name of a branch"),
        "`sealift run` deploys commits on this branch here.",
        "`main` for `staging`, and for the only environment that is not promoted to",
    ),
    Key(
        "promotes_from",
        _ENVIRONMENT_NAME,
        "Only a release that was verified and has soaked in this other environment may be deployed here.",
        "`staging` for `production`",
    ),
    Key(
        "soak",
        DURATION,
        "How long a release must have been verified here before it may be promoted.",
        "`10m` when another environment promotes from this one, else `0s`",
        field="soak_s",
    ),
    Key(
        "roles",
        TEXTS,
        "ARNs of roles that act for the environment and stand in none of its templates: who deploys, who verifies. "
        "`sealift prove --live` reads what they may do and proves them, too.",
    ),
    Key(
        "role",
        _ROLE,
        "ARN of the role as which Sealift works on the environment: it is assumed with the credentials in use. "
        "A promotion works on two environments, each as its own. Not with `SEALIFT_ASSUME_ROLE=no` in the process "
        "environment. On the embedded cloud, as the one that `sealift bootstrap --local` made there.",
        "the credentials in use, as they are",
    ),
    Key(
        "cloudformation_role",
        _ROLE,
        "ARN of the role as which CloudFormation makes what the templates say. Whoever deploys has to be allowed "
        "to pass it. Not on the embedded cloud.",
        "CloudFormation has the rights of whoever deploys",
    ),
    Key(
        "trust",
        text(r"(bitbucket:|github[@:]|gitlab[@:]|arn:)\S+", "whom to trust, such as github:owner/name"),
        "Whom the roles of `sealift bootstrap` trust: the jobs of one repository's CI for this environment, or one "
        "role. `bitbucket:WORKSPACE/{WORKSPACE-UUID}/{REPOSITORY-UUID}/{ENVIRONMENT-UUID}`, "
        "`github:OWNER@ID/REPOSITORY@ID` or `github:OWNER/REPOSITORY`, `gitlab:GROUP/PROJECT`, "
        "`arn:aws:iam::111122223333:role/name`.",
        "`sealift bootstrap` asks for it",
    ),
    Key(
        "approval",
        FLAG,
        "Whether somebody other than the commit's author has to approve each release; the same as `approvals = 1`.",
        "false",
        field=None,
    ),
    Key(
        "approvals",
        whole(0, 20),
        "How many people other than the commit's author have to approve each release.",
        "1 with `approval` or `approvers`, else 0",
    ),
    Key(
        "approvers",
        TEXTS,
        "Who may approve, and override a gate: `ann`, or `ann@github` for that system alone.",
        "everybody",
    ),
    Key("windows", Items(_WINDOW), "When releases may enter, week by week. A rollback may at any time.", "always"),
    Key("freezes", Items(_FREEZE), "When none may.", "never"),
    Key(
        "protected",
        FLAG,
        "Whether stacks get termination protection and are never torn down.",
        "true for `production` and whatever else is promoted to",
    ),
    Key(
        "drift",
        text("show|refuse|off", '"show", "refuse" or "off"'),
        "Whether a deployment looks for changes made by hand first, and refuses when there are any.",
        '`"show"` when the environment is protected, else `"off"`',
    ),
    Key(
        "watch",
        DURATION,
        "How long the environment is watched after a deployment was verified. When it fails then, it goes back.",
        field="watch_s",
    ),
    Key(
        "health",
        _HEALTH,
        "What a running release has to be like; [the soak](../explanation/soak.md) explains how it is judged.",
    ),
    Key("parameters", PARAMETERS, "Parameter values of the template in this environment."),
    Key("tags", TAGS, "Tags of the stacks, and so of all their resources."),
    Key(
        "stacks",
        Named(_ENVIRONMENT_STACK, pattern=ENVIRONMENT_NAME, placeholder="STACK"),
        "What holds for one stack in this environment alone.",
        field=None,
    ),
    into=Environment,
)

PREVIEW_RULES = table(
    Key(
        "when",
        text("always|label|ready", '"always", "label" or "ready"'),
        "Which pull requests get one: all, those with the label `preview` (on Bitbucket, which has no labels, with "
        "`[preview]` in the title), or those that are no draft.",
    ),
    Key("cap", whole(1, 1000), "How many there may be at once."),
    Key(
        "expires",
        DURATION,
        "How long one stays that nothing is pushed to; `sealift preview sweep` destroys it then.",
        field="expires_s",
    ),
    Key(
        "seed",
        TEXTS,
        "Command lines, or `lambda:LogicalId` to call a function of the release, that fill a new preview with data "
        "after its first deployment. They must be idempotent.",
    ),
    into=PreviewRules,
)

PREVIEWS = table(
    *(key for key in ENVIRONMENT.keys if key.name in ("account", "region", "role", "cloudformation_role", "roles")),
    Key("untrusted", FLAG, "Whether pull requests of people who may not push, from forks, may get one."),
    Key(
        "parameters",
        PARAMETERS,
        "Parameter values in every preview: smaller than production's. `pr-*` stands for the preview's name.",
    ),
    Key("tags", TAGS, "Tags of their stacks. `pr-*` stands for the preview's name."),
    *(replace(key, field=None, default=PREVIEW_RULES.default_of(key)) for key in PREVIEW_RULES.keys),
    into=Environment,
)
