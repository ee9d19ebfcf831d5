"""What `release/` and `endurance/` share: one entry for their tools, results that are kept, the camera as a process."""
