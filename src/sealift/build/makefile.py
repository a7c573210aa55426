"""Runs `make build-<LogicalId>`, or a command line of sealift.toml, which puts the package into $ARTIFACTS_DIR.

https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/building-custom-runtimes.html
"""

from pathlib import Path

from sealift.build.planning import AssetPlan
from sealift.build.workshop import Mirror, mirrored, run
from sealift.errors import BuildError
from sealift.ports import Process

_HINT = (
    "It runs on a copy that holds its own folder and what [build] inputs in sealift.toml names; "
    "declare there what it reads elsewhere in the repository, and fix what it reports."
)


def build(plan: AssetPlan, process: Process, scratch: Path) -> Path:
    """Run the target in a copy of the source and return the folder that it filled. Raises BuildError."""
    if not (plan.source / "Makefile").is_file():
        raise BuildError(
            f"{plan.name}: {plan.asset.source} has no Makefile, which BuildMethod makefile needs",
            code="makefile-missing",
            hint=f"Write one with a target build-{plan.asset.logical_ids[0]} that fills $(ARTIFACTS_DIR).",
        )
    mirror = mirrored(plan, scratch)
    # It lies to the project as that of `sam build` does: some Makefiles go up from it to their sources.
    artifacts = mirror.at(plan.project.resolve()) / ".aws-sam" / "build" / plan.asset.logical_ids[0]
    argv = ["make", "--makefile", str(mirror.source / "Makefile"), f"build-{plan.asset.logical_ids[0]}"]
    return _run(plan, process, argv, cwd=_working_directory(plan, mirror), artifacts=artifacts)


def build_by_command(plan: AssetPlan, process: Process, scratch: Path) -> Path:
    """Run the command line in a copy of the source and return the folder that it filled. Raises BuildError."""
    mirror = mirrored(plan, scratch)
    argv = ["sh", "-c", str(plan.asset.build_properties["command"])]
    return _run(plan, process, argv, cwd=mirror.source, artifacts=scratch / "artifacts")


def _run(plan: AssetPlan, process: Process, argv: list[str], *, cwd: Path, artifacts: Path) -> Path:
    artifacts.mkdir(parents=True)
    run(plan, process, argv, cwd=cwd, env={"ARTIFACTS_DIR": str(artifacts)}, hint=_HINT)
    return _filled(plan, artifacts, " ".join(argv[-1:] if argv[0] == "sh" else ["make", argv[-1]]))


def _working_directory(plan: AssetPlan, mirror: Mirror) -> Path:
    properties = plan.asset.build_properties
    named = properties.get("WorkingDirectory") or properties.get("working_directory")
    if not isinstance(named, str):
        return mirror.source
    folder = (mirror.source / named).resolve()
    if folder.is_relative_to(mirror.top) and folder.is_dir():
        return folder
    raise BuildError(
        f"{plan.name}: WorkingDirectory {named} of {plan.asset.source} is not among what the build reads",
        code="build-property-unsupported",
        hint=_HINT,
    )


def _filled(plan: AssetPlan, artifacts: Path, command: str) -> Path:
    if any(artifacts.iterdir()):
        return artifacts
    raise BuildError(
        f"{plan.name}: {command} put nothing into $ARTIFACTS_DIR",
        code="makefile-empty",
        hint="Copy what the function needs there.",
    )
