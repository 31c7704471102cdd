"""What differs between two renderings of a stack, in the words of the field: pure functions over rendered files."""
