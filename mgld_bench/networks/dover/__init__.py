"""DOVER's two branches."""
