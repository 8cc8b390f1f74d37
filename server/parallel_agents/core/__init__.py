"""The rules of a run, pure: standard library only, because hooks import from here."""
