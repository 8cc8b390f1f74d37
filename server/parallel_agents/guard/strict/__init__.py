"""Strict mode, the user's choice: what could write anything finds others' files read-only."""
