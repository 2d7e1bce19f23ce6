// Other arrangements of the same tables, made from those of a real kernel: no kernel to be fetched has
// them.
import type { KallsymsPlaces } from '../../src/kernel/read_kallsyms.js'
import { readBytes } from '../../src/memory/memory.js'
import type { KallsymsTables } from '../../src/symbols/kallsyms_tables.js'
import { BytesMemory } from './bytes_memory.js'

/** Something that stands before and behind the tables in an image. */
const AROUND = 4096

interface Table {
  readonly bytes: Uint8Array
  readonly align: number
}

class Image {
  private readonly parts: number[] = Array.from({ length: AROUND }, (_, i) => (i * 7) & 0xff)

  constructor(readonly start: bigint) {}

  /** Gives the address that the table got. */
  add({ bytes, align }: Table): bigint {
    while (this.parts.length % align !== 0) this.parts.push(0)
    const address = this.start + BigInt(this.parts.length)
    for (const byte of bytes) this.parts.push(byte)
    return address
  }

  get memory(): BytesMemory {
    const rest = Array.from({ length: AROUND }, (_, i) => (i * 13) & 0xff)
    return new BytesMemory(this.start, Uint8Array.from([...this.parts, ...rest]))
  }
}

/** The tables of a kernel, each with the bytes it has there. */
export interface Tables {
  readonly names: Uint8Array
  readonly markers: Uint8Array
  readonly tokenTable: Uint8Array
  readonly tokenIndex: Uint8Array
  readonly seqs: Uint8Array
  readonly addresses: BigUint64Array
}

export interface Layout {
  readonly memory: BytesMemory
  readonly places: KallsymsPlaces
}

/** As newer kernels have them: no base, each offset is from its own place, aligned to 4 bytes. */
export function placeRelative(tables: Tables, start: bigint): Layout {
  const image = new Image(start)
  const num_syms = image.add({ bytes: u32(tables.addresses.length), align: 4 })
  const names = image.add({ bytes: tables.names, align: 4 })
  image.add({ bytes: tables.markers, align: 4 })
  const token_table = image.add({ bytes: tables.tokenTable, align: 4 })
  const token_index = image.add({ bytes: tables.tokenIndex, align: 4 })
  const offsets = image.add({ bytes: new Uint8Array(0), align: 4 })
  const words = Int32Array.from(tables.addresses, (address, i) =>
    Number(BigInt.asIntN(64, address - offsets - BigInt(4 * i))),
  )
  image.add({ bytes: new Uint8Array(words.buffer), align: 4 })
  image.add({ bytes: tables.seqs, align: 4 })
  const places = { num_syms, names, token_table, token_index, offsets, relative_base: undefined }
  return { memory: image.memory, places }
}

/** As before Linux 6.4, and without CONFIG_KALLSYMS_ABSOLUTE_PERCPU; `seqs` since 6.2. */
export function baseFirst(tables: Tables, start: bigint, withOrder: boolean): Layout {
  const image = new Image(start)
  const base = tables.addresses[0]!
  const words = Uint32Array.from(tables.addresses, (address) => Number(address - base))
  const offsets = image.add({ bytes: new Uint8Array(words.buffer), align: 8 })
  const relative_base = image.add({ bytes: u64(base), align: 8 })
  const num_syms = image.add({ bytes: u32(words.length), align: 8 })
  const names = image.add({ bytes: tables.names, align: 8 })
  image.add({ bytes: tables.markers, align: 8 })
  if (withOrder) image.add({ bytes: tables.seqs, align: 8 })
  const token_table = image.add({ bytes: tables.tokenTable, align: 8 })
  const token_index = image.add({ bytes: tables.tokenIndex, align: 8 })
  return {
    memory: image.memory,
    places: { num_syms, names, token_table, token_index, offsets, relative_base },
  }
}

const u32 = (value: number) => new Uint8Array(Uint32Array.of(value).buffer)
const u64 = (value: bigint) => new Uint8Array(BigUint64Array.of(value).buffer)

/** The first `count` symbols of a kernel. */
export function firstTables(
  memory: BytesMemory,
  places: KallsymsPlaces,
  whole: KallsymsTables,
  count: number,
): Tables {
  const { starts } = whole.names
  const markers = starts.filter((_, i) => i < count && i % 256 === 0)
  const names = Array.from({ length: count }, (_, i) => whole.nameAt(i))
  const sorted = names.map((_, i) => i).sort((a, b) => compare(names[a]!, names[b]!) || a - b)
  return {
    names: readBytes(memory, places.names, starts[count]!),
    markers: new Uint8Array(markers.buffer),
    tokenTable: readBytes(
      memory,
      places.token_table,
      Number(places.token_index - places.token_table),
    ),
    tokenIndex: readBytes(memory, places.token_index, 512),
    seqs: Uint8Array.from(sorted.flatMap((i) => [i >> 16, (i >> 8) & 0xff, i & 0xff])),
    addresses: whole.addresses.slice(0, count),
  }
}

const compare = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0)
