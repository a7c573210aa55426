"""Which previews there are: by their cards in the bucket, and by the owner tags of stacks. Writes nothing."""

from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from sealift.delivery.identity import OWNER_TAG, owner
from sealift.delivery.outputs import merged_outputs, web_addresses
from sealift.delivery.previews import CARD, FOLDER, decode_card, is_preview, place, previews_of
from sealift.errors import CloudError
from sealift.model.app import App
from sealift.model.event import Noted
from sealift.model.preview import Card
from sealift.model.stack import StackState
from sealift.ports import Bucket, Cloud
from sealift.usecases.services import Services
from sealift.usecases.site import opened_cloud

PARALLEL = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """One preview as it was found."""

    name: str
    card: Card | None = None
    """None when it was lost or is damaged, or when nothing but objects is left."""
    stacks: tuple[StackState, ...] = ()
    """Those with our owner tags."""

    @property
    def status(self) -> str:
        """Return the state of the stack that needs a look first; `nothing deployed` without any."""
        states = [state.status for state in self.stacks]
        odd = [status for status in states if status not in ("CREATE_COMPLETE", "UPDATE_COMPLETE")]
        return (odd or states or ["nothing deployed"])[0]

    @property
    def urls(self) -> dict[str, str]:
        """Return those outputs that are web addresses."""
        return web_addresses(merged_outputs((state.name, state.outputs) for state in self.stacks))


@dataclass(frozen=True, slots=True, kw_only=True)
class Survey:
    """All previews of an application, and what carries its tags without being one."""

    previews: tuple[Seen, ...]
    unknown: tuple[str, ...] = ()
    """Stacks and folders that nobody destroys: their names are not those of a preview or an environment."""
    by_name: Mapping[str, Seen] = field(default_factory=dict, repr=False)


def survey(app: App, services: Services, *, local: bool) -> Survey:
    """Return the previews of an application, by name."""
    cloud = opened_cloud(app, previews_of(app, local=local), services)
    keys = cloud.bucket.keys(FOLDER)
    folders = {key.removeprefix(FOLDER).partition("/")[0] for key in keys}
    cards = read_cards(cloud.bucket, keys)
    states: dict[str, list[StackState]] = {}
    declared = {environment.name for environment in app.environments}
    unknown = sorted(f"{FOLDER}{folder}/ in bucket {cloud.bucket.name}" for folder in folders if not is_preview(folder))
    named = [stack for card in cards.values() for stack in card.stacks]
    for state in owned_stacks(cloud, named, services):
        of, where = owner(state)
        if of != app.name:
            continue
        if where is not None and is_preview(where):
            states.setdefault(where, []).append(state)
        elif where not in declared:
            unknown.append(f'stack {state.name} of environment "{where}"')
    names = sorted({*states, *filter(is_preview, folders)}, key=lambda name: (len(name), name))
    seen = tuple(Seen(name=name, card=cards.get(name), stacks=tuple(states.get(name, ()))) for name in names)
    return Survey(previews=seen, unknown=tuple(unknown), by_name={one.name: one for one in seen})


def owned_stacks(cloud: Cloud, named: Iterable[str], services: Services) -> tuple[StackState, ...]:
    """Return every stack with an owner tag; of `named` alone, with a word, where the stacks may not be listed."""
    try:
        return cloud.stacks.tagged(OWNER_TAG)
    except CloudError as error:
        if error.code != "access-denied":
            raise
    message = "These rights do not allow listing stacks: only stacks of known previews are checked"
    services.events.emit(Noted(name="stacks-not-listed", message=message))
    with ThreadPoolExecutor(max_workers=PARALLEL) as pool:
        return tuple(state for state in pool.map(cloud.stacks.describe, named) if state is not None)


def read_cards(bucket: Bucket, keys: Iterable[str]) -> dict[str, Card]:
    """Return every card that can be read, by the name of its preview."""
    wanted = [key for key in keys if key.endswith(f"/{CARD}")]
    with ThreadPoolExecutor(max_workers=PARALLEL) as pool:
        stored = [found for found in pool.map(bucket.get, wanted) if found is not None]
    cards = [decode_card(found.body) for found in stored]
    pairs = zip(stored, cards, strict=True)
    return {card.name: card for found, card in pairs if card is not None and found.key == place(card.name) + CARD}
