"""Full-reference metrics without a network: PSNR, SSIM, VMAF."""
