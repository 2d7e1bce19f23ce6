export const PF_KTHREAD = 0x00200000
