/**
 * Numbers of the system calls used here, per architecture: arch/x86/entry/syscalls/syscall_64.tbl,
 * and include/uapi/asm-generic/unistd.h for the architectures that came later.
 */
const X64 = {
  read: 0,
  close: 3,
  mmap: 9,
  munmap: 11,
  ioctl: 16,
  perf_event_open: 298,
  process_vm_readv: 310,
  bpf: 321,
}

export type SyscallName = keyof typeof X64

type SyscallNumbers = Readonly<Record<SyscallName, number>>

const GENERIC: SyscallNumbers = {
  read: 63,
  close: 57,
  mmap: 222,
  munmap: 215,
  ioctl: 29,
  perf_event_open: 241,
  process_vm_readv: 270,
  bpf: 280,
}

/** By Node's `process.arch`; all of them are little-endian and have 64-bit longs. */
export const SYSCALL_NUMBERS: Readonly<Record<string, SyscallNumbers>> = {
  x64: X64,
  arm64: GENERIC,
  riscv64: GENERIC,
  loong64: GENERIC,
}
