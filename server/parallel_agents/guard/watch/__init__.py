"""After the fact: what became of held files while a command ran that could write anything."""
