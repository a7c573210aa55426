"""Functions of the embedded cloud: AWS's own runtime interface client behind a small Runtime API.

Runs in the emulator's process. `programs/` holds what runs in the processes of functions, on any Python from 3.10 on.
"""
