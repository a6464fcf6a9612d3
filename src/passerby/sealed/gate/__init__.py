"""The gate of a fixed camera: raw pictures in, released scenes out. See `gate.Gate`; the design is in docs/design/gate.md."""
