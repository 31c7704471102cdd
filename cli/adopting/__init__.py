"""What a stack finds where a Helm chart has been at work: what it takes over, what that changes, what must not be."""
