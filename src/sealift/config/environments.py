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
        "Name of the CloudFormation stack in this environment. Use it to keep an existing stack.",
        "`<stack_name>-<name>`; with one stack `<stack_name>`",
    ),
    Key("parameters", PARAMETERS, "Parameter values of this stack in this environment.", "{}"),
)

_HEALTH = table(
    Key(
        "enabled",
        FLAG,
        "Whether the health of a release is evaluated: before it is promoted from here, and while it is watched.",
    ),
    Key(
        "alarms",
        TEXTS,
        "Alarms that must not be in state ALARM, by name or by logical id.",
        "every alarm of the environment's stacks",
    ),
    Key("max_error_rate", SHARE, "Largest share of failed invocations of a function, and of 5XX responses of an API."),
    Key(
        "max_latency",
        LATENCY,
        "Longest average duration of a function or latency of an API.",
        "any",
        field="max_latency_ms",
    ),
    Key(
        "min_requests",
        whole(0, 100_000),
        "Least number of requests. Declared probes make up for missing ones, and are reported apart.",
    ),
    Key("compare", FLAG, "Whether a release that does worse than the one before it is unhealthy."),
    into=Health,
)

_ZONE = Key("zone", ZONE, "Its time zone, by its IANA name.")

_WINDOW = table(
    Key("days", WEEKDAYS, "Days on which the window starts: `mon-thu`, `mon, wed`, or a list.", "every day"),
    Key("from", HOUR, "When it opens.", field="start"),
    Key("to", HOUR, "When it closes. A time at or before `from` is on the next day.", field="end"),
    _ZONE,
    into=Window,
)

_FREEZE = table(
    Key("from", MOMENT, "When it begins: `2026-12-20T18:00`, or a day.", required=True, field="start"),
    Key("to", MOMENT, "When it ends.", required=True, field="end"),
    _ZONE,
    Key("reason", text(r"(?s).*\S.*"), "Why; shown to whoever is refused.", required=True),
    into=Freeze,
)

ENVIRONMENT = table(
    Key(
        "account",
        text(r"[0-9]{12}", "an AWS account id: twelve digits in quotes"),
        "AWS account. Sealift refuses to write with credentials of another account.",
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
        "Bucket for artifacts, ledger and lease, in the environment's own account. Sealift creates it if needed.",
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
        "ARNs of roles that act for the environment and are in none of its templates: those that deploy or verify. "
        "`sealift prove --live` reads and proves their permissions, too.",
    ),
    Key(
        "role",
        _ROLE,
        "ARN of the role that Sealift assumes, with the credentials in use, to work on the environment. "
        "A promotion works on two environments, and assumes the role of each. Not with `SEALIFT_ASSUME_ROLE=no` in the "
        "process environment. On the embedded cloud, as the one that `sealift bootstrap --local` made there.",
        "the credentials in use, as they are",
    ),
    Key(
        "cloudformation_role",
        _ROLE,
        "ARN of the role that CloudFormation assumes to create the resources. Whoever deploys must be allowed "
        "to pass it. Not on the embedded cloud.",
        "CloudFormation has the rights of whoever deploys",
    ),
    Key(
        "trust",
        text(r"(bitbucket:|github[@:]|gitlab[@:]|arn:)\S+", "whom to trust, such as github:owner/name"),
        "Whom the roles of `sealift bootstrap` trust: the jobs of one repository's CI for this environment, or one "
        "role. `bitbucket:WORKSPACE/{WORKSPACE-UUID}/{REPOSITORY-UUID}/{ENVIRONMENT-UUID}`, "
        "`github:OWNER@ID/REPOSITORY@ID` or `github:OWNER/REPOSITORY`, `gitlab:GROUP/PROJECT`, "
        "`arn:aws:iam::111122223333:role/name`. Of previews, which trust the jobs of pull requests, "
        "`bitbucket:WORKSPACE/{WORKSPACE-UUID}/{REPOSITORY-UUID}`.",
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
        "Who may approve and override gates: `ann`, or `ann@github` for that system alone.",
        "everybody",
    ),
    Key(
        "windows",
        Items(_WINDOW),
        "Weekly windows in which releases may be deployed. A rollback is always allowed.",
        "always",
    ),
    Key("freezes", Items(_FREEZE), "Periods in which no release may be deployed.", "never"),
    Key(
        "protected",
        FLAG,
        "Whether stacks get termination protection and are never destroyed.",
        "true for `production` and whatever else is promoted to",
    ),
    Key(
        "drift",
        text("show|refuse|off", '"show", "refuse" or "off"'),
        "Whether a deployment first detects changes made by hand, and whether it refuses if there are any.",
        '`"show"` when the environment is protected, else `"off"`',
    ),
    Key(
        "watch",
        DURATION,
        "How long a verified deployment is watched. If the environment fails meanwhile, it is rolled back.",
        field="watch_s",
    ),
    Key(
        "health",
        _HEALTH,
        "What makes a running release healthy. [The soak](../explanation/soak.md) explains how health is evaluated.",
    ),
    Key("parameters", PARAMETERS, "Parameter values of the template in this environment."),
    Key("tags", TAGS, "Tags of the stacks, and so of all their resources."),
    Key(
        "stacks",
        Named(_ENVIRONMENT_STACK, pattern=ENVIRONMENT_NAME, placeholder="STACK"),
        "Settings of one stack in this environment only.",
        field=None,
    ),
    into=Environment,
)

PREVIEW_RULES = table(
    Key(
        "when",
        text("always|label|ready", '"always", "label" or "ready"'),
        "Which pull requests get one: all, those with the label `preview` (on Bitbucket, which has no labels, with "
        "`[preview]` in the title), or those that are not drafts.",
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
    *(
        key
        for key in ENVIRONMENT.keys
        if key.name in ("account", "region", "role", "cloudformation_role", "roles", "trust")
    ),
    Key("untrusted", FLAG, "Whether pull requests from forks, by people who may not push, get a preview."),
    Key(
        "parameters",
        PARAMETERS,
        "Parameter values in every preview: smaller than production's. `pr-*` stands for the preview's name.",
    ),
    Key("tags", TAGS, "Tags of their stacks. `pr-*` stands for the preview's name."),
    *(replace(key, field=None, default=PREVIEW_RULES.default_of(key)) for key in PREVIEW_RULES.keys),
    into=Environment,
)
