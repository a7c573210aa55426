"""Every key of the configuration, once: its kind, its default and what it means.

Validation, the commented file of `sealift init`, and the reference page all read this table, so they cannot disagree.
"""

from sealift.config.environments import ENVIRONMENT, ENVIRONMENT_NAME, PREVIEWS
from sealift.config.kinds import (
    COMMAND,
    COMMANDS,
    DAY,
    DURATION,
    FLAG,
    LABELS,
    LATENCY,
    PARAMETERS,
    TEXTS,
    TOGGLE,
    Items,
    Key,
    Named,
    table,
    text,
    whole,
)
from sealift.model.app import (
    AcceptedFinding,
    App,
    BuildOptions,
    Hooks,
    Notification,
    Probe,
    SandboxOptions,
    Signing,
    StackSpec,
    SuiteSpec,
)

_PATH = text(r"[^\x00-\x1f]+", "a path")
_STACK_KEY = text(ENVIRONMENT_NAME, "lower-case letters, digits and dashes")

_APP = table(
    Key(
        "name",
        text(r"[A-Za-z][A-Za-z0-9-]{0,99}", "letters, digits and dashes, a letter first"),
        "Name of the application. Stack names begin with it.",
        "the repository's or the folder's name",
    ),
    Key(
        "template",
        _PATH,
        "The SAM or CloudFormation template, relative to the application's folder. Not together with `[[stacks]]`.",
        "`template.yaml`, `.yml` or `.json`, here or in the only folder that has one",
    ),
    Key("needs", TEXTS, "Applications of the same repository that `sealift each` calls before this one.", "[]"),
)

STACK = table(
    Key(
        "name",
        _STACK_KEY,
        "Name of the stack within the application; with several, stacks are called `<stack_name>-<name>`.",
        required=True,
    ),
    Key("template", _PATH, "Its template, relative to the application's folder.", required=True),
    Key("needs", TEXTS, "Stacks that are deployed before this one, because it imports what they export."),
    Key("parameters", PARAMETERS, "Parameter values of this stack in every environment."),
    into=StackSpec,
)


def _suite(what: str, path: str) -> tuple[Key, ...]:
    return (
        Key("enabled", TOGGLE, f"Whether the {what} tests are run; `auto` runs them when there are any."),
        Key(
            "command",
            COMMAND,
            "Command to run instead of pytest, in the same environment. Its exit code is the result.",
            "pytest",
        ),
        Key("path", _PATH, "Folder or file of the tests.", path),
        Key(
            "requirements",
            TEXTS,
            "Requirements files to install in addition to those of the functions.",
            "the requirements files and development groups that are there",
        ),
        Key(
            "python",
            text(r"3\.[0-9]{1,2}", 'a Python version, such as "3.12"'),
            "Python version the tests run on.",
            "`.python-version`, else the functions' runtime",
        ),
        Key(
            "variables",
            LABELS,
            "Environment variables of the tests. Folders in `PYTHONPATH` are relative to the application's folder.",
        ),
        Key("timeout", DURATION, "Longest time that the tests may take.", field="timeout_s"),
    )


_COVERAGE = Key(
    "coverage",
    whole(0, 100),
    "Least share of the changed lines that the tests have to run, in percent. pytest-cov is installed for it. The "
    "protected branch's value counts.",
    "any; what pytest-cov measures is shown",
)
_ACCEPTANCE = (
    *_suite("acceptance", "folders called `acceptance`"),
    Key("environments", TEXTS, "Environments that the tests are run against.", "every one"),
)

_TESTS = table(
    Key(
        "unit",
        table(*_suite("unit", "`tests/unit`, else `tests`"), _COVERAGE, into=SuiteSpec),
        "The unit tests.",
        field="unit_tests",
    ),
    Key(
        "acceptance",
        table(*_ACCEPTANCE, into=SuiteSpec),
        "Tests against a deployed environment: `SEALIFT_ENV` has its name, `SEALIFT_OUTPUT_<Key>` its outputs.",
        field="acceptance_tests",
    ),
    into=App,
    inline=True,
)

