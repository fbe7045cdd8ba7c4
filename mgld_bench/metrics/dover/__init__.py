"""DOVER."""
