"""What all programs have in common: parameters, pauses, and authorities handed over in two steps."""
