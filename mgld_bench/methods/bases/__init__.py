"""What methods of the same kind share."""
