"""Code in other languages that a command runs: what would it write?"""
