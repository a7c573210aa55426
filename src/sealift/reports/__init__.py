"""What the proof found, for eyes and for code hosts: the map of the environments, and SARIF. Decides nothing."""
