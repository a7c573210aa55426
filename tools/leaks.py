"""Plants ten leaks in the example application, one after another: `python -m tools.leaks` prints what `prove` says.

The table stands in docs/explanation/ten-leaks.md, which this writes; a test fails when it says something else.
"""

import json
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import Any

from sealift.cli.main import run

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "explanation" / "ten-leaks.md"
ORDERS = ROOT / "examples" / "orders"
_HEAD = """\
# Ten planted faults, and the finding for each

<!-- Made by `python -m tools.leaks`; a test fails when this page is out of date. -->

Each fault is planted alone in [the example application](../../examples/orders/README.md), which is proved without it.
Staging and production declare no account, so both count as in one account. The table shows the first finding that
`sealift prove` reports, from staging if both environments have it. Ids that AWS assigns are invented.

| planted | rule | witness | place |
|---|---|---|---|
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One change of one file of the example, and the rule that has to find it."""

    what: str
    rule: str
    old: str
    new: str
    file: str = "template.yaml"


_RULES = "../reference/isolation-rules.md"
_REGION = 'region = "us-east-1"'
_OWN_KEY = "Action: secretsmanager:GetSecretValue, Resource: !GetAtt SessionKey.Id }]\n      Events:"
LEAKS = (
    Finding(
        what="a permission on every table",
        rule="IAM-01",
        old="Action: dynamodb:PutItem, Resource: !GetAtt OrdersTable.Arn",
        new='Action: dynamodb:PutItem, Resource: "*"',
    ),
    Finding(
        what="a permission that stops at the prefix of production, too",
        rule="IAM-01",
        old="Action: dynamodb:BatchGetItem, Resource: !GetAtt TotalsTable.Arn",
        new='Action: dynamodb:BatchGetItem, Resource: !Sub "arn:aws:dynamodb:*:${AWS::AccountId}:table/orders-*"',
    ),
    Finding(
        what="any role of the account may be passed on",
        rule="IAM-03",
        old=_OWN_KEY,
        new=_OWN_KEY.replace("}]\n", '}, { Effect: Allow, Action: iam:PassRole, Resource: "*" }]\n'),
    ),
    Finding(
        what="a managed policy of AWS",
        rule="IAM-06",
        old=_OWN_KEY,
        new=_OWN_KEY.replace("}]\n", "}]\n        - AmazonDynamoDBFullAccess\n"),
    ),
    Finding(
        what="a table with a fixed name",
        rule="NAM-01",
        old="  TotalsTable:\n    Type: AWS::DynamoDB::Table\n    DeletionPolicy: !Ref KeepData\n"
        "    UpdateReplacePolicy: !Ref KeepData\n    Properties:\n",
        new="  TotalsTable:\n    Type: AWS::DynamoDB::Table\n    DeletionPolicy: !Ref KeepData\n"
        "    UpdateReplacePolicy: !Ref KeepData\n    Properties:\n      TableName: totals\n",
    ),
    Finding(
        what="configuration read from production's path",
        rule="REF-03",
        old="Variables: { TOTALS_TABLE: !Ref TotalsTable }",
        new="Variables: { TOTALS_TABLE: !Ref TotalsTable, "
        'TAX: "{{resolve:ssm:/orders-production/settings/tax-percent}}" }',
    ),
    Finding(
        what="production's table in a variable",
        rule="REF-04",
        old="Variables: { TOTALS_TABLE: !Ref TotalsTable }",
        new="Variables: { TOTALS_TABLE: orders-production-TotalsTable-1ABC2DEF3GHI }",
    ),
    Finding(
        what="production's table in the code",
        rule="REF-07",
        file="functions/read_orders/read_orders.py",
        old="\n\ndef ",
        new='\n\nTABLE = "orders-production-OrdersTable-1ABC2DEF3GHI"\n\n\ndef ',
    ),
    Finding(
        what="a function fed from production's queue",
        rule="EVT-05",
        old="            Queue: !GetAtt Confirmations.Arn",
        new="            Queue: arn:aws:sqs:us-east-1:111122223333:orders-production-Confirmations-1ABC2DEF3GHI",
    ),
    Finding(
        what="a role that the whole account may assume",
        rule="RPL-04",
        old="Statement: [{ Effect: Allow, Action: sts:AssumeRole, Principal: { Service: lambda.amazonaws.com } }]",
        new='Statement: [{ Effect: Allow, Action: sts:AssumeRole, Principal: { AWS: "*" } }]',
    ),
)


def page() -> str:
    """Return the page: a row for each leak."""
    return _HEAD + "".join(f"| {' | '.join(row)} |\n" for row in rows())


def rows() -> Iterator[tuple[str, ...]]:
    """Yield for each leak what was planted, the rule, the witness and the place of what is found."""
    for leak in LEAKS:
        found = _first(proved(leak), leak)
        witness = found["witness"]
        told = "<br>".join(f"`{witness[part]}`" for part in ("principal", "action", "resource"))
        yield leak.what, f"[{found['id']}]({_RULES}#{found['id'].lower()})<br>{found['severity']}", told, _place(found)


def proved(leak: Finding | None) -> dict[str, Any]:
    """Return what `sealift prove --json` says of the example with this leak in it."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / "orders"
        shutil.copytree(ORDERS, root, ignore=shutil.ignore_patterns(".*", "__pycache__"))
        if leak is not None:
            file = root / leak.file
            text = file.read_text()
            assert leak.old in text, leak
            file.write_text(text.replace(leak.old, leak.new, 1))
        config = (root / "sealift.toml").read_text()
        for name in ("staging", "production"):
            config = config.replace(f"[environments.{name}]\n", f"[environments.{name}]\n{_REGION}\n")
        (root / "sealift.toml").write_text(config)
        said = StringIO()
        with redirect_stdout(said), redirect_stderr(StringIO()):
            run(["prove", "--json", "-C", str(root)])
    body: dict[str, Any] = json.loads(said.getvalue())
    return body


def _first(body: dict[str, Any], leak: Finding) -> dict[str, Any]:
    """Return the finding that the leak is about, of staging where both have it."""
    found = [f for f in body["findings"] if f["id"] == leak.rule]
    assert found, f"{leak.what}: {leak.rule} is not among {[f['id'] for f in body['findings']]}"
    chosen: dict[str, Any] = next((f for f in found if f["from"] == "staging"), found[0])
    return chosen


def _place(found: dict[str, Any]) -> str:
    place = found["location"]
    return f"`{place['file']}:{place['line']}`" if place and place["file"] else ""


def main() -> None:
    """Write the page and print its table."""
    text = page()
    PAGE.write_text(text)
    sys.stdout.write(text[text.index("| planted") :])


if __name__ == "__main__":
    main()
