"""Events to call a function with by hand, made from what the template says of its sources. Pure.

Their shapes are in `data/sample_events.json`, from https://docs.aws.amazon.com/lambda/latest/dg/lambda-services.html.
"""

import json
import re
from collections.abc import Mapping
from datetime import datetime
from importlib.resources import files
from typing import Final

from sealift.cfn.sources import Source
from sealift.model.template import Json
from sealift.model.values import value

KINDS: Final = ("http", "sqs", "sns", "s3", "dynamodb", "kinesis", "schedule", "eventbridge")
_MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_NAMED = re.compile(r"\$\{(\w+)\}")


@value
class Place:
    """The environment of a function, with the names of its resources."""

    account: str
    region: str
    now: datetime
    physical: Mapping[str, str]
    """Physical name by logical id."""

    def name(self, source: Source) -> str:
        """Return the name of the resource: the last part of its ARN or URL."""
        return re.split(r"[:/]", self.physical.get(source.of, source.of))[-1] or f"my-{source.kind}"


def sample_event(source: Source, place: Place) -> Json:
    """Return an event of a source, as it would arrive in this place."""
    shape = ("http-1.0" if source.version == "1.0" else "http-2.0") if source.kind == "http" else source.kind
    shapes: dict[str, Json] = json.loads(files("sealift.delivery.data").joinpath("sample_events.json").read_text())
    event = _filled(shapes[shape], {**_of_source(source), **_of_place(place), "name": place.name(source)})
    if shape == "http-2.0" and isinstance(event, dict):  # it leaves out what the request does not have
        return {key: item for key, item in event.items() if item is not None}
    return event


def _of_source(source: Source) -> dict[str, Json]:
    """Return what a source says of its events; a path with its parameters filled in by their names."""
    names = re.findall(r"\{([^}+]+)\+?\}", source.path)
    return {
        "method": source.method,
        "resource": source.path,
        "path": re.sub(r"\{([^}+]+)\+?\}", r"\1", source.path),
        "parameters": {name: name for name in names} or None,
        "body": "{}" if source.method in ("POST", "PUT", "PATCH") else None,
        "detail_type": source.detail_type or "sample",
        "origin": source.origin or "sample",
    }


def _of_place(place: Place) -> dict[str, Json]:
    """Return account and region, and the time as services write it: API Gateway in English, whatever the locale is."""
    milliseconds = int(place.now.timestamp() * 1000)
    return {
        "account": place.account,
        "region": place.region,
        "at": place.now.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "clock": place.now.strftime(f"%d/{_MONTHS[place.now.month - 1]}/%Y:%H:%M:%S +0000"),
        "milliseconds": milliseconds,
        "sent": str(milliseconds),
        "seconds": place.now.timestamp(),
    }


def _filled(shape: Json, known: Mapping[str, Json]) -> Json:
    """Return a shape with each `${name}` replaced; a text that is nothing else becomes the value, whatever its type."""
    if isinstance(shape, dict):
        return {key: _filled(item, known) for key, item in shape.items()}
    if isinstance(shape, list):
        return [_filled(item, known) for item in shape]
    if not isinstance(shape, str):
        return shape
    whole = _NAMED.fullmatch(shape)
    return known[whole[1]] if whole else _NAMED.sub(lambda found: str(known[found[1]]), shape)


def written(event: Json) -> str:
    """Return an event as a file holds it."""
    return json.dumps(event, indent=2, ensure_ascii=False)
