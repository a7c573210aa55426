"""The rules of Sealift's own analysis, for `sealift explain` and the reference page. Pure data."""

from typing import Final

RULES: Final = {
    "api-timeout": (
        "A function may run longer than its API waits",
        "API Gateway answers 504 after 29 s (REST) or 30 s (HTTP API) while the function goes on, and is paid for.",
    ),
    "event-misread": (
        "A handler reads what its event never has",
        "A function that a queue calls gets Records and no pathParameters: it fails at every call.",
    ),
    "handler-missing": (
        "A Handler is not in the function's code",
        "Lambda finds out at the first call, when the deployment has succeeded.",
    ),
    "handler-not-built": (
        "A Handler is in the output of a build that was not run",
        "Sealift packs the folder as it is: without that file the function fails at every call.",
    ),
    "parameters": (
        "A parameter that an environment lacks or misspells",
        "CloudFormation refuses the deployment; production's would be found after the soak.",
    ),
    "probe-output": ("A probe uses an output that no template has", "It would be found after the deployment."),
    "production-defaults": (
        "A store would not survive a mistake in production",
        "Without a retention policy, backups or deletion protection one wrong command loses the data.",
    ),
    "queue-visibility": (
        "A queue shows a message again while the function still works on it",
        "Lambda refuses a queue that hides a message for less than the function's Timeout, and advises six times it.",
    ),
    "secret-in-template": (
        "A secret stands in the template",
        "Whoever reads the code, or may look at the function, reads it. It is the same in every environment.",
    ),
    "stream-held-up": (
        "A record that fails holds up its shard",
        "Without a limit Lambda tries it again until it expires, after a day or more, and reads none after it.",
    ),
    "undefined": ("A template names what it does not define", "CloudFormation refuses the whole template."),
    "variable-missing": (
        "Code reads a variable that the template does not give",
        "The function fails when it is loaded, or at the call that reads it.",
    ),
    "variable-unread": ("A variable that no code of the function names", "What nobody reads misleads who changes it."),
}
"""Rule → what it finds, and why that matters."""
