"""Follow a gradual shift of traffic: while CloudFormation waits for CodeDeploy, an alias sends shares to two versions.

How CodeDeploy moves the weights of an alias is documented, not observed:
https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-attribute-updatepolicy.html
https://docs.aws.amazon.com/lambda/latest/dg/configuring-alias-routing.html
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from sealift.errors import CloudError
from sealift.model.event import Noted
from sealift.model.stack import StackEvent
from sealift.ports import Cloud
from sealift.usecases.services import Services

ALIAS = "AWS::Lambda::Alias"


@dataclass(slots=True, kw_only=True)
class Shifting:
    """Reports each traffic share once. Missing rights to read aliases end the reports, not the deployment."""

    cloud: Cloud
    services: Services
    _told: dict[str, str] = field(default_factory=dict)
    _blind: bool = False

    def look(self, seen: Sequence[StackEvent]) -> None:
        """Report changed traffic shares of the aliases that are being updated."""
        for logical_id, arn in _updating(seen):
            message = self._share(logical_id, arn)
            if message and self._told.get(logical_id) != message:
                self._told[logical_id] = message
                note = Noted(name="traffic-shifting", message=message, environment=self.cloud.environment)
                self.services.events.emit(note)

    def _share(self, logical_id: str, arn: str) -> str:
        if self._blind:
            return ""
        try:
            shares = self.cloud.functions.shares(arn)
        except CloudError:
            self._blind = True
            return ""
        told = ", ".join(f"{share * 100:.3g} % to version {version}" for version, share in shares.items())
        return f"{logical_id}: shifting traffic, {told}" if len(shares) > 1 else ""


def _updating(seen: Sequence[StackEvent]) -> Iterator[tuple[str, str]]:
    newest = {(e.stack_name, e.logical_id): e for e in seen if e.type == ALIAS}
    for event in newest.values():
        if event.status == "UPDATE_IN_PROGRESS" and event.physical_id:
            yield event.logical_id, event.physical_id
