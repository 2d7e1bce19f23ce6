/** A reason not to trust a kernel fully: a line of `taint_flags[]` in kernel/panic.c. */
export interface Taint {
  /** As in an oops and in /proc/modules. */
  readonly letter: string
  readonly meaning: string
}

/** By their bits (Documentation/admin-guide/tainted-kernels.rst); TEST came with Linux 6.0, FWCTL with 6.16. */
const TAINTS: readonly Taint[] = [
  { letter: 'P', meaning: 'proprietary module' },
  { letter: 'F', meaning: 'module loaded by force' },
  { letter: 'S', meaning: 'CPU out of specification' },
  { letter: 'R', meaning: 'module removed by force' },
  { letter: 'M', meaning: 'machine check' },
  { letter: 'B', meaning: 'bad page' },
  { letter: 'U', meaning: 'tainted by a user' },
  { letter: 'D', meaning: 'oops' },
  { letter: 'A', meaning: 'ACPI table overridden' },
  { letter: 'W', meaning: 'warning' },
  { letter: 'C', meaning: 'staging driver' },
  { letter: 'I', meaning: 'firmware bug worked around' },
  { letter: 'O', meaning: 'out-of-tree module' },
  { letter: 'E', meaning: 'unsigned module' },
  { letter: 'L', meaning: 'soft lockup' },
  { letter: 'K', meaning: 'live patched' },
  { letter: 'X', meaning: 'auxiliary, defined by the distribution' },
  { letter: 'T', meaning: 'randomized structures' },
  { letter: 'N', meaning: 'in-kernel test' },
  { letter: 'J', meaning: 'firmware changed through fwctl' },
]

/** What `tainted_mask` means, as /proc/sys/kernel/tainted shows it. */
export function taints(mask: bigint): Taint[] {
  return TAINTS.filter((_, bit) => ((mask >> BigInt(bit)) & 1n) === 1n)
}

/** The same, of the letters in `Tainted: G      D W`; G stands for the absence of P. */
export function taintsOfLetters(letters: string): Taint[] {
  return TAINTS.filter(({ letter }) => letters.includes(letter))
}
