"""`parallel-agents doctor`: what would keep a run from working, each with what to do."""

from __future__ import annotations

from argparse import Namespace
from dataclasses import asdict

from parallel_agents.doctor import Level, examine
from parallel_agents.verbs.console import Console

UNFIT = 3


def run(arguments: Namespace, console: Console) -> int:
    """Tell the findings; the status says whether something has to be mended."""
    findings = []
    for finding in examine(console.start):
        findings.append(finding)
        if not console.as_json:
            console.say(f"{finding.level:<5} {finding.about:<11} {finding.what}")
            if finding.fix:
                console.say(f"{'':<17} Next: {finding.fix}")
    fit = all(f.level is not Level.FAIL for f in findings)
    if console.as_json:
        console.give({"fit": fit, "findings": [asdict(f) for f in findings]})
    return 0 if fit else UNFIT
