"""The running site: starts and watches the sealed workers and hands what they release to the other rooms. Sees no frame."""
