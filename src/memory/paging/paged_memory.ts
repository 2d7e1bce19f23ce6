import { FaultError } from '../../errors.js'
import type { Memory, Range } from '../memory.js'
import { forEachMapping, type Mapping } from './mappings.js'
import type { PagingMode } from './mode.js'
import type { Root } from './root.js'
import { type Place, Translator } from './translator.js'
import { walk, whyNot } from './walk.js'

/**
 * A virtual address space: physical memory seen through page tables. What they said is remembered
 * until {@link drop}. Faults bear the virtual address and say which level ended the translation.
 */
export class PagedMemory implements Memory {
  private readonly translator: Translator
  private readonly place: Place = { physical: 0, left: 0 }

  /**
   * @param physical memory by physical address
   * @param root of the tables: `mm_struct.pgd` or `swapper_pg_dir` as a physical address, or what
   *   {@link rootOfRegister} makes of CR3
   */
  constructor(
    private readonly physical: Memory,
    readonly mode: PagingMode,
    readonly root: Root,
  ) {
    this.translator = new Translator(mode, physical, root)
  }

  /** The physical address, or undefined where nothing is mapped; {@link walk} then tells why. */
  translate(address: bigint): bigint | undefined {
    return this.translator.translate(address)
  }

  /** Everything that is mapped from `from` up to `to`, in ascending order. */
  mappings(from: bigint, to: bigint): Generator<Mapping> {
    return forEachMapping(this.mode, this.physical, this.root, from, to)
  }

  drop(): void {
    this.translator.drop()
    this.physical.drop?.()
  }

  read(address: bigint, into: Uint8Array): void {
    const { place } = this
    for (let done = 0; done < into.length; ) {
      const at = done === 0 ? address : address + BigInt(done)
      if (!this.locateRun(at, into.length - done, place)) throw this.fault(at)
      const part =
        done === 0 && place.left === into.length ? into : into.subarray(done, done + place.left)
      this.readPart(at, place.physical, part)
      done += place.left
    }
  }

  private readPart(address: bigint, physical: number, into: Uint8Array): void {
    const at = BigInt(physical)
    try {
      this.physical.read(at, into)
    } catch (error) {
      throw error instanceof FaultError ? missing(error, at, address) : error
    }
  }

  /** Finds the physical memory of at most `length` bytes that lie in one piece; their number is `left`. */
  private locateRun(address: bigint, length: number, into: Place): boolean {
    if (!this.translator.locate(address, into)) return false
    const { physical } = into
    let run = into.left
    while (run < length) {
      const next = this.translator.locate(address + BigInt(run), into)
      if (!next || into.physical !== physical + run) break
      run += into.left
    }
    into.physical = physical
    into.left = Math.min(run, length)
    return true
  }

  /** Translates all ranges, then reads physical memory with one gather. */
  gather(ranges: readonly Range[]): (Uint8Array | FaultError)[] {
    const parts: Range[] = []
    const ends = ranges.map(({ address, length }) => {
      const fault = this.addParts(address, length, parts)
      return { fault, end: parts.length }
    })
    const pieces = this.physical.gather(parts)
    let next = 0
    return ranges.map((range, i) => {
      const { fault, end } = ends[i]!
      const first = next
      next = end
      return fault ?? join(range, pieces, parts, first, end)
    })
  }

  /** Adds the parts of physical memory that a range is made of; if one is missing, none. */
  private addParts(address: bigint, length: number, parts: Range[]): FaultError | undefined {
    const { place } = this
    const before = parts.length
    for (let done = 0; done < length; done += place.left) {
      const at = done === 0 ? address : address + BigInt(done)
      if (!this.locateRun(at, length - done, place)) {
        parts.length = before
        return this.fault(at)
      }
      parts.push({ address: BigInt(place.physical), length: place.left })
    }
    return undefined
  }

  private fault(address: bigint): FaultError {
    const { end } = walk(this.mode, this.physical, this.root, address)
    return new FaultError(address, whyNot(end, this.mode) ?? 'its page was mapped only just now')
  }
}

/** A fault of physical memory, told by the virtual address. */
function missing({ address, why, todo }: FaultError, start: bigint, virtual: bigint): FaultError {
  const reason = `physical memory at 0x${address.toString(16)} cannot be read: ${why}`
  return new FaultError(virtual + (address - start), reason, todo)
}

/** The bytes of a range from its pieces, which are `pieces` from `first` up to `end`. */
function join(
  { address, length }: Range,
  pieces: readonly (Uint8Array | FaultError)[],
  parts: readonly Range[],
  first: number,
  end: number,
): Uint8Array | FaultError {
  const only = pieces[first]
  if (end - first === 1 && only instanceof Uint8Array) return only
  const bytes = new Uint8Array(length)
  let done = 0
  for (let i = first; i < end; i++) {
    const piece = pieces[i]!
    if (piece instanceof FaultError) {
      return missing(piece, parts[i]!.address, address + BigInt(done))
    }
    bytes.set(piece, done)
    done += piece.length
  }
  return bytes
}
