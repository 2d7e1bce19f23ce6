import { UnsupportedError } from '../../errors.js'
import type { Kernel } from '../../kernel/kernel.js'
import { textReferences } from '../../kernel/text_references.js'
import { readOrFault } from '../../memory/memory.js'
import type { OrcPlaces } from './orc_table.js'

/** Bytes of a `struct orc_entry`. */
const ENTRY_SIZE = 6n

/**
 * Where the ORC table of the kernel's image is: where the symbols say, or, on a kernel whose symbols
 * are functions only (without CONFIG_KALLSYMS_ALL), where its own unwinder looks. Throws
 * {@link UnsupportedError}.
 */
export function findOrc(kernel: Kernel): OrcPlaces {
  const found = bySymbols(kernel) ?? byReferences(kernel)
  if (found !== undefined) return found
  throw new UnsupportedError(
    'cannot unwind kernel stacks',
    'nothing tells where the kernel’s ORC table is',
    'it needs a kernel built with CONFIG_KALLSYMS_ALL',
  )
}

function bySymbols({ symbols }: Kernel): OrcPlaces | undefined {
  const names = ['__start_orc_unwind_ip', '__stop_orc_unwind_ip', '__start_orc_unwind'] as const
  const [ips, end, entries] = names.map((name) => symbols.find(name)?.address)
  if (ips === undefined || end === undefined || entries === undefined) return undefined
  return { ips, entries, count: Number((end - ips) / 4n) }
}

/** Those that refer to the table; the compiler may have put one into another. */
const UNWINDER = ['orc_find', 'orc_find.part.0', '__orc_find', 'unwind_next_frame']

/** So much of each is looked into. */
const MAX_LENGTH = 4096

/** Larger than any, and smaller than any of a kernel that does something. */
const MAX_COUNT = 1n << 22n
const MIN_COUNT = 1n << 12n

/**
 * The linker puts both halves and `orc_lookup` one behind the other (ORC_UNWIND_TABLE of
 * include/asm-generic/vmlinux.lds.h), and the unwinder refers to the start of each: with so many
 * entries between the first two, the third is where they end.
 */
function byReferences(kernel: Kernel): OrcPlaces | undefined {
  const places = dataReferences(kernel)
  const known = new Set(places)
  for (let i = 0; i < places.length; i++) {
    for (let j = i + 1; j < places.length; j++) {
      const [ips, entries] = [places[i]!, places[j]!]
      const count = (entries - ips) / 4n
      if (count > MAX_COUNT) break
      if (count < MIN_COUNT || (entries - ips) % 4n !== 0n) continue
      const lookup = (entries + count * ENTRY_SIZE + 3n) & ~3n
      const found = { ips, entries, count: Number(count) }
      if (known.has(lookup) && leadsToText(kernel, found)) return found
    }
  }
  return undefined
}

/** In ascending order; between the functions and those for initialisation. */
function dataReferences(kernel: Kernel): bigint[] {
  const start = kernel.symbols.find('_etext')?.address
  const end = kernel.symbols.find('_sinittext')?.address
  if (start === undefined || end === undefined) return []
  const all = new Set(UNWINDER.flatMap((name) => textReferences(kernel, name, MAX_LENGTH)))
  return [...all].filter((place) => place >= start && place < end).sort((a, b) => (a < b ? -1 : 1))
}

/** So many entries at the start and in the middle are looked at. */
const SAMPLE = 64

/** Whether the addresses in a list are those of code, in ascending order. */
function leadsToText({ uncached, symbols }: Kernel, { ips, count }: OrcPlaces): boolean {
  const start = symbols.find('_stext')?.address
  const end = symbols.find('_einittext')?.address ?? symbols.find('_etext')?.address
  if (start === undefined || end === undefined) return false
  return [0, Math.floor(count / 2)].every((first) => {
    const address = ips + BigInt(first) * 4n
    const bytes = readOrFault(uncached, { address, length: SAMPLE * 4 })
    if (!(bytes instanceof Uint8Array)) return false
    const view = new DataView(bytes.buffer)
    let before = start
    for (let i = 0; i < SAMPLE; i++) {
      const ip = address + BigInt(i * 4 + view.getInt32(i * 4, true))
      if (ip < before || ip >= end) return false
      before = ip
    }
    return true
  })
}
