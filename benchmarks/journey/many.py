"""`python -m benchmarks.journey.many [--functions N] [--stacks N]`: the journey of a large application, here.

A cold `sealift run --local` without a soak. The emulators are started before it, and their time is not in its.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks.build.peers import environment, sealift
from benchmarks.build.timing import timed
from sealift.local.supervisor import LocalCloud

_HANDLER = "def handler(event, context):\n    return {'statusCode': 200, 'body': 'function %d'}\n"
_DECLARED = """\
[app]
name = "many"

[environments.staging]
branch = "main"
soak = "0s"

[environments.production]
promotes_from = "staging"
"""


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="benchmarks.journey.many", description=__doc__)
    parser.add_argument("--functions", type=int, default=500)
    parser.add_argument("--stacks", type=int, default=10)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="sealift-many-") as folder:
        home = Path(folder)
        root = _write(home / "app", functions=options.functions, stacks=options.stacks)
        cloud = LocalCloud(root / ".sealift" / "local")
        try:
            for name in ("staging", "production"):
                cloud.up(name, region="us-east-1")
            run = timed([str(sealift()), "run", "--local", "--json"], cwd=root, env=environment(home, sealift().parent))
        finally:
            cloud.down()
    sys.stdout.write(
        f"{options.functions} functions in {options.stacks} stacks: {run.wall_s:.1f} s, "
        f"{run.cpu_s:.1f} s of processor time, {run.peak_bytes / 1e6:.0f} MB\n"
    )


def _write(root: Path, *, functions: int, stacks: int) -> Path:
    """Write an application of many stacks, a folder per function, committed to git."""
    declared = _DECLARED
    for stack in range(stacks):
        numbers = range(stack, functions, stacks)
        template = {
            "Transform": "AWS::Serverless-2016-10-31",
            "Resources": {f"Function{number}": _function(root, number) for number in numbers},
        }
        (root / f"stack{stack}.json").write_text(json.dumps(template, indent=1))
        declared += f'\n[[stacks]]\nname = "part{stack}"\ntemplate = "stack{stack}.json"\n'
    (root / "sealift.toml").write_text(declared)
    (root / ".gitignore").write_text(".sealift/\n.bench-output\n")
    identity = ("-c", "user.name=bench", "-c", "user.email=bench@example.com")
    for argv in (("init", "-q", "-b", "main"), ("add", "-A"), (*identity, "commit", "-q", "-m", "Begin")):
        subprocess.run(["git", *argv], cwd=root, check=True)
    return root


def _function(root: Path, number: int) -> dict[str, object]:
    folder = root / f"fn{number}"
    folder.mkdir(parents=True)
    (folder / "app.py").write_text(_HANDLER % number)
    properties = {"CodeUri": f"fn{number}/", "Handler": "app.handler", "Runtime": "python3.11", "MemorySize": 128}
    return {"Type": "AWS::Serverless::Function", "Properties": properties}


if __name__ == "__main__":
    main()
