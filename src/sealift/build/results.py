"""What earlier builds made, found again by key, and told why something was built anew."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from sealift.analysis.pythons import allows, version_of
from sealift.build.cache.keys import digest, file_sha256
from sealift.build.cache.store import Cache
from sealift.build.planning import AssetPlan
from sealift.build.reasons import Ingredients, why
from sealift.model.release import Artifact, BuiltArtifact


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """A blob that was just made."""

    path: Path
    sha256: str
    size_bytes: int
    unzipped_bytes: int
    warnings: tuple[str, ...] = ()
    lock: str | None = None
    dependencies: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Package:
    """A package of an earlier build: where it is, and the SHA-256 of each file of its source."""

    path: Path
    files: Mapping[str, str]


class Results:
    """Records of one application. A blob whose size or time is not as recorded is hashed before it is used."""

    def __init__(self, cache: Cache, root: Path) -> None:
        self._cache = cache
        self._name = digest("last", str(root))
        self._last = {str(k): str(v) for k, v in (cache.read("files", self._name) or {}).items()}
        self._now: dict[str, str] = {}
        self._damaged: set[str] = set()

    def known(self, plan: AssetPlan) -> BuiltArtifact | None:
        """Return the artifact of an earlier build, or None when there is none or it is damaged."""
        record = self._cache.read("records", plan.key)
        if record is None or not self._whole(plan.key, record):
            return None
        before = self._last.get(plan.asset.key)
        self._now[plan.asset.key] = plan.key
        return _built(
            plan, self._cache, record, built=False, reason="unchanged" if before == plan.key else "built before"
        )

    def _whole(self, key: str, record: dict[str, object]) -> bool:
        path = self._cache.path("blobs", str(record.get("sha256")))
        try:
            info = path.stat()
        except OSError:
            return False
        seen = [info.st_size, info.st_mtime_ns]
        if seen == [record.get("size_bytes"), record.get("mtime_ns")]:
            return True
        if file_sha256(path) != record.get("sha256"):
            self._damaged.add(key)
            path.unlink(missing_ok=True)
            return False
        self._cache.try_write("records", key, {**record, "mtime_ns": info.st_mtime_ns})
        return True

    def record(self, plan: AssetPlan, made: Made, *, force: bool) -> BuiltArtifact:
        """Remember what was made, and return it with the reason."""
        record: dict[str, object] = {
            "sha256": made.sha256,
            "size_bytes": made.size_bytes,
            "mtime_ns": made.path.stat().st_mtime_ns,
            "unzipped_bytes": made.unzipped_bytes,
            "name": plan.name,
            "warnings": made.warnings,
            "lock": made.lock,
            "dependencies": made.dependencies,
        }
        reason = self._reason(plan, force=force)
        now = plan.ingredients
        self._cache.write("trees", plan.key, {"files": now.files, "pins": now.pins, "settings": now.settings})
        self._cache.write("records", plan.key, record)
        self._now[plan.asset.key] = plan.key
        return _built(plan, self._cache, record, built=True, reason=reason)

    def before(self, plan: AssetPlan) -> Package | None:
        """Return the package that this asset had before, for its compressed source."""
        key = self._last.get(plan.asset.key)
        record = self._cache.read("records", key) if key else None
        ingredients = self._ingredients(key)
        if record is None or ingredients is None or ingredients.settings != plan.ingredients.settings:
            return None
        return Package(path=self._cache.path("blobs", str(record.get("sha256"))), files=ingredients.files)

    def _reason(self, plan: AssetPlan, *, force: bool) -> str:
        if force:
            return "asked for"
        if plan.key in self._damaged:
            return "the copy in the cache was damaged"
        before = self._last.get(plan.asset.key)
        if before == plan.key:
            return "the copy in the cache was gone"
        return why(self._ingredients(before), plan.ingredients)

    def _ingredients(self, key: str | None) -> Ingredients | None:
        record = self._cache.read("trees", key) if key else None
        if record is None:
            return None
        return Ingredients(
            files=_texts(record.get("files")), pins=_texts(record.get("pins")), settings=_texts(record.get("settings"))
        )

    def save(self) -> None:
        """Remember which result belongs to which asset; without a change nothing is written."""
        if any(self._last.get(key) != value for key, value in self._now.items()):
            self._cache.try_write("files", self._name, {**self._last, **self._now})


def _texts(value: object) -> Mapping[str, str]:
    return {str(k): str(v) for k, v in value.items()} if isinstance(value, dict) else {}


def _built(plan: AssetPlan, cache: Cache, record: Mapping[str, object], *, built: bool, reason: str) -> BuiltArtifact:
    code = plan.asset.kind in ("function", "layer")
    sha256 = str(record["sha256"])
    artifact = Artifact(
        sha256=sha256,
        size_bytes=_number(record["size_bytes"]),
        kind=plan.asset.kind,
        logical_ids=plan.asset.logical_ids,
        runtime=plan.asset.runtime if code else None,
        architecture=plan.asset.architecture if code else None,
    )
    lock = record.get("lock")
    return BuiltArtifact(
        artifact=artifact,
        path=cache.path("blobs", sha256),
        built=built,
        reason=reason,
        unzipped_bytes=_number(record.get("unzipped_bytes")),
        warnings=tuple(_warnings(plan, record)),
        lock=lock if isinstance(lock, str) else None,
        declaration=_declaration(plan),
        dependencies=tuple((str(d[0]), int(d[1])) for d in _list(record.get("dependencies"))),
        layer=plan.share.layer if plan.share and plan.method != "shared" else None,
        left_out=plan.tree.left_out,
        own=tuple(f.name for f in plan.tree.files) if plan.method in ("python", "node", "copy", "single") else (),
    )


def _declaration(plan: AssetPlan) -> str | None:
    if plan.packages is not None:
        from sealift.build.javascript.npm import declaration  # few builds need what it imports

        return declaration(plan)
    return plan.wanted.name if plan.wanted is not None and plan.wanted.declared.open else None


def _warnings(plan: AssetPlan, record: Mapping[str, object]) -> Iterator[str]:
    """Yield what is to be said of the source, which is not a part of the key, and of what was made, by this name."""
    yield from (f"{plan.name}: {told}" for told in plan.tree.warnings)
    found, version = (
        plan.wanted and plan.wanted.declared,
        version_of(plan.asset.declared_runtime or plan.asset.runtime or ""),
    )
    if found and found.kind == "pipfile" and version and not allows(found.requires_python, version):
        yield f"{plan.name}: {found.path.name} is for Python {found.requires_python}, and the Runtime is another one"
    made_for = f"{record.get('name', plan.name)}: "
    for told in map(str, _list(record.get("warnings"))):
        yield f"{plan.name}: {told.removeprefix(made_for)}" if told.startswith(made_for) else told


def _number(value: object) -> int:
    return value if isinstance(value, int) else 0


def _list(value: object) -> list[list[str]]:
    return list(value) if isinstance(value, list | tuple) else []
