"""The only room with raw pixels. What leaves it are `released` types, and nothing else."""
