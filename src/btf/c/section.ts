import type { Btf } from '../btf.js'
import type { BtfVar } from '../kinds.js'

/** Where a variable lies: the name of its section and the offset there, in bytes. */
export interface Place {
  readonly section: string
  readonly offset: number
}

/** Finds the section that lists a variable; BTF places only per-CPU variables. */
export function placeOf(btf: Btf, variable: BtfVar): Place | undefined {
  for (let id = 1; id < btf.count; id++) {
    if (btf.kind(id) !== 'datasec') continue
    const section = btf.type(id)
    if (section.kind !== 'datasec') continue
    const entry = section.vars.find(({ type }) => type === variable.id)
    if (entry !== undefined) return { section: section.name, offset: entry.offset }
  }
  return undefined
}
