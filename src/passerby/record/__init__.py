"""Recordings of scenes, how long they are kept, holds, and their export. Released material only."""
