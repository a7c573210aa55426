"""Regions that code is written for, whatever the region of its environment. Pure."""

from collections.abc import Iterable, Iterator

from sealift.model.app import Environment
from sealift.model.finding import Finding
from sealift.model.reads import FunctionReads
from sealift.model.template import Location

REGIONAL = {
    "dynamodb", "events", "firehose", "kinesis", "lambda", "scheduler", "secretsmanager", "sns", "sqs", "ssm",
    "stepfunctions",
}  # fmt: skip
"""Services where an application has resources of its own; others, as SES and Bedrock, are used across regions."""


def region_findings(codes: Iterable[FunctionReads], environments: Iterable[Environment]) -> Iterator[Finding]:
    """Yield, as advice and once each, the clients that are made for a region in which an environment is not."""
    regions = {environment.name: environment.region for environment in environments}
    for read in dict.fromkeys(read for code in codes for read in code.reads if read.kind == "region" and read.required):
        service, _, region = read.name.partition(":")
        elsewhere = [f"{name} is in {own}" for name, own in regions.items() if own != region]
        if elsewhere:
            yield Finding(
                tool="sealift",
                id="region-fixed",
                severity="medium",
                message=f"the code looks for {service} in {region} wherever it runs; {', '.join(elsewhere)}",
                location=Location(file=read.file, line=read.line),
                fix="Leave the region of the client out: Lambda sets AWS_REGION.",
                data={"region": region},
            )
