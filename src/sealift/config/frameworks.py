"""Recognises projects that have no template yet because another tool writes it, and says how it does."""

from collections.abc import Iterator
from itertools import islice
from pathlib import Path

_SHOWN = 4
_NAMED = 'name it in sealift.toml, [app] template = "%s"'

_WITHOUT = {
    "an SST application": ("sst.config.ts", "sst.json"),
    "a Terraform project": ("*.tf",),
    "a Pulumi project": ("Pulumi.y*ml",),
    "an AWS Amplify application": ("amplify/backend.*", "amplify/backend/*", "amplify/.config"),
}
"""What deploys by itself, and the files that say so."""


def written_by(root: Path) -> tuple[str, str] | None:
    """Return what the folder is and what makes a template of it, or None when no tool is recognised."""
    return next((found for look in (_cdk, _serverless, _chalice, _without_template) if (found := look(root))), None)


def _cdk(root: Path) -> tuple[str, str] | None:
    if not _any(root, "cdk.json", "cdk.out"):
        return None
    written = list(islice(_cdk_templates(root), _SHOWN + 1))
    if len(written) > _SHOWN:
        written[_SHOWN:] = ["…"]
    hint = _NAMED % (written[0] if written else "cdk.out/STACK.template.json")
    others = f" ({', '.join(written)} are there; several become [[stacks]])" if len(written) > 1 else ""
    synth = "" if written else "run `cdk synth`, then "
    return "an AWS CDK application", f"{synth}{hint}{others}; the code that it packed beside the template is carried"


def _cdk_templates(root: Path) -> Iterator[str]:
    yield from (f"cdk.out/{path.name}" for path in sorted(root.glob("cdk.out/*.template.json")) if _is_top(path))


def _is_top(path: Path) -> bool:
    return not path.name.endswith(".nested.template.json")


def _serverless(root: Path) -> tuple[str, str] | None:
    if not _any(root, *(f"serverless.{suffix}" for suffix in ("yml", "yaml", "ts", "js", "json"))):
        return None
    file = ".serverless/cloudformation-template-update-stack.json"
    run = "" if (root / file).is_file() else "run `serverless package`, then "
    return (
        "a project of the Serverless Framework",
        f"{run}{_NAMED % file}, and let `Code` of each function name its zip in .serverless/: "
        "there it names a bucket that no deployment of Sealift fills",
    )


def _chalice(root: Path) -> tuple[str, str] | None:
    if not _any(root, ".chalice"):
        return None
    return "an AWS Chalice application", f"run `chalice package out`, then {_NAMED % 'out/sam.json'}"


def _without_template(root: Path) -> tuple[str, str] | None:
    what = next((what for what, signs in _WITHOUT.items() if any(any(root.glob(sign)) for sign in signs)), None)
    return (what, "it has no CloudFormation template, which is what Sealift delivers") if what else None


def _any(root: Path, *names: str) -> bool:
    return any((root / name).exists() for name in names)
