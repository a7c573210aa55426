"""Speed, measured side by side with the peers. Never asserted in a test."""
