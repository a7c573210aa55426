"""The Templates port: load, seal, render."""

from collections.abc import Mapping
from pathlib import Path

from sealift.model.template import Rendered, Template
from sealift.template import assets, declared
from sealift.template.faults import fault
from sealift.template.known import mapping_at
from sealift.template.reading import read
from sealift.template.rendering import Target, rendered
from sealift.template.sealing import sealed


class SamTemplates:
    """Reads, seals and renders SAM and CloudFormation templates.

    `cache` is a folder for rendered templates; None renders anew each time.
    """

    def __init__(self, *, cache: Path | None = None) -> None:
        self._cache = cache

    def load(self, root: Path, file: str) -> Template:
        """Parse a template and everything it includes. Raises TemplateError with file and line."""
        return _load(root, Path(file).as_posix(), ())

    def seal(self, template: Template, blobs: Mapping[str, str]) -> bytes:
        """Return the environment-neutral template, each asset (by key) replaced by `blobs/<sha256>`."""
        return sealed(template, blobs)

    def render(
        self, body: bytes, *, parameters: Mapping[str, str], account: str, region: str, stack_name: str
    ) -> Rendered:
        """Translate SAM to CloudFormation with these parameters. Deterministic."""
        target = Target(parameters=parameters, account=account, region=region, stack_name=stack_name)
        return rendered(body, target)


def _load(root: Path, file: str, parents: tuple[str, ...]) -> Template:
    if file in parents:
        chain = " → ".join([*parents, file])
        raise fault(parents[-1], 0, f"templates nest each other in a circle: {chain}", code="template-cycle")
    document = read(root / file, file)
    body = document.body
    if not isinstance(body, dict) or not mapping_at(body, "Resources"):
        raise fault(file, 0, "is no template: it has no Resources", code="template-empty")
    source = assets.Source(root=root, file=file, body=body, lines=document.lines)
    functions = assets.functions(source)
    found = assets.find(source)
    nested = {a.key: _load(root, a.source, (*parents, file)) for a in found if a.kind == "template"}
    return Template(
        file=file,
        body=body,
        lines=document.lines,
        parameters=declared.parameters(body, document.lines, file),
        assets=found,
        functions=functions,
        transforms=declared.transforms(body),
        nested=nested,
        exports=declared.exports(body),
        imports=declared.imports(body),
        settings=declared.settings(body),
    )
