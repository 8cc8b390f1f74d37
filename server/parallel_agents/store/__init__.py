"""Where the state of a run lives."""
