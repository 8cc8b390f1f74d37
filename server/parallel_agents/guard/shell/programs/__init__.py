"""What programs do with what they are given."""
