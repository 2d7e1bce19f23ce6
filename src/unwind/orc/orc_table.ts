import { UnsupportedError } from '../../errors.js'
import { type Memory, readBytes } from '../../memory/memory.js'
import type { OrcEntry, OrcFormat } from './orc_entry.js'

/** Where the two halves of a table are: of the kernel's image, or of a module. */
export interface OrcPlaces {
  /** `__start_orc_unwind_ip`: for each entry, how far behind its own place in this list the code is. */
  readonly ips: bigint
  /** `__start_orc_unwind`: the entries. */
  readonly entries: bigint
  readonly count: number
}

/** More than any kernel has. */
const MAX_ENTRIES = 1 << 22

const IP_SIZE = 4

/** ORC entries by the address of the code that they are for. */
export class OrcTable {
  /** For each entry, the address of its code as the distance from `places.ips`, in ascending order. */
  private readonly starts: Int32Array
  /** The entries' positions in that order; undefined where they are in order. */
  private readonly order: Uint32Array | undefined
  private readonly entries: DataView

  /** Reads the whole table; throws {@link FaultError}, or {@link UnsupportedError} for an absurd size. */
  constructor(
    memory: Pick<Memory, 'read'>,
    private readonly places: OrcPlaces,
    private readonly format: OrcFormat,
  ) {
    const { ips, entries, count } = places
    if (count > MAX_ENTRIES || !(count > 0)) {
      throw new UnsupportedError('cannot read an ORC table', `it claims to have ${count} entries`)
    }
    const whole = memory as Memory
    this.entries = new DataView(readBytes(whole, entries, count * format.size).buffer)
    const starts = readStarts(readBytes(whole, ips, count * IP_SIZE))
    this.order = isAscending(starts) ? undefined : this.sorted(starts)
    this.starts = this.order === undefined ? starts : Int32Array.from(this.order, (i) => starts[i]!)
  }

  /** The last entry that is not behind an address; mirrors `__orc_find()`. */
  find(ip: bigint): OrcEntry | undefined {
    const distance = ip - this.places.ips
    if (BigInt.asIntN(32, distance) !== distance) return undefined
    const found = lastUpTo(this.starts, Number(distance))
    if (found < 0) return undefined
    return this.format.decode(this.entries, (this.order?.[found] ?? found) * this.format.size)
  }

  /** Of entries for one address, those that say nothing come first; mirrors `orc_sort_cmp()`. */
  private sorted(starts: Int32Array): Uint32Array {
    const { entries, format } = this
    const isWeak = (i: number) => format.decode(entries, i * format.size).type === 'undefined'
    const rank = (i: number) => (isWeak(i) ? 0 : 1)
    return Uint32Array.from(starts.keys()).sort((a, b) => {
      return starts[a]! - starts[b]! || rank(a) - rank(b)
    })
  }
}

function readStarts(bytes: Uint8Array): Int32Array {
  const view = new DataView(bytes.buffer)
  const starts = new Int32Array(bytes.length / IP_SIZE)
  for (let i = 0; i < starts.length; i++) {
    starts[i] = view.getInt32(i * IP_SIZE, true) + i * IP_SIZE
  }
  return starts
}

function isAscending(numbers: Int32Array): boolean {
  for (let i = 1; i < numbers.length; i++) if (numbers[i - 1]! > numbers[i]!) return false
  return true
}

/** The position of the last number that is not above a limit; -1 if all are. */
function lastUpTo(numbers: Int32Array, limit: number): number {
  let low = 0
  let high = numbers.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (numbers[middle]! <= limit) low = middle + 1
    else high = middle
  }
  return low - 1
}
