"""Methods that are programs of somebody else's, each in an environment of its own.

For use from outside:

- `ProgramOptions`, `Environment` (`options`): what a card states of such a program
- `Margins`, `fit` (`margins`): what is added to the LR clip for it, and taken away from its result
- `command`, `shown` (`command`): its command line in conda, a virtual environment or a container
- `identity` (`identity`): what identifies its code
- `run_program` (`running`): runs and watches it by way of `supervisor`, and leaves none of its processes behind
"""
