"""How a command that streams events ends: with one `finished` event and an exit code, whatever happened."""

import click

from sealift.cli.session import Session
from sealift.delivery.blame import broke
from sealift.errors import SealiftError
from sealift.model.event import Finished
from sealift.model.ledger import Status

_CLOSED: dict[int, Status] = {3: "refused", 4: "waiting"}


class Ending:
    """Turns the end of the body into one `finished` event and an exit code."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self.finished: Finished | None = None
        self.code = 1

    def __enter__(self) -> "Ending":
        return self

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> bool:
        if error is None and self.finished is not None:
            self.code = self._session.finish(self.finished)
            return False
        if error is None or isinstance(error, click.ClickException | SystemExit):
            return False
        if isinstance(error, SealiftError):
            self._session.failed(error)
        if isinstance(error, KeyboardInterrupt | click.Abort):
            self._session.emit(Finished(status="aborted"))
            self._session.close()
            return False
        if not self._session.json:
            self._session.close()
            return False  # it is shown, with its hint, where every command ends
        from sealift.cli.failure import as_ours

        ours = as_ours(error)
        status = "errored" if ours is not error or broke(ours) else _CLOSED.get(ours.exit_code, "failed")
        self._session.emit(Finished(status=status, message=ours.message, hint=ours.hint, error=ours.code))
        self._session.close()
        self.code = ours.exit_code
        return True
