"""The file command: footage of a fixed camera in, footage in which nobody can be recognised out. A sealed process of its own."""
