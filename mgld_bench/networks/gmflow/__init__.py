"""GMFlow and UniMatch, optical flow by matching of features."""
