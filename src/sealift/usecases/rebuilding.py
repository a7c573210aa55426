"""Build a release again from its commit, and say what differs: only what a merged commit builds reaches production."""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from zipfile import BadZipFile, ZipFile

from sealift.delivery.manifest import blob_key, release_key
from sealift.delivery.rebuilt import parsed_locks, shown, unlike
from sealift.errors import CloudError, IntegrityError
from sealift.model.release import BuiltRelease, Origin, Release
from sealift.usecases.build import build_release, load_templates
from sealift.usecases.services import Silence
from sealift.usecases.site import Site


@dataclass(frozen=True, slots=True, kw_only=True)
class Rebuilt:
    """The rebuilt release of a commit, and its differences from the stored one."""

    release: str
    differences: tuple[str, ...]
    duration_s: float


def rebuild(stored: Release, commit: str, source: Site) -> Rebuilt:
    """Build the release of a commit again, with nothing that earlier builds left. Raises UserError.

    What its declarations leave open is resolved to the versions and hashes that are kept beside the release.
    """
    services, start = source.services, source.services.clock.monotonic()
    kept = source.cloud.bucket.get(release_key(stored.digest, "locks"))
    locks = parsed_locks(kept.body) if kept is not None else {}
    with services.checkouts.at(source.app.root, commit, locks=locks) as checkout:
        # What a rebuild says was said when the release was built.
        quiet = replace(services, builder=checkout.builder, templates=checkout.templates, events=Silence())
        templates = load_templates(checkout.app, quiet)
        origin = Origin(commit=commit, branch=None, dirty=False)
        built = build_release(checkout.app, quiet, templates=templates, origin=origin)
        differences = tuple(_differences(stored, built, source)) if built.release.digest != stored.digest else ()
    return Rebuilt(
        release=built.release.digest,
        differences=differences,
        duration_s=round(services.clock.monotonic() - start, 2),
    )


def _differences(stored: Release, built: BuiltRelease, source: Site) -> Iterator[str]:
    """Yield each thing that differs, a package with the files in it that do."""
    with TemporaryDirectory(prefix="sealift-compare-") as folder:
        for name, theirs, ours in unlike(stored, built.release):
            if theirs is None:
                yield f"{name} is not in the release"
            elif ours is None:
                yield f"{name} is built by no line of the commit"
            else:
                path = Path(folder) / theirs
                with suppress(CloudError, IntegrityError):
                    source.cloud.bucket.download(blob_key(theirs), path, sha256=theirs)
                files = shown(unlike_files(path, built.files.get(ours, path)))
                yield f"{name} ({files})" if files else name


def unlike_files(one: Path, other: Path) -> tuple[str, ...]:
    """Return the files that two zips do not have alike; none where one of them is not a zip."""
    try:
        with ZipFile(one) as first, ZipFile(other) as second:
            theirs, ours = ({i.filename: (i.CRC, i.file_size) for i in z.infolist()} for z in (first, second))
    except (OSError, BadZipFile):
        return ()
    return tuple(sorted(name for name in {*theirs, *ours} if theirs.get(name) != ours.get(name)))
