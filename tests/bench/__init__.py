"""`make bench`: what things cost here and now. Figures, not tests: machines differ, and so does their load."""
