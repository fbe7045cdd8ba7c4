"""The web page of a study: what each participant may see and do, over HTTP.

For use from outside:

- `serve` (`server`): serve a study until the process is ended
"""
