"""How long AWS may take to show a write: the one number, for whoever reads after writing."""

UNSEEN_S = 30.0
"""What is still not shown then is said to be unknown."""
