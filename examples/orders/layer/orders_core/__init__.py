"""What the functions share: the order itself, prices, sessions, and the only modules that talk to AWS."""
