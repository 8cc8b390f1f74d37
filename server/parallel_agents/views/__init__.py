"""State turned into text, tables and graphs."""
