"""What a change would do to each environment, as a pull request shows it before anything is deployed."""

from sealift.model.values import value


@value
class Stop:
    """Something that stops the change, and the fix. `where` is an environment, or a file and line."""

    where: str
    message: str
    mend: str = ""


@value
class Effect:
    """What a change does to one environment. Lines begin with `+`, `-` or `~`."""

    environment: str
    unknown: str = ""
    """Why nothing is known of the environment, such as missing credentials; then all else is empty."""
    runs: str | None = None
    """The release that runs there; None when none does."""
    functions: tuple[str, ...] = ()
    resources: tuple[str, ...] = ()
    stores: tuple[str, ...] = ()
    """Those of the resources that hold data."""
    configuration: tuple[str, ...] | None = ()
    """Names of the parameters whose values change; None when that is not known."""
    missing: tuple[str, ...] = ()
    """Settings that the templates name and the environment lacks."""
    stops: tuple[Stop, ...] = ()


@value
class Size:
    """The package of a function or layer, in bytes; `before` is what the first environment runs, None when new."""

    name: str
    now: int
    before: int | None = None


@value
class PreviewLine:
    """The preview's addresses, or the reason why it does not exist."""

    name: str
    status: str
    message: str = ""
    urls: tuple[tuple[str, str], ...] = ()


@value
class ChangeReport:
    """The content of the comment on a pull request."""

    app: str = ""
    release: str | None = None
    commit: str | None = None
    verdict: str = ""
    """L0 to L3, and what that means; empty when it is not known."""
    isolation: tuple[Stop, ...] = ()
    """What the proof found, whether it stops the change or not."""
    effects: tuple[Effect, ...] = ()
    sizes: tuple[Size, ...] = ()
    stops: tuple[Stop, ...] = ()
    preview: PreviewLine | None = None
    local: bool = False
    """Whether the environments are those of an embedded cloud."""

    @property
    def stopping(self) -> tuple[Stop, ...]:
        """Return everything that stops the change, in any environment."""
        return (*self.stops, *(stop for effect in self.effects for stop in effect.stops))
