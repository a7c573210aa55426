"""A person whose answers are known beforehand, or nobody."""


class FakePrompt:
    """Gives the answers in turn; without any left it behaves as if nobody were there: the answer is empty."""

    def __init__(self, *answers: str) -> None:
        self._answers = list(answers)
        self.asked: list[str] = []

    def text(self, question: str) -> str:
        """Ask for a word."""
        self.asked.append(question)
        return self._answers.pop(0) if self._answers else ""
