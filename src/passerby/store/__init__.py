"""The history of measurements: minutes in, ranges and roll-ups out. Holds numbers of places, and nothing of persons."""
