"""The embedded cloud: one emulator process per environment, and what makes templates and URLs fit it.

Nothing in here leaks into what is sent to AWS, and it is not AWS: every gap that is known is either closed by a small
expansion with a conformance test, or said aloud in a note.
"""
