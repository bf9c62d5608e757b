"""What the scripts know of this repository: its programs, how they are built, and the manifest of what is shipped."""
