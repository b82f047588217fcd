"""Where untrusted programs run: without the job's secrets, in folders of their own."""
