"""The simulator: a plaza seen by a fixed camera, in which everything is known. Imports `released`, `errors` and `clock`; nothing of the gate."""
