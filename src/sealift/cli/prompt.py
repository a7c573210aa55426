"""Questions to a person at a terminal, and what answers them when nobody is there."""

import click


class Terminal:
    """Asks the person at the terminal."""

    def text(self, question: str) -> str:
        answer: str = click.prompt(question, default="", err=True, show_default=False)
        return answer


class DefaultAnswers:
    """Answers nothing, because nobody is there."""

    def text(self, question: str) -> str:  # noqa: ARG002
        """Return no word."""
        return ""
