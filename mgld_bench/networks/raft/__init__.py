"""RAFT, recurrent optical flow."""
