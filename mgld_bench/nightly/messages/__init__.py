"""Messages about a night: off unless the environment configures them.

For use from outside:

- `send_messages` (`send`): by webhook and e-mail
"""
