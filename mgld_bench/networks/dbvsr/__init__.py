"""DBVSR, blind video super-resolution by deconvolution."""
