"""Weight files: where they come from, whether they are the right ones, and reading them safely.

For use from outside:

- `locate`, `status`, `WeightStatus`, `weight_sha256`, `weights_home`, `add` (`locate`): the local file of a card's weight file
- `fetch` (`fetch`): download what is missing
- `read_state_dict`, `read_checkpoint`, `Checkpoint` (`reading`): the tensors of a checkpoint, without running its code
- `load_strictly` (`loading`): a state dict into a network
- `read_rrdbnet` (`rrdbnet`), `read_srvgg` (`srvgg`), `split_groups` and `autoencoder_entries` (`diffusion`): known checkpoints
- `is_offline`, `go_offline`, `obey_environment` (`offline`): work without the network
"""
