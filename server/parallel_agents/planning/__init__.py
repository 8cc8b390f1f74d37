"""From a list of tasks to a graph with evidence and advice."""
