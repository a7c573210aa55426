"""Questions to a person at a terminal, and the defaults that answer when nobody is there."""

import click


class Terminal:
    """Asks the person at the terminal."""

    def confirm(self, question: str, *, default: bool = False) -> bool:
        return click.confirm(question, default=default, err=True)

    def text(self, question: str, *, default: str = "") -> str:
        answer: str = click.prompt(question, default=default, err=True, show_default=bool(default))
        return answer


class DefaultAnswers:
    """Answers every question with its default, because nobody is there."""

    def confirm(self, question: str, *, default: bool = False) -> bool:  # noqa: ARG002
        """Return the default."""
        return default

    def text(self, question: str, *, default: str = "") -> str:  # noqa: ARG002
        """Return the default."""
        return default
