"""Executors: a run whose units are taken by any number of workers, from one queue in the store.

A run publishes its units (`queue`), workers claim them under a lease, do them as a run in one process would, and keep each in the
store. An executor only starts workers: processes here, on a Ray cluster, under Slurm; or somebody starts them by hand.

For use from outside:

- `run_by_workers`, `Executor` (`coordinate`): a run of a session by workers
- `LocalExecutor`, `devices_here` (`local`), `RayExecutor` (`ray_cluster`), `SlurmExecutor` (`slurm`), `NoExecutor` (`coordinate`)
- `work`, `WorkerSettings` (`worker`): a worker, in this process
- `Queue`, `Task` (`queue`), `Claim` (`claiming`)
- `survey`, `Survey` (`survey`): what runs where
"""
