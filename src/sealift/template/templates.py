"""The Templates port: load, seal, render."""

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType

from sealift.model.finding import Lack
from sealift.model.template import Asset, Outside, Rendered, Template
from sealift.template.loading import load
from sealift.template.outside import ReadBlob, outside
from sealift.template.parsed import KeptParses
from sealift.template.reading import read
from sealift.template.sealing import sealed
from sealift.template.sharing import shared_layers


class SamTemplates:
    """Reads, seals and renders SAM and CloudFormation templates.

    `cache` is a folder for rendered templates, `parses` one for parsed files; None works anew each time.
    """

    def __init__(self, *, cache: Path | None = None, parses: Path | None = None) -> None:
        self._cache = cache
        self._read = KeptParses(parses) if parses else read
        self._sources: dict[str, Template] = {}

    def load(
        self,
        root: Path,
        file: str,
        *,
        buildable: bool = True,
        given: Mapping[str, Mapping[str, str]] = MappingProxyType({}),
    ) -> Template:
        """Parse a template and everything it includes. Raises TemplateError with file and line.

        `given` has the values of parameters by environment; what decides a build has to be the same in all of them.
        """
        return load(root, Path(file).as_posix(), read=self._read, buildable=buildable, given=given)

    def harden(
        self, root: Path, template: Template, lacks: Mapping[str, Sequence[Lack]]
    ) -> tuple[tuple[str, Lack], ...]:
        from sealift.template.hardening import write_hardened

        return write_hardened(root / template.file, template.file, lacks)

    def shared_layers(self, template: Template) -> tuple[Asset, ...]:
        return shared_layers(template)

    def seal(
        self, template: Template, blobs: Mapping[str, str], layers: Mapping[str, str] = MappingProxyType({})
    ) -> bytes:
        body = sealed(template, blobs, layers)
        self._sources[hashlib.sha256(body).hexdigest()] = template
        return body

    def outside(self, body: bytes, *, parameters: Mapping[str, str], read: ReadBlob) -> tuple[Outside, ...]:
        return outside(body, parameters=parameters, read=read)

    def render(
        self, body: bytes, *, parameters: Mapping[str, str], account: str, region: str, stack_name: str
    ) -> Rendered:
        """Translate SAM to CloudFormation with these parameters. Deterministic.

        Raises TemplateError, which names the line where this object sealed the template itself.
        """
        from sealift.template.rendering import RenderTarget, rendered  # not needed to build

        target = RenderTarget(parameters=parameters, account=account, region=region, stack_name=stack_name)
        return rendered(body, target, cache=self._cache, source=self._sources.get(hashlib.sha256(body).hexdigest()))
