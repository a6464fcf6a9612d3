"""People at the place count, with a phone: the truth that measurements are compared with."""
