"""What every room stands on: errors, the log, secrets, time and untrusted files."""
