"""What hooks decide. Reads state, never changes it."""