PROBE = table(
    Key("name", text(r"[^\x00-\x1f]{1,100}", "a short text"), "Name of the probe in reports.", "method and address"),
    Key(
        "url",
        text(r"(https?://|\$\{)\S+", "an address that begins with http://, https:// or ${OutputKey}"),
        "Address; `${OutputKey}` stands for an output of the stack.",
        required=True,
    ),
    Key("method", text("GET|HEAD|POST|PUT|PATCH|DELETE|OPTIONS", "an HTTP method in capitals"), "HTTP method."),
    Key("headers", LABELS, "Headers to send."),
    Key("body", text(r"(?s).*"), "Body to send.", "none"),
    Key("status", whole(100, 599), "Required status of the response."),
    Key("contains", text(), "Text that the response must contain.", "anything"),
    Key("max_latency", LATENCY, "Longest time that a response may take.", "any", field="max_latency_ms"),
    Key("environments", TEXTS, "Environments that the probe is sent to.", "every one"),
    into=Probe,
)

_HOOKS = table(
    Key(
        "before_deploy",
        TEXTS,
        "Command lines run before a deployment, in the application's folder, without a shell. They must be idempotent.",
    ),
    Key(
        "after_deploy",
        TEXTS,
        "Command lines, or `lambda:LogicalId` to call a function of the release, run after a deployment and before "
        "its verification. They must be idempotent.",
    ),
    Key("timeout", DURATION, "Longest time that one command may take.", field="timeout_s"),
    into=Hooks,
)

_ACCEPTED = table(
    Key(
        "id",
        text(r"[A-Z]{3}-[0-9]{2}", "the id of a rule, such as IAM-01"),
        "The rule that reports it; see [isolation-rules.md](isolation-rules.md).",
        required=True,
    ),
    Key("reason", text(r"(?s).*\S.*"), "Why it is accepted.", required=True),
    Key("expires", DAY, "Last day on which it is accepted. After that day the finding counts again.", required=True),
    Key(
        "from",
        text(r"[^\x00-\x1f]+", "the name of an environment"),
        "Accept it only from this environment.",
        "any",
        field="source",
    ),
    Key(
        "to",
        text(r"[^\x00-\x1f]+", "the name of an environment"),
        'Accept it only towards this environment, `"outside"` or `"every environment"`.',
        "any",
        field="target",
    ),
    Key(
        "logical_id",
        text(r"[^\x00-\x1f]{1,255}", "a logical id of the template"),
        "Accept it only for this resource of the template.",
        "any",
    ),
    into=AcceptedFinding,
)

_ISOLATION = table(
    Key(
        "accepted",
        Items(_ACCEPTED),
        "Findings of the proof that are accepted until a day. They are listed, and do not stop a deployment.",
    ),
    Key(
        "not_looked_at",
        text("allowed|refused", "allowed or refused"),
        "Whether a proof holds although it did not look at values from outside the template. `refused` requires none.",
    ),
    into=App,
    inline=True,
)

_SIGNING = table(
    Key(
        "private_key",
        _PATH,
        "Ed25519 key (PEM, PKCS #8, no password) that signs each release. Keep it out of the repository.",
        "releases are not signed",
    ),
    Key(
        "kms_key",
        text(r"[A-Za-z0-9:/_-]{1,2048}", "the id, the ARN or the alias/NAME of a KMS key"),
        "Key in AWS KMS (ECC_NIST_P256, for signing) that signs each release, in place of `private_key`. "
        "Requires `public_key`.",
        "none",
    ),
    Key(
        "public_key",
        _PATH,
        "The matching public key (PEM). If it is set, only releases with a valid signature are promoted.",
        "the public key of `private_key`",
    ),
    into=Signing,
)

_VARIABLE = text(r"[A-Za-z_][A-Za-z0-9_]*", "the name of an environment variable")

_NOTIFICATION = table(
    Key(
        "url_variable",
        _VARIABLE,
        "Environment variable of the job that holds the address. It may be a secret, so it does not stand here.",
        required=True,
    ),
    Key(
        "secret_variable",
        _VARIABLE,
        "Environment variable that holds the secret of the signature: `X-Sealift-Signature: sha256=<HMAC-SHA256 of the "
        "body>`.",
        "not signed",
    ),
    Key("format", text("generic|slack", '"generic" or "slack"'), "What is posted: an object, or a message for Slack."),
    into=Notification,
)

_SANDBOX = table(
    Key(
        "network",
        FLAG,
        "Whether tests can reach the network. With `false` they reach only this machine's own addresses, and end with "
        "an error if the kernel cannot ensure that. cfn-lint never reaches the network if the kernel can ensure that.",
    ),
    Key(
        "variables",
        TEXTS,
        "Additional environment variables that these programs get, such as `UV_INDEX_OURS_PASSWORD`.",
    ),
    Key("files", TEXTS, "Files with credentials that these programs may read, such as `~/.npmrc`."),
    into=SandboxOptions,
)

