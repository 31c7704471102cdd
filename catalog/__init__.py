"""What the user writes, as checked models: services.yaml and the config of a stack. Makes no resources."""
