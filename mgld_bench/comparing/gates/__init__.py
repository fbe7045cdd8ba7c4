"""Gates: rules that a comparison must satisfy, from a file.

For use from outside:

- `Gate`, `Rule`, `load_gate` (`gate`): the file
- `check_gate`, `GateResult`, `Finding` (`check`): what each rule saw
"""
