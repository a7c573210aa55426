"""Clock, ids, processes and HTTP of this machine: the adapters that need no package of their own."""
