"""What is provisioned: one ComponentResource a file, each reading as the list of its objects."""
