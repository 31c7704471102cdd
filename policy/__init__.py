"""What every object of a stack must keep to: as functions (`validators`), and as a policy pack (`__main__.py`)."""
