"""Clips: reading, streaming and writing frames and videos. The way in: reading.py and writing.py."""
