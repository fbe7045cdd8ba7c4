"""Networks in whose features pictures are compared: LPIPS and DISTS."""
