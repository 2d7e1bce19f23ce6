import type { Btf } from '../btf/btf.js'
import { cpumaskCpus } from '../kernel/cpumask.js'
import type { Memory } from '../memory/memory.js'
import { ObjectSpace } from '../object/space.js'
import type { Dump } from './dump.js'
import type { ImageSymbols } from './image_symbols.js'

/** More CPUs than any kernel is built for: CONFIG_NR_CPUS is 8192 at most. */
const MAX_CPUS = 8192

/**
 * `cpu_possible_mask`, where the image's symbols tell where it is; or the CPUs whose registers the
 * image has, perhaps none.
 */
export function possibleCpus(
  memory: Memory,
  types: Btf,
  symbols: ImageSymbols,
  dump: Dump,
): readonly number[] {
  const address = symbols.addressIfKnown('__cpu_possible_mask')
  if (address === undefined) return dump.cpus.map(({ cpu }) => cpu)
  return cpumaskCpus(new ObjectSpace(types, memory).at('cpumask', address), MAX_CPUS)
}
