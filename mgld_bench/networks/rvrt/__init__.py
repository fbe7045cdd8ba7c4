"""RVRT, the recurrent video restoration transformer."""
