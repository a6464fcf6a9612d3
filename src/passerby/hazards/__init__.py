"""Hazards: rules over what is released anyway (scenes, pulses, health), the life of an alert, and who is told of it. See docs/design/hazards.md."""
