"""Text of others in Markdown, and texts that a service would refuse for their length. Pure."""

LONGEST = 60_000
"""GitHub takes 65,536 characters."""
_REST = "\n\nThe rest is in the log of the job.\n"


def plain(text: str) -> str:
    """Return text that cannot become markup, a mention or a line of its own."""
    flat = " ".join(text.encode(errors="replace").decode().split())
    for sign in "\\`*_{}[]<>#|":
        flat = flat.replace(sign, f"\\{sign}")
    return flat.replace("@", "@\u200b")


def shortened(text: str) -> str:
    """Return a text that every service takes: its beginning, up to a whole line, in characters and in bytes."""
    if len(text.encode()) <= LONGEST:
        return text
    begun = text.encode()[: LONGEST - len(_REST)].decode(errors="ignore")
    return begun[: begun.rfind("\n")] + _REST if "\n" in begun else begun + _REST
