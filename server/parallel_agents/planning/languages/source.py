"""What was read in one source file."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Import:
    """One import, as the language writes it."""

    module: str
    names: tuple[str, ...] = ()
    """What is taken from it, where the language says so."""


@dataclass(frozen=True, slots=True)
class Source:
    """Names and imports of one file."""

    imports: tuple[Import, ...]
    package: str | None = None
    """What other files may belong to as well, and then use its names without an import."""
    defines: frozenset[str] = frozenset()
    """The names that the file brings into its package."""
    mentions: frozenset[str] = frozenset()
    """The names that it uses or defines, where files of one package use them without import."""
