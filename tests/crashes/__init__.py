"""Crashes of the real kind: the kernel's calls cut off one by one, disks that fail, power cuts."""
