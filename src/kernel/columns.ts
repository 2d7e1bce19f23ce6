import type { Btf } from '../btf/btf.js'
import type { BtfStruct } from '../btf/kinds.js'
import { UsageError } from '../errors.js'
import type { Memory, Range } from '../memory/memory.js'
import { noSuchMember } from '../object/path.js'
import { compileReader, type Reader } from '../object/readers.js'
import type { ObjectSpace } from '../object/space.js'

/** A few members of a struct, perhaps behind pointers, that are wanted of very many structs. */
export interface Column {
  readonly path: string
  /** Offsets: each but the last leads to a pointer that is followed, the last to the value. */
  readonly hops: readonly number[]
  readonly size: number
  /** Where the value lies in a record. */
  readonly at: number
  readonly read: Reader
}

export type Row<Path extends string> = Readonly<Record<Path, unknown>> & {
  /** The address of the struct. */
  readonly $address: bigint
}

/** Bytes before the first value: the struct's address, and a bit for each value that is missing. */
const RECORD_HEADER = 16

/**
 * Member paths such as `signal.nr_threads` compiled to offsets, and the packed record that holds
 * their values. A running kernel fills records in a BPF iterator; any other memory by gathering.
 */
export class Columns<Path extends string = string> {
  readonly columns: readonly Column[]
  /** Bytes of a record, a multiple of 8. */
  readonly stride: number

  constructor(
    private readonly space: ObjectSpace,
    readonly struct: BtfStruct,
    paths: readonly Path[],
  ) {
    if (paths.length > 63) throw new UsageError('too many columns', 'a record holds 63 at most')
    let at = RECORD_HEADER
    this.columns = paths.map((path) => {
      const column = compileColumn(space, struct, path, at)
      at += Math.ceil(column.size / 8) * 8
      return column
    })
    this.stride = at
  }

  /** The values of one record; null where a pointer on the way was NULL or could not be followed. */
  decode(records: DataView, start: number): Row<Path> {
    const little = this.space.btf.littleEndian
    const missing = records.getBigUint64(start + 8, little)
    const row: Record<string, unknown> = { $address: records.getBigUint64(start, little) }
    this.columns.forEach(({ path, at, read }, i) => {
      const absent = missing !== 0n && ((missing >> BigInt(i)) & 1n) === 1n
      row[path] = absent ? null : read(records, start + at, 0n)
    })
    return row as Row<Path>
  }

  /** The addresses of the structs alone. */
  *addresses(records: Uint8Array): Generator<bigint> {
    const view = new DataView(records.buffer, records.byteOffset, records.byteLength)
    for (let at = 0; at + this.stride <= records.length; at += this.stride) {
      yield view.getBigUint64(at, this.space.btf.littleEndian)
    }
  }

  *decodeAll(records: Uint8Array): Generator<Row<Path>> {
    const view = new DataView(records.buffer, records.byteOffset, records.byteLength)
    for (let at = 0; at + this.stride <= records.length; at += this.stride) {
      yield this.decode(view, at)
    }
  }

  /** Fills the records of the structs at these addresses, a hop of all of them at a time. */
  collect(memory: Memory, addresses: readonly bigint[]): Uint8Array {
    const records = new Uint8Array(addresses.length * this.stride)
    const view = new DataView(records.buffer)
    const little = this.space.btf.littleEndian
    addresses.forEach((address, i) => {
      view.setBigUint64(i * this.stride, address, little)
    })
    this.columns.forEach((column, index) => {
      const values = follow(memory, addresses, column, little)
      values.forEach((value, i) => {
        const start = i * this.stride
        if (value !== undefined) records.set(value, start + column.at)
        else {
          const missing = view.getBigUint64(start + 8, little) | (1n << BigInt(index))
          view.setBigUint64(start + 8, missing, little)
        }
      })
    })
    return records
  }
}

function compileColumn(space: ObjectSpace, struct: BtfStruct, path: string, at: number): Column {
  const { btf } = space
  const hops: number[] = []
  let offset = 0
  let typeId = struct.id
  for (const name of path.split('.')) {
    let holder = btf.resolve(typeId)
    if (holder.kind === 'ptr') {
      hops.push(offset)
      offset = 0
      holder = btf.resolve(holder.type)
    }
    if (holder.kind !== 'struct' && holder.kind !== 'union') {
      throw new UsageError(`cannot follow ${path}`, `what stands before ${name} is no struct`)
    }
    const member = btf.findMember(holder, name)
    if (member === undefined) throw noSuchMember(btf, holder, name)
    if (member.bitSize > 0) {
      throw new UsageError(`cannot take ${path} as a column`, 'it is a bit-field')
    }
    offset += member.bitOffset / 8
    typeId = member.type
  }
  hops.push(offset)
  return { path, hops, size: columnSize(btf, typeId, path), at, read: compileReader(space, typeId) }
}

function columnSize(btf: Btf, typeId: number, path: string): number {
  const size = btf.sizeOf(typeId)
  if (size > 0 && size <= 64) return size
  throw new UsageError(`cannot take ${path} as a column`, `${size} bytes are no small value`)
}

/** The bytes of one column for all structs; undefined where it could not be reached. */
function follow(
  memory: Memory,
  addresses: readonly bigint[],
  { hops, size }: Column,
  little: boolean,
): (Uint8Array | undefined)[] {
  let bases: readonly (bigint | undefined)[] = addresses
  hops.slice(0, -1).forEach((hop) => {
    bases = gatherAt(memory, bases, hop, 8).map((bytes) => {
      const pointer = bytes && new DataView(bytes.buffer).getBigUint64(bytes.byteOffset, little)
      return pointer === 0n ? undefined : pointer
    })
  })
  return gatherAt(memory, bases, hops.at(-1)!, size)
}

function gatherAt(
  memory: Memory,
  bases: readonly (bigint | undefined)[],
  offset: number,
  length: number,
): (Uint8Array | undefined)[] {
  const ranges: Range[] = []
  const slots: number[] = []
  bases.forEach((base, i) => {
    if (base === undefined) return
    ranges.push({ address: base + BigInt(offset), length })
    slots.push(i)
  })
  const found: (Uint8Array | undefined)[] = new Array(bases.length).fill(undefined)
  memory.gather(ranges).forEach((bytes, i) => {
    if (bytes instanceof Uint8Array) found[slots[i]!] = bytes
  })
  return found
}
