"""What may leave a sealed process: scenes, how they are written as bytes, and how they become pictures and video."""
