"""The use cases, one module each; `coordinator.Coordinator` is the door to them."""
