"""What services share: settings, log lines, and notices to their owners."""
