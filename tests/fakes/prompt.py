"""A person whose answers are known beforehand, or nobody."""


class FakePrompt:
    """Gives the answers in turn; without any left it behaves as if nobody were there: the default answers."""

    def __init__(self, *answers: bool | str) -> None:
        self._answers = list(answers)
        self.asked: list[str] = []

    def confirm(self, question: str, *, default: bool = False) -> bool:
        """Ask yes or no."""
        self.asked.append(question)
        return bool(self._answers.pop(0)) if self._answers else default

    def text(self, question: str, *, default: str = "") -> str:
        """Ask for a word."""
        self.asked.append(question)
        return str(self._answers.pop(0)) if self._answers else default
