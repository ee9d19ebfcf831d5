"""What can go wrong around a running camera, done to the real command: does it come back?"""
