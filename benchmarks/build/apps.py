"""Writes the applications that are built: real ones in shape, with nothing in them but imports and a handler."""

import json
import subprocess
from dataclasses import dataclass
from pathlib import Path

RUNTIME = "python3.11"
"""SAM needs this very Python on PATH, so it is the one that everything here runs on."""
MEDIUM = ("requests", "pydantic", "boto3")
LARGE = ("requests", "pydantic", "numpy<2.3")
"""numpy from 2.3 on has no wheel that SAM takes for this runtime."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AppShape:
    """How many functions, and what each depends on."""

    name: str
    functions: int
    dependencies: tuple[str, ...]

    @property
    def modules(self) -> tuple[str, ...]:
        """What the code imports."""
        return tuple(name.partition("<")[0] for name in self.dependencies)


SHAPES = {
    "small": AppShape(name="small", functions=1, dependencies=()),
    "medium": AppShape(name="medium", functions=5, dependencies=MEDIUM),
    "large": AppShape(name="large", functions=20, dependencies=LARGE),
}


def write_app(shape: AppShape, root: Path, *, build_method: str | None = None) -> Path:
    """Write a SAM application with a folder and a requirements.txt per function, committed to git."""
    resources: dict[str, object] = {}
    for number in range(shape.functions):
        folder = root / f"fn{number}"
        folder.mkdir(parents=True)
        (folder / "app.py").write_text(_handler(shape, number))
        (folder / "requirements.txt").write_text("".join(f"{name}\n" for name in shape.dependencies))
        function: dict[str, object] = {
            "Type": "AWS::Serverless::Function",
            "Properties": {"CodeUri": f"fn{number}/", "Handler": "app.handler", "Runtime": RUNTIME},
        }
        if build_method:
            function["Metadata"] = {"BuildMethod": build_method}
        resources[f"Function{number}"] = function
    template = {
        "AWSTemplateFormatVersion": "2010-09-09",
        "Transform": "AWS::Serverless-2016-10-31",
        "Resources": resources,
    }
    (root / "template.yaml").write_text(json.dumps(template, indent=1))
    _commit(root)
    return root


def write_chalice_app(shape: AppShape, root: Path) -> Path:
    """Write a Chalice application: one function, because Chalice packages all in one."""
    (root / ".chalice").mkdir(parents=True)
    (root / ".chalice" / "config.json").write_text(json.dumps({"version": "2.0", "app_name": "bench"}))
    imports = "".join(f"    import {name}\n" for name in shape.modules)  # Chalice imports the application itself
    body = "from chalice import Chalice\napp = Chalice(app_name='bench')\n"
    body += f"@app.lambda_function()\ndef handler(event, context):\n{imports}    return 1\n"
    (root / "app.py").write_text(body)
    (root / "requirements.txt").write_text("".join(f"{name}\n" for name in shape.dependencies))
    return root


def change_one_file(root: Path, turn: int) -> None:
    """Change the source of one function."""
    path = root / "fn0" / "app.py" if (root / "fn0").exists() else root / "app.py"
    path.write_text(f"{path.read_text()}\nTURN = {turn}\n")


def _handler(shape: AppShape, number: int) -> str:
    imports = "".join(f"import {name}\n" for name in shape.modules)
    return f"{imports}\n\ndef handler(event, context):\n    return {{'statusCode': 200, 'body': 'function {number}'}}\n"


def _commit(root: Path) -> None:
    identity = ("-c", "user.name=bench", "-c", "user.email=bench@example.com")
    for argv in (("init", "-q"), ("add", "-A"), (*identity, "commit", "-q", "-m", "Begin")):
        subprocess.run(["git", *argv], cwd=root, check=True)
