"""Methods that are programs of somebody else's, each in an environment of its own.

- `options`: what a card states of such a program
- `margins`: what is added to the LR clip for it, and taken away from its result
- `command`: its command line in conda, a virtual environment or a container
- `identity`: what identifies its code
- `running`, `supervisor`: run it, watch it, and leave none of its processes behind
"""
