"""Destroy one preview: its stacks and everything it keeps in the bucket. Needs no clone.

What it deletes is known by the card in the bucket, by the owner tags of stacks, and by the preview's own name. The
gates of the protected branch do not count here: a preview is always allowed to go.
"""

from collections.abc import Sequence

from sealift.delivery.identity import owner
from sealift.delivery.previews import CARD, LEASE, decode_card, place, preview_environment, previews_of
from sealift.model.app import App
from sealift.model.preview import Card
from sealift.ports import Bucket
from sealift.usecases.destroy import Destroyed, tear_down
from sealift.usecases.previews.survey import owned_stacks
from sealift.usecases.services import Services
from sealift.usecases.site import Site, open_site
from sealift.usecases.writing import LEASE_WAIT_S, Writer, check_account, writing


def down(app: App, name: str, services: Services, *, local: bool, wait_s: float = LEASE_WAIT_S) -> Destroyed:
    """Destroy a preview. One that is not there is a success. Raises LeaseError when it is written to for too long."""
    site = open_site(app, preview_environment(previews_of(app, local=local), name), services)
    check_account(site)
    if not _is_there(site):
        return Destroyed(stacks=(), retained=(), bucket=site.cloud.bucket.name)
    with writing(site, purpose="destroying the preview", wait_s=wait_s) as writer:
        destroyed = tear_down(writer, lambda: _stacks(writer.site))
        erase(writer)
    return destroyed


def erase(writer: Writer) -> None:
    """Delete everything that belongs to the preview in the bucket; the lease last, so that nobody comes between."""
    bucket, whole = writer.cloud.bucket.name, place(writer.site.name)
    for _ in writer.cloud.objects.empty(bucket, prefix=whole, but=whole + LEASE):
        writer.check_lease()
    for _ in writer.cloud.objects.empty(bucket, prefix=whole + LEASE):
        pass


def read_card(bucket: Bucket) -> Card | None:
    """Return the card in a preview's part of the bucket."""
    stored = bucket.get(CARD)
    return decode_card(stored.body) if stored is not None else None


def _is_there(site: Site) -> bool:
    return bool(site.cloud.bucket.keys("")) or any(site.cloud.stacks.describe(name) for name in _stacks(site))


def _stacks(site: Site) -> Sequence[str]:
    """Return the preview's stacks, those that others need last."""
    card = read_card(site.cloud.bucket)
    known = card.stacks if card is not None and (card.app, card.name) == (site.app.name, site.name) else ()
    mine = (site.app.name, site.name)
    alone = site.environment.stack_name  # under review it shows no tags
    found = owned_stacks(site.cloud, dict.fromkeys((*known, alone)), site.services)
    tagged = [state.name for state in found if owner(state) == mine]
    return tuple(dict.fromkeys((*(name for name in tagged if name not in known), *reversed(known), alone)))
