"""Many coding agents on one repository at once, without collisions."""

__version__ = "0.1.0"
