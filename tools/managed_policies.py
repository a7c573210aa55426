"""Writes src/sealift/isolation/data/managed_policies.bin from moto's collection of AWS managed policies.

pip download --no-deps moto==5.2.5 && unzip moto-5.2.5-*.whl moto/iam/aws_managed_policies.py
python tools/managed_policies.py moto/iam/aws_managed_policies.py
"""

import ast
import json
import sys
import zlib
from pathlib import Path

PER_BLOCK = 24
TARGET = Path(__file__).parents[1] / "src/sealift/isolation/data/managed_policies.bin"


def documents(source: str) -> dict[str, list[object]]:
    """Return the statements of every policy by path and name, without their ids."""
    for node in ast.parse(source).body:
        if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "aws_managed_policies_data":
            data = json.loads(ast.literal_eval(node.value))
            break
    else:
        raise SystemExit("no aws_managed_policies_data in this file")
    found = {}
    for name, policy in data.items():
        statements = policy["Document"]["Statement"]
        listed = statements if isinstance(statements, list) else [statements]
        found[policy["Path"].removeprefix("/") + name] = [
            {key: value for key, value in s.items() if key != "Sid"} for s in listed
        ]
    return dict(sorted(found.items()))


def packed(policies: dict[str, list[object]], version: str) -> bytes:
    """Return the bytes of the data file. Equal input gives equal bytes."""
    names, blocks, body = {}, [], b""
    ordered = list(policies)
    for start in range(0, len(ordered), PER_BLOCK):
        part = {name: policies[name] for name in ordered[start : start + PER_BLOCK]}
        block = zlib.compress(json.dumps(part, separators=(",", ":"), sort_keys=True).encode(), 9)
        names.update(dict.fromkeys(part, len(blocks)))
        blocks.append([len(body), len(block)])
        body += block
    head = json.dumps({"version": version, "names": names, "blocks": blocks}, separators=(",", ":"), sort_keys=True)
    return head.encode() + b"\n" + body


if __name__ == "__main__":
    TARGET.write_bytes(packed(documents(Path(sys.argv[1]).read_text()), "moto-5.2.5"))
