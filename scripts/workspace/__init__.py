"""What the scripts know of this repository: its programs, how they are built, and what is shipped."""
