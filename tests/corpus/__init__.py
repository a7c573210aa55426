"""The proof over the templates of other projects' source packages: `make corpus`. Slow, and it needs the network."""
