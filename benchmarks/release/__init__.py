"""How a release is made: candidates are trained, measured and shipped, and the documents are made of their figures."""
