"""Detector weights: what is pinned, where it comes from, how it is kept, and how it is run.

No weights live in the project. The manifest pins each file by its SHA-256; `fetch` brings it into the user's cache on first use and
checks it before every use; `runtime` is the only place that meets ONNX Runtime. This room knows nothing of pictures: it may import the
error tree only.
"""
