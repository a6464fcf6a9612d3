"""Raw pictures come in here: clips read through PyAV. `clip.open_clip` is the door; everything else in this package serves it."""
