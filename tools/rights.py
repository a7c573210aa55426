"""Calls that need no right of IAM, or that are never made on AWS; tests hold the adapters to them. Calls nothing."""

NO_RIGHT_NEEDED = frozenset({"sts:GetCallerIdentity"})
"""https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html"""

EMBEDDED = frozenset(
    f"{service}:{name}"
    for service, names in {
        "ssm": ("GetParameter", "PutParameter"),
        "iam": ("GetRole", "CreateRole", "AttachRolePolicy"),
        "secretsmanager": ("GetSecretValue", "CreateSecret", "PutSecretValue"),
    }.items()
    for name in names
)
"""Made by `stand_ins.py`, which refuses anything but the embedded cloud."""

TRIED = frozenset(
    f"{service}:{name}"
    for service, names in {
        "cloudformation": ("DescribeStacks",),
        "dynamodb": ("GetItem",),
        "events": ("DescribeEventBus",),
        "kinesis": ("DescribeStreamSummary",),
        "kms": ("DescribeKey",),
        "lambda": ("Invoke",),
        "logs": ("DescribeLogStreams",),
        "s3": ("GetObject", "ListObjectsV2"),
        "secretsmanager": ("GetSecretValue",),
        "sns": ("GetTopicAttributes",),
        "sqs": ("GetQueueAttributes",),
        "ssm": ("GetParameter",),
        "stepfunctions": ("DescribeStateMachine",),
        "sts": ("AssumeRole",),
    }.items()
    for name in names
)
"""Made by `trespass.py` as the role of a function, to be denied."""
