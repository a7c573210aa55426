"""Calls with the permissions of a role, each of which changes nothing: a read of what is not there, or a dry run."""

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from sealift.aws.failures import calling
from sealift.aws.session import AwsSession
from sealift.errors import CloudError
from sealift.model.live import Answer, Attempt

SESSION_NAME = "sealift-probe"
NOTHING = "sealift-probe-of-nothing"
"""A key, version stage or item that nobody has."""
_PARALLEL = 8
_DENIED = frozenset({"access-denied", "credentials-invalid", "credentials-expired"})
_UNDECIDED = frozenset(
    {"throttled", "aws-unavailable", "unreachable", "aws-call-failed", "aws-request-invalid", "bucket-not-found"}
)
"""S3 says that a bucket is not there before it asks IAM."""
Try = Callable[[AwsSession, str], object]


class AwsTrespass:
    """Assumes roles of one account and tries calls as them."""

    def __init__(self, session: AwsSession) -> None:
        self._session = session

    def as_role(self, role_arn: str, attempts: Sequence[Attempt], *, endpoint: str | None = None) -> tuple[Answer, ...]:
        with calling(f"assume the role {role_arn}"):
            found = self._session.sts.assume_role(RoleArn=role_arn, RoleSessionName=SESSION_NAME, DurationSeconds=900)
        given = found["Credentials"]
        access = replace(
            self._session.access,
            access_key=given["AccessKeyId"],
            secret_key=given["SecretAccessKey"],
            session_token=given["SessionToken"],
            role_arn=None,
            endpoint_url=endpoint or self._session.access.endpoint_url,
            max_attempts=2,
        )
        session = AwsSession(access)
        with ThreadPoolExecutor(max_workers=_PARALLEL) as pool:
            return tuple(pool.map(lambda attempt: _answer(session, attempt), attempts))


def _answer(session: AwsSession, attempt: Attempt) -> Answer:
    try:
        with calling(f"let {attempt.action} through"):
            TRIES[attempt.action](session, attempt.resource)
    except CloudError as error:
        detail = str(error.context.get("aws_code") or error.code)
        if error.code in _DENIED:
            return Answer(outcome="denied", detail=detail)
        return Answer(outcome="unknown" if error.code in _UNDECIDED else "allowed", detail=detail)
    return Answer(outcome="allowed", detail="it answered")


def _get_object(session: AwsSession, bucket: str) -> object:
    """S3 denies a key that is not there to whoever may not list the bucket, so listing is tried, too.

    https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html
    """
    return session.s3.get_object(Bucket=bucket, Key=NOTHING)


TRIES: Mapping[str, Try] = {
    "cloudformation:DescribeStacks": lambda s, name: s.cloudformation.describe_stacks(StackName=name),
    "dynamodb:GetItem": lambda s, name: s.dynamodb.get_item(TableName=name, Key={NOTHING: {"S": NOTHING}}),
    "events:DescribeEventBus": lambda s, name: s.events.describe_event_bus(Name=name),
    "kinesis:DescribeStreamSummary": lambda s, name: s.kinesis.describe_stream_summary(StreamName=name),
    "kms:DescribeKey": lambda s, name: s.kms.describe_key(KeyId=name),
    "lambda:InvokeFunction": lambda s, name: s.functions.invoke(FunctionName=name, InvocationType="DryRun"),
    "logs:DescribeLogStreams": lambda s, name: s.logs.describe_log_streams(logGroupName=name, limit=1),
    "s3:GetObject": _get_object,
    "s3:ListBucket": lambda s, name: s.s3.list_objects_v2(Bucket=name, MaxKeys=0),
    "secretsmanager:GetSecretValue": lambda s, name: s.secretsmanager.get_secret_value(
        SecretId=name, VersionStage=NOTHING
    ),
    "sns:GetTopicAttributes": lambda s, arn: s.sns.get_topic_attributes(TopicArn=arn),
    "sqs:GetQueueAttributes": lambda s, url: s.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"]),
    "ssm:GetParameter": lambda s, name: s.ssm.get_parameter(Name=name),
    "states:DescribeStateMachine": lambda s, arn: s.states.describe_state_machine(stateMachineArn=arn),
    "sts:AssumeRole": lambda s, arn: s.sts.assume_role(RoleArn=arn, RoleSessionName=SESSION_NAME),
}
"""How each action is tried. Answers are thrown away; what they hold is nobody's business here."""
