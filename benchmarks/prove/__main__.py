"""The curve of the proof, one process a point: `python -m benchmarks.prove`. Seconds are of one core (CPU time)."""

import json
import resource
import subprocess
import sys
import time
from typing import Any

from sealift.isolation.model import EnvironmentView, StackView
from sealift.isolation.prove import prove

POINTS = (
    (1, 500), (2, 500), (5, 500), (10, 500), (20, 500), (50, 500),
    (10, 50), (10, 100), (10, 200), (10, 1000), (10, 2000),
)  # fmt: skip
PER_FUNCTION = 5


def template(resources: int) -> dict[str, Any]:
    """Return functions, each with its role, table, queue and event source."""
    made: dict[str, Any] = {}
    for index in range(resources // PER_FUNCTION):
        function, table, queue = f"Function{index}", f"Table{index}", f"Queue{index}"
        table_arn, queue_arn = {"Fn::GetAtt": [table, "Arn"]}, {"Fn::GetAtt": [queue, "Arn"]}
        settings = "arn:${AWS::Partition}:ssm:${AWS::Region}:${AWS::AccountId}:parameter/${AWS::StackName}/" + function
        statements = [
            {"Effect": "Allow", "Action": ["dynamodb:GetItem", "dynamodb:PutItem"], "Resource": table_arn},
            {"Effect": "Allow", "Action": ["sqs:ReceiveMessage", "sqs:DeleteMessage"], "Resource": queue_arn},
            {"Effect": "Allow", "Action": "ssm:GetParameter*", "Resource": {"Fn::Sub": settings + "/*"}},
        ]
        trust = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "lambda.amazonaws.com"}}
        made[table] = {"Type": "AWS::DynamoDB::Table"}
        made[queue] = {"Type": "AWS::SQS::Queue"}
        made[function] = {
            "Type": "AWS::Lambda::Function",
            "Properties": {
                "Role": {"Fn::GetAtt": [f"{function}Role", "Arn"]},
                "Environment": {"Variables": {"TABLE": {"Ref": table}, "QUEUE": {"Ref": queue}}},
            },
        }
        made[f"{function}Feed"] = {
            "Type": "AWS::Lambda::EventSourceMapping",
            "Properties": {"FunctionName": {"Ref": function}, "EventSourceArn": queue_arn},
        }
        made[f"{function}Role"] = {
            "Type": "AWS::IAM::Role",
            "Properties": {
                "AssumeRolePolicyDocument": {"Statement": [trust]},
                "ManagedPolicyArns": ["arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"],
                "Policies": [{"PolicyName": "own", "PolicyDocument": {"Statement": statements}}],
            },
        }
    return {"Resources": made}


def point(environments: int, resources: int) -> dict[str, object]:
    """Prove that many environments in one account, and once more with one of them changed."""
    views = [view(f"env{index}", resources) for index in range(environments)]
    started = time.process_time()
    verdict = prove(views)
    first_s = time.process_time() - started
    views[0] = view("env0", resources + PER_FUNCTION)
    started = time.process_time()
    prove(views)
    again_s = time.process_time() - started
    memory_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {
        "environments": environments,
        "resources": resources,
        "verdict": verdict.level,
        "first_s": round(first_s, 2),
        "again_s": round(again_s, 2),
        "memory_mb": round(memory_mb),
    }


def view(name: str, resources: int) -> EnvironmentView:
    """Return one environment."""
    return EnvironmentView(
        name=name, region="eu-central-1", stacks=(StackView(name=f"shop-{name}", body=template(resources)),)
    )


def main() -> None:
    """Print the table; with two numbers, one point as JSON."""
    if len(sys.argv) == 3:
        print(json.dumps(point(int(sys.argv[1]), int(sys.argv[2]))))
        return
    print("environments  resources each  first s  again s  memory MB  verdict", flush=True)
    for environments, resources in POINTS:
        argv = [sys.executable, "-m", "benchmarks.prove", str(environments), str(resources)]
        done = subprocess.run(argv, capture_output=True, text=True, check=True)
        row = json.loads(done.stdout)
        print(
            f"{environments:12}  {resources:14}  {row['first_s']:7}  {row['again_s']:7}  {row['memory_mb']:9}  "
            f"{row['verdict']}"
        )


if __name__ == "__main__":
    main()
