import type { Mapping } from '../../../src/memory/paging/mappings.js'

/** A page as QEMU lists it; of its flags those that are the last entry's alone. */
export interface Page {
  readonly virtual: bigint
  readonly physical: bigint
  readonly flags: string
}

/** The lines of QEMU's `info tlb`. */
export function parseTlb(text: string): Page[] {
  const lines = text.matchAll(/^([0-9a-f]+): ([0-9a-f]+) (\S+)\r?$/gm)
  return Array.from(lines, ([, virtual, physical, flags]) => {
    const [, global, , dirty, accessed] = flags!
    return {
      virtual: BigInt(`0x${virtual}`),
      physical: BigInt(`0x${physical}`),
      flags: `${global}${dirty}${accessed}`,
    }
  })
}

/** A mapping page by page. */
export function pagesOf(mapping: Mapping): Page[] {
  const { virtual, physical, length, pageSize, global, dirty, accessed } = mapping
  const flags = `${global ? 'G' : '-'}${dirty ? 'D' : '-'}${accessed ? 'A' : '-'}`
  return Array.from({ length: Number(length) / pageSize }, (_, i) => {
    const offset = BigInt(i * pageSize)
    return { virtual: virtual + offset, physical: physical + offset, flags }
  })
}
