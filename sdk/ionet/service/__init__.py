"""What services share: settings, log lines, notices to their owners, and sign-in by a wallet."""
