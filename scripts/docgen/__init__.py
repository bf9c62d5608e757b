"""What scripts/docs writes: the reference pages of docs/."""
