"""Runs `make build-<LogicalId>`, or a command line of sealift.toml, which puts the package into $ARTIFACTS_DIR.

https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/building-custom-runtimes.html
"""

from pathlib import Path

from sealift.build.planning import Plan
from sealift.build.workshop import copy_source, run
from sealift.errors import BuildError
from sealift.ports import Process


def build(plan: Plan, process: Process, scratch: Path) -> Path:
    """Run the target in a copy of the source and return the folder that it filled. Raises BuildError."""
    if not (plan.source / "Makefile").is_file():
        raise BuildError(
            f"{plan.name}: {plan.asset.source} has no Makefile, which BuildMethod makefile needs",
            code="makefile-missing",
            hint=f"Write one with a target build-{plan.asset.logical_ids[0]} that fills $(ARTIFACTS_DIR).",
        )
    source = copy_source(plan, scratch / "source")
    artifacts = _artifacts(plan, scratch / "project")
    working = plan.asset.build_properties.get("WorkingDirectory") or plan.asset.build_properties.get(
        "working_directory"
    )
    cwd = source / working if isinstance(working, str) else source
    argv = ["make", "--makefile", str(source / "Makefile"), f"build-{plan.asset.logical_ids[0]}"]
    run(plan, process, argv, cwd=cwd, env={"ARTIFACTS_DIR": str(artifacts)})
    return _filled(plan, artifacts, f"make build-{plan.asset.logical_ids[0]}")


def build_by_command(plan: Plan, process: Process, scratch: Path) -> Path:
    """Run the command line in a copy of the source and return the folder that it filled. Raises BuildError."""
    command = str(plan.asset.build_properties["command"])
    source = copy_source(plan, scratch / "source")
    artifacts = scratch / "artifacts"
    artifacts.mkdir()
    run(plan, process, ["sh", "-c", command], cwd=source, env={"ARTIFACTS_DIR": str(artifacts)})
    return _filled(plan, artifacts, command)


def _filled(plan: Plan, artifacts: Path, command: str) -> Path:
    if any(artifacts.iterdir()):
        return artifacts
    raise BuildError(
        f"{plan.name}: {command} put nothing into $ARTIFACTS_DIR",
        code="makefile-empty",
        hint="Copy what the function needs there.",
    )


def _artifacts(plan: Plan, project: Path) -> Path:
    """Return a folder that lies to the project as `sam build`'s does: some Makefiles go up from it to their sources."""
    artifacts = project / ".aws-sam" / "build" / plan.asset.logical_ids[0]
    artifacts.mkdir(parents=True)
    for entry in plan.project.iterdir():
        if entry.name != ".aws-sam":
            (project / entry.name).symlink_to(entry)
    return artifacts
