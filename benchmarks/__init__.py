"""What the product costs beside what it cannot be cheaper than, measured in one run.

    python -m benchmarks [SUBJECT...] [--quick]

floors.py    the floors: a claim's steps written by hand, bare processes
store.py     a claim in the folder store
size.py      a claim among 100 to 100,000 tasks
storm.py     64 processes that claim from one store
lock.py      a burst that waits for the lock
server.py    claim_task over MCP; a server's start
hooks.py     the hooks as whole processes
peers.py     other tools under the same races for a claim; rivals.py says how each is driven

Floor and subject take turns in one run, and each is compared with its neighbour in time: a machine
that others use makes both slower, and the ratio stays.

One more subject is one more module, named in `__main__.SUBJECTS`: `measure(scale)` yields `Row`s
(seconds, beside a floor) or `Table`s (anything else) of `report.py`, NOTES say what is in them.
"""
