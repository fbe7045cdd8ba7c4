"""The sizes that a card may give a network, without torch: planning a run builds no network.

For use from outside:

- `BasicVSRConfig`, `RealBasicVSRConfig`, `UPSAMPLED_CHANNELS`, `FLOW_MULTIPLE` (`basicvsr`)
- `RVRTConfig`, `BRANCHES`, `UPSAMPLED_CHANNELS`, `usual_sampled_bytes` (`rvrt`)
- `DBVSRConfig`, `WINDOW` (`dbvsr`)
- `EDVRNoUpConfig`, `MULTIPLE` (`edvr`)
- `UNetConfig`, `StructureEncoderConfig`, `TextTowerConfig`, with those of the authors, and `LATENT_CHANNELS` (`diffusion`)
"""
