"""What all programs have alike: parameters, pauses, and authorities in two steps."""