BUILD = table(
    Key(
        "shared_layer",
        FLAG,
        "Whether Sealift adds a layer for the Python dependencies that several functions share.",
    ),
    Key(
        "commands",
        LABELS,
        "Command lines that build a function or layer, by its logical id, into the folder `$ARTIFACTS_DIR`.",
    ),
    Key(
        "inputs",
        TEXTS,
        "Files and folders of the repository that Makefiles, commands and esbuild read beside the function's own "
        "folder, such as `../shared`. A change to one of them causes a new build. The build sees no other files.",
        "[]",
        field=None,
    ),
    Key(
        "leave_out",
        TEXTS,
        "Patterns of files to leave out of packages: of a name (`tests`), or of a path in a function's folder "
        "(`docs/*.md`).",
        "[]",
        field=None,
    ),
    Key(
        "keep",
        TEXTS,
        "Patterns of files to keep in packages that Sealift would leave out; `sealift build --explain` lists those. "
        "Patterns of dependencies (`*/tests/*`, `*.pyi`) are disabled by naming them.",
        "[]",
        field=None,
    ),
    into=BuildOptions,
)

_LOCAL = table(
    Key(
        "settings",
        LABELS,
        "Values of settings that the template reads, by `ssm:NAME`, `ssm-secure:NAME` or `secretsmanager:ID`, and by "
        "`iam-role:NAME` a managed policy (`AdministratorAccess`) for a role that the account has already. "
        "Stand-ins, never real secrets: this file is in git. None of it goes to AWS.",
        field="local_settings",
    ),
    into=App,
    inline=True,
)

ROOT = table(
    Key("app", _APP, "The application.", field=None),
    Key("parameters", PARAMETERS, "Parameter values of every environment.", "{}", field=None),
    Key(
        "stacks",
        Items(STACK),
        "The stacks, when the application has more than one template. Without it there is one, called `app`.",
        field=None,
    ),
    Key(
        "environments",
        Named(ENVIRONMENT, pattern=ENVIRONMENT_NAME, placeholder="NAME"),
        "The environments. Without any, there are `staging` and `production`; as soon as one is declared, only "
        "those declared exist.",
        field=None,
    ),
    Key(
        "lint",
        table(
            Key("enabled", TOGGLE, "Whether ruff and cfn-lint are run on source and template.", field="lint"),
            Key(
                "commands",
                COMMANDS,
                "Command lines of type checkers and linters, run without a shell in the environment of the unit tests. "
                "One that ends with another exit code than 0 stops the change.",
                "those that are configured and installed are run, and stop nothing",
                field="lint_commands",
            ),
            into=App,
            inline=True,
        ),
        "Static analysis.",
    ),
    Key("sandbox", _SANDBOX, "What linters, builds and tests may access."),
    Key("tests", _TESTS, "The application's own tests."),
    Key("probes", Items(PROBE), "HTTP requests that a deployment must answer as declared.", field=None),
    Key(
        "verify",
        table(
            Key(
                "timeout",
                DURATION,
                "How long probes are repeated until the responses are as declared.",
                field="verify_timeout_s",
            ),
            into=App,
            inline=True,
        ),
        "Verification of a deployment.",
    ),
    Key("hooks", _HOOKS, "Commands around a deployment, run with the stack's outputs."),
    Key("local", _LOCAL, "Settings of the embedded cloud (`--local`)."),
    Key("isolation", _ISOLATION, "Settings of the proof that no environment reaches another."),
    Key("build", BUILD, "How artifacts are built.", field=None),
    Key(
        "signing",
        _SIGNING,
        "Signatures of releases. Paths are relative to the application's folder, absolute, or begin with `~`.",
    ),
    Key(
        "notifications",
        Items(_NOTIFICATION),
        "Webhooks that are told when a release starts to go to an environment of AWS, succeeds, fails, is rolled back, "
        "or waits for an approval.",
    ),
    Key(
        "previews",
        PREVIEWS,
        "Previews of pull requests (`sealift preview up`): one environment each, called `pr-<number>`, whose stack is "
        "`<app>-pr-<number>`. `sealift prove` proves all of them at once, as one environment called `pr-*`.",
        field=None,
    ),
    into=App,
)
