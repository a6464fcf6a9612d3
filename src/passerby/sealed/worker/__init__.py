"""The sealed worker: a process of its own that decodes and gates cameras, closed in before it opens the first of them."""
