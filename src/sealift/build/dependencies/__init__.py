"""Third-party dependencies: found where they are declared, resolved to a lock, installed once as a set."""
