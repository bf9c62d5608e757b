"""What jobs are made of: manifests and files, by their content."""
