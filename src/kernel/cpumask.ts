import type { UntypedView } from '../object/kernel_types.js'

const BITS_PER_LONG = 64

/**
 * The CPUs in a `cpumask_t` (or `struct cpumask`). It has room for NR_CPUS bits, and a mask of all
 * CPUs may have them all set: only the CPUs below `nrCpuIds` are taken.
 */
export function cpumaskCpus(mask: UntypedView, nrCpuIds: number): number[] {
  const cpus: number[] = []
  const words = mask.bits as readonly bigint[]
  const end = Math.min(nrCpuIds, words.length * BITS_PER_LONG)
  for (let cpu = 0; cpu < end; cpu++) {
    const word = words[Math.floor(cpu / BITS_PER_LONG)]!
    if (((word >> BigInt(cpu % BITS_PER_LONG)) & 1n) === 1n) cpus.push(cpu)
  }
  return cpus
}
