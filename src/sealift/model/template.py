"""A template as it was read, and what it asks to be built. Paths into it are tuples of keys and indexes."""

from collections.abc import Mapping, Sequence
from dataclasses import field
from typing import Literal, TypeAlias

from sealift.model.values import value

Json: TypeAlias = "bool | int | float | str | list[Json] | dict[str, Json] | None"
TemplatePath: TypeAlias = tuple[str | int, ...]
AssetKind = Literal["function", "layer", "file", "template"]
"""function and layer become zips; file is stored as it is; template is a nested template, sealed before its parent."""


@value
class Location:
    """A place in a user's file; `line` counts from 1, 0 when unknown."""

    file: str
    line: int = 0
    logical_id: str | None = None

    def __str__(self) -> str:
        return f"{self.file}:{self.line}" if self.line else self.file


@value
class ParameterSpec:
    """A template parameter. `default` is always text, as CloudFormation passes it."""

    name: str
    type: str = "String"
    default: str | None = None
    allowed_values: tuple[str, ...] = ()
    allowed_pattern: str | None = None
    no_echo: bool = False
    min_length: int | None = None
    max_length: int | None = None
    min_value: float | None = None
    max_value: float | None = None
    constraint_description: str | None = None
    location: Location | None = None


@value
class Packing:
    """What `[build]` in sealift.toml says of how source is packed. Paths are relative to the application's root."""

    inputs: tuple[str, ...] = ()
    """What the author's own tools read beside the source."""
    leave_out: tuple[str, ...] = ()
    """Patterns of names, or of paths in a source folder, that do not go into packages."""
    keep: tuple[str, ...] = ()
    """Patterns that go into packages although Sealift leaves them out."""


@value
class Asset:
    """Something local that the template points at and that a release has to carry.

    `key` is unique in its template. Functions that share source, runtime, architecture and build method share one
    asset. `source` is a POSIX path relative to the application's root and may leave it with `..`.
    """

    key: str
    kind: AssetKind
    source: str
    logical_ids: tuple[str, ...]
    paths: tuple[TemplatePath, ...]
    """Every property that has to point at the stored bytes."""
    runtime: str | None = None
    architecture: str = "x86_64"
    build_method: str | None = None
    handler: str | None = None
    build_properties: Mapping[str, Json] = field(default_factory=dict)
    location: Location | None = None
    architectures: tuple[str, ...] = ()
    """Of a layer that is declared for several, where neither it nor who uses it says for which it is built."""
    members: tuple[str, ...] = ()
    """Of a layer that Sealift adds: the keys of the functions' assets that may share dependencies in it."""
    packing: Packing = field(default_factory=Packing)
    declared_runtime: str | None = None
    """The template's, where `runtime` is the one that this machine has in its place."""


@value
class FunctionSpec:
    """A Lambda function as the template declares it, after Globals."""

    logical_id: str
    type: str
    runtime: str | None
    handler: str | None
    architecture: str
    location: Location | None = None
    unused: bool = False
    """Whether its Condition holds in no environment."""


@value
class Template:
    """A parsed template: long-form intrinsics only, local files included, with the line of every value."""

    file: str
    body: dict[str, Json]
    lines: Mapping[TemplatePath, int]
    parameters: tuple[ParameterSpec, ...]
    assets: tuple[Asset, ...]
    functions: tuple[FunctionSpec, ...]
    transforms: tuple[str, ...]
    nested: Mapping[str, "Template"] = field(default_factory=dict)
    """Local nested templates by the key of their asset."""
    exports: tuple[str, ...] = ()
    imports: tuple[str, ...] = ()
    settings: tuple[str, ...] = ()
    """SSM parameters and secrets named by `{{resolve:…}}` or SSM-typed parameter defaults, as written."""
    versioned: tuple[str, ...] = ()
    """References to them whose versions are parameters, as `secretsmanager:shop/key:SecretString:user`."""

    def line(self, path: Sequence[str | int]) -> int:
        """Return the line of the value at `path`, of its nearest parent that has one, or 0."""
        at = tuple(path)
        while at and at not in self.lines:
            at = at[:-1]
        return self.lines.get(at, 0)


@value
class Outside:
    """What a resource reads that no release holds. `logical_id` is `Nested/LogicalId`."""

    logical_id: str
    kind: str
    """function, image, layer, definition or nested template."""
    location: str
    """`s3://bucket/key[?versionId=…]`, or the address of an image; empty where only a deployment decides it."""
    written: str


@value
class Rendered:
    """A template for one environment: parameters applied, SAM translated. Plain CloudFormation.

    `origins` maps each logical id to the logical id in the user's template that it came from.
    """

    body: dict[str, Json]
    origins: Mapping[str, str] = field(default_factory=dict)
