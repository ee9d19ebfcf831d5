"""What the camera has to survive and what it costs, measured for hours: fuzz, faults, soak, steadiness, loop cost."""
