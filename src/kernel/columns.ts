import type { Btf } from '../btf/btf.js'
import type { BtfStruct } from '../btf/kinds.js'
import { UsageError } from '../errors.js'
import type { Memory, Range } from '../memory/memory.js'
import { noSuchMember } from '../object/path.js'
import { compileReader, isChar, type Reader } from '../object/readers.js'
import type { ObjectSpace } from '../object/space.js'

/** A few members of a struct, perhaps behind pointers, that are wanted of very many structs. */
export interface Column {
  readonly path: string
  /** Offsets: each but the last leads to a pointer that is followed, the last to the value. */
  readonly hops: readonly number[]
  readonly size: number
  /** Where the value lies in a record. */
  readonly at: number
  readonly isText: boolean
  readonly read: Reader
}

/** The values of one struct; a pointer is its address, and 0 is NULL. */
export type Row<Path extends string> = Readonly<Record<Path, unknown>> & {
  /** The address of the struct. */
  readonly $address: bigint
}

/** Takes one value out of the record that starts at an offset. */
export type Cell<T> = (record: number) => T

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

  /**
   * Reads one column of packed records; null where a pointer on the way was NULL or could not be
   * followed. Whoever has very many records reads by cells and makes no rows.
   */
  cell<T>(records: DataView, path: Path): Cell<T | null> {
    const index = this.columns.findIndex((column) => column.path === path)
    const column = this.columns[index]!
    const { at } = column
    const read = column.isText ? rereading(column) : column.read
    const missing = 1 << (index % 32)
    const little = this.space.btf.littleEndian
    const missingAt = 8 + (index >= 32 === little ? 4 : 0)
    return (record) => {
      if ((records.getInt32(record + missingAt, little) & missing) !== 0) return null
      return read(records, record + at, 0n) as T
    }
  }

  /** The columns that a record has no value of. */
  missing(records: DataView, record: number): Path[] {
    const bits = records.getBigUint64(record + 8, this.space.btf.littleEndian)
    if (bits === 0n) return []
    const paths = this.columns.map(({ path }) => path as Path)
    return paths.filter((_, index) => ((bits >> BigInt(index)) & 1n) === 1n)
  }

  has(path: Path): boolean {
    return this.columns.some((column) => column.path === path)
  }

  /** All rows of packed records. */
  *decodeAll(bytes: Uint8Array): Generator<Row<Path>> {
    const records = viewOf(bytes)
    const cells = this.columns.map(({ path }) => this.cell(records, path as Path))
    for (const at of this.starts(bytes)) {
      const row: Record<string, unknown> = { $address: this.address(records, at) }
      this.columns.forEach(({ path }, i) => {
        row[path] = cells[i]!(at)
      })
      yield row as Row<Path>
    }
  }

  /** Where each record starts. */
  *starts(bytes: Uint8Array): Generator<number> {
    for (let at = 0; at + this.stride <= bytes.length; at += this.stride) yield at
  }

  /** The address of the struct that a record is of. */
  address(records: DataView, record: number): bigint {
    return records.getBigUint64(record, this.space.btf.littleEndian)
  }

  /** The addresses of the structs alone. */
  *addresses(bytes: Uint8Array): Generator<bigint> {
    const records = viewOf(bytes)
    for (const at of this.starts(bytes)) yield this.address(records, at)
  }

  /** Whether a record is of the struct at this address. */
  includes(bytes: Uint8Array, address: bigint): boolean {
    const records = viewOf(bytes)
    const little = this.space.btf.littleEndian
    const low = Number(address & 0xffffffffn)
    const lowAt = little ? 0 : 4
    for (let at = 0; at + this.stride <= bytes.length; at += this.stride) {
      if (records.getUint32(at + lowAt, little) !== low) continue
      if (this.address(records, at) === address) return true
    }
    return false
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
  const size = columnSize(btf, typeId, path)
  const type = btf.resolve(typeId)
  const isText = type.kind === 'array' && isChar(btf.resolve(type.type))
  return { path, hops, size, at, isText, read: compileCell(space, typeId) }
}

export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}

/** Threads of a process mostly have the same name: text is decoded where it differs from before. */
function rereading({ size, read }: Column): Reader {
  let last = -1
  let text: unknown
  return (records, at, address) => {
    if (last === -1 || !equal(records, at, last, size)) text = read(records, at, address)
    last = at
    return text
  }
}

function equal(records: DataView, a: number, b: number, size: number): boolean {
  for (let i = 0; i < size; i++) {
    if (records.getUint8(a + i) !== records.getUint8(b + i)) return false
  }
  return true
}

function compileCell(space: ObjectSpace, typeId: number): Reader {
  if (space.btf.resolve(typeId).kind !== 'ptr') return compileReader(space, typeId)
  const little = space.btf.littleEndian
  return (data, at) => data.getBigUint64(at, little)
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
