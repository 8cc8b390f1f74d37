"""The real Claude Code client with the plugin, driven by a scripted model on loopback."""
