"""Measuring people without knowing any: ground plane, short-lived tracks, zones, lines, density, flow. Geometry only, no pixels."""
