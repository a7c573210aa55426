"""`cache list | prune | key`: what earlier builds left on this machine."""

import re
from datetime import timedelta
from typing import TYPE_CHECKING

import click

from sealift.cli.arguments import age
from sealift.cli.jsonlines import fields_of
from sealift.cli.session import Session, options

if TYPE_CHECKING:
    from sealift.build.cache.store import Cache

_UNITS_BYTES = {"": 1, "k": 1024, "m": 1024**2, "g": 1024**3, "t": 1024**4}


def _bytes(_ctx: click.Context, _param: click.Parameter, value: str | None) -> int | None:
    match = re.fullmatch(r"([0-9]+(?:\.[0-9]+)?)\s*([kmgt]?)i?b?", (value or "").strip().lower())
    if value is not None and match is None:
        raise click.BadParameter(f'"{value}" is not a size; write it like 500MB or 2GB')
    return round(float(match[1]) * _UNITS_BYTES[match[2]]) if match else None


@click.group("cache")
def cache_command() -> None:
    """List, prune and share the build cache."""


@cache_command.command("list")
@options(local=False)
def list_command(session: Session) -> int:
    """List the contents of the cache by kind; with -v every file, the least recently used first."""
    from sealift.build.cache.pruning import KINDS, entries
    from sealift.cli.artifacts import size
    from sealift.wiring.machine import caches_beside

    cache, beside = _cache(), caches_beside()
    found = entries(cache, beside)
    totals = {kind: [e for e in found if e.kind == kind] for kind in (*KINDS, *beside)}
    sizes = {kind: {"files": len(es), "size_bytes": sum(e.size_bytes for e in es)} for kind, es in totals.items()}
    whole = sum(e.size_bytes for e in found)
    body: dict[str, object] = {"path": str(cache.root), "size_bytes": whole, "kinds": sizes}
    lines = []
    if session.verbose:
        body["entries"] = [fields_of(entry, "kind", "name", "size_bytes", "used_at") for entry in found]
        lines += [f"{e.used_at:%Y-%m-%d %H:%M}  {size(e.size_bytes):>10}  {e.kind:<12} {e.name}" for e in found]
    lines += [f"{kind:<12} {s['files']:>6} files  {size(s['size_bytes']):>10}" for kind, s in sizes.items()]
    return session.show(body, [*lines, f"{size(whole)} in {cache.root.parent}"])


@cache_command.command("prune")
@click.option(
    "--unused-for",
    "unused",
    callback=age,
    default="30d",
    show_default=True,
    metavar="AGE",
    help="Remove files that were not used for this long.",
)
@click.option(
    "--max-size",
    callback=_bytes,
    metavar="SIZE",
    help="Then remove the least recently used files until the cache is this small.",
)
@options(local=False)
def prune_command(session: Session, unused: timedelta, max_size: int | None) -> int:
    """Remove files that were not used recently. Later builds recreate the files that they need."""
    from sealift.build.cache.pruning import prune
    from sealift.cli.artifacts import size
    from sealift.system import RealClock
    from sealift.wiring.machine import caches_beside

    now, beside = RealClock().now(), caches_beside()
    done = prune(_cache(), now=now, max_age=unused, max_bytes=max_size, beside=beside)
    freed = f"{len(done.removed)} files removed, {size(done.size_bytes)} freed"
    return session.show({"removed": len(done.removed), "size_bytes": done.size_bytes}, [freed])


@cache_command.command("key")
@click.option("--prefix", is_flag=True, help="Print the common prefix of the keys of merged commits, as a restore key.")
@options(local=False)
def key_command(session: Session, prefix: bool) -> int:
    """Print a cache key for CI: a digest of the declared dependencies, not of the source.

    Pull requests and other unmerged commits get separate keys, so the build of a merged commit never reads what they
    wrote.
    """
    from sealift.build.cache.ci_key import ci_key_prefix
    from sealift.wiring.machine import cache_root

    key = ci_key_prefix() if prefix else _key(session)
    return session.show({"key": key, "prefix": ci_key_prefix(), "path": str(cache_root())}, [key])


def _key(session: Session) -> str:
    from sealift.usecases.build import every_template, load_templates
    from sealift.wiring.application import load_effective

    templates = every_template(load_templates(session.app, session.services).values())
    assets = [asset for template in templates for asset in template.assets if asset.kind in ("function", "layer")]
    merged = load_effective(session.directory, local=False).gates.merged
    return session.builder.ci_key(session.app.root, assets, merged=merged)


def _cache() -> "Cache":
    from sealift.build.cache.store import Cache
    from sealift.wiring.machine import cache_root

    return Cache(cache_root() / "build")
