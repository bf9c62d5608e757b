"""What jobs are made of: manifests and files, addressed by their content."""
