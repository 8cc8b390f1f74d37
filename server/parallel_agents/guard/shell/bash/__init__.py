"""Bash: from text to a tree, and the walk over it."""
