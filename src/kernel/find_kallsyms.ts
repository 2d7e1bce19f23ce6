import { hex } from '../bytes/hex.js'
import { InconsistentError, KsightError, NotFoundError } from '../errors.js'
import type { Memory } from '../memory/memory.js'
import { readAvailable } from '../memory/read_available.js'
import type { AddressRange } from '../symbols/areas.js'
import { findKallsymsShapes, type KallsymsShape } from '../symbols/kallsyms_shape.js'
import type { KallsymsTables } from '../symbols/kallsyms_tables.js'
import { NameLookup } from '../symbols/name_lookup.js'
import { findDigits } from '../symbols/shape/tokens.js'
import type { Fact } from './fact.js'
import { type KallsymsOptions, type KallsymsPlaces, readKallsyms } from './read_kallsyms.js'
import type { Vmcoreinfo } from './vmcoreinfo.js'

/** What is searched with one read. */
const CHUNK = 1 << 22
/** What must not be cut apart by the end of a chunk. */
const OVERLAP = 64

/** The tables are within so many bytes before and behind the table of tokens. */
const REACH = 1n << 24n

export interface FindKallsymsOptions extends KallsymsOptions {
  readonly vmcoreinfo?: Vmcoreinfo | undefined
  /** Addresses of `memory` among which to search: the kernel image, at best its rodata. */
  readonly range?: AddressRange
}

/**
 * The kallsyms tables of a kernel image: where VMCOREINFO says (Linux 6.0, 5fd8fea935a1), or else
 * where in a range of memory something has their shape. Throws {@link NotFoundError}.
 */
export function findKallsyms(memory: Memory, options: FindKallsymsOptions): Fact<KallsymsTables> {
  const stext = options.vmcoreinfo?.symbol('_stext')
  const failures: string[] = []
  for (const { places, how } of candidates(memory, options)) {
    try {
      const value = readKallsyms(memory, places, options)
      return { name: 'kallsyms', value, how, checked: check(value, stext) }
    } catch (error) {
      if (!(error instanceof KsightError)) throw error
      failures.push(`${error.message} (${how})`)
    }
  }
  throw new NotFoundError(
    'no kallsyms tables',
    [],
    failures[0] ?? 'VMCOREINFO names none, and nothing in memory has their shape',
  )
}

interface Candidate {
  readonly places: KallsymsPlaces
  readonly how: string
}

function* candidates(memory: Memory, options: FindKallsymsOptions): Generator<Candidate> {
  const { vmcoreinfo, range, virtualOffset = 0n } = options
  const named = vmcoreinfo && placesOf(vmcoreinfo, virtualOffset)
  if (named !== undefined) yield { places: named, how: 'addresses in VMCOREINFO' }
  if (range === undefined) return
  for (const places of searchKallsyms(memory, range, options.littleEndian)) {
    yield { places, how: `tables of this shape, the tokens at ${hex(places.token_table)}` }
  }
}

/** Where VMCOREINFO says that the tables are. */
function placesOf(vmcoreinfo: Vmcoreinfo, virtualOffset: bigint): KallsymsPlaces | undefined {
  const at = (name: string) => {
    const address = vmcoreinfo.symbol(`kallsyms_${name}`)
    return address === undefined ? undefined : BigInt.asUintN(64, address - virtualOffset)
  }
  const num_syms = at('num_syms')
  const names = at('names')
  const token_table = at('token_table')
  const token_index = at('token_index')
  const offsets = at('offsets')
  if (!num_syms || !names || !token_table || !token_index || !offsets) return undefined
  return { num_syms, names, token_table, token_index, offsets, relative_base: at('relative_base') }
}

/** Where in a range of memory something has the shape of the tables. */
export function* searchKallsyms(
  memory: Memory,
  range: AddressRange,
  littleEndian = true,
): Generator<KallsymsPlaces> {
  const seen = new Set<bigint>()
  for (const digits of searchDigits(memory, range)) {
    const first = max(range.start, (digits - REACH) & ~0xfffn)
    const last = min(range.end, digits + REACH)
    const bytes = new Uint8Array(Number(last - first))
    readAvailable(memory, first, bytes)
    for (const shape of findKallsymsShapes(bytes, littleEndian)) {
      const places = placesIn(shape, first)
      if (!seen.has(places.token_table)) yield places
      seen.add(places.token_table)
    }
  }
}

/** Where there may be tokens, but only one place of many that are close to each other. */
function* searchDigits(memory: Memory, { start, end }: AddressRange): Generator<bigint> {
  const buffer = new Uint8Array(CHUNK)
  let next = start
  for (let at = start; at < end; at += BigInt(CHUNK - OVERLAP)) {
    const chunk = buffer.subarray(0, Number(min(BigInt(CHUNK), end - at)))
    readAvailable(memory, at, chunk)
    for (const digits of findDigits(chunk)) {
      const found = at + BigInt(digits)
      if (found < next) continue
      yield found
      next = found + REACH / 2n
    }
  }
}

function placesIn(shape: KallsymsShape, origin: bigint): KallsymsPlaces {
  const { relativeBase } = shape
  return {
    num_syms: origin + BigInt(shape.numSyms),
    names: origin + BigInt(shape.names),
    token_table: origin + BigInt(shape.tokenTable),
    token_index: origin + BigInt(shape.tokenIndex),
    offsets: origin + BigInt(shape.offsets),
    relative_base: relativeBase === undefined ? undefined : origin + BigInt(relativeBase),
  }
}

/** Every kernel has `_stext`, and VMCOREINFO tells where it is. */
function check(tables: KallsymsTables, noted: bigint | undefined): string {
  const [position] = new NameLookup(tables).positionsOf('_stext')
  const stext = position === undefined ? undefined : tables.addresses[position]
  if (stext === undefined || stext !== (noted ?? stext)) {
    throw new InconsistentError(
      'these kallsyms tables are not of this kernel',
      `_stext is ${stext === undefined ? 'not in them' : `at ${hex(stext)}`}`,
    )
  }
  const by = noted === undefined ? '' : ', as VMCOREINFO says'
  return `${tables.addresses.length} names decode, _stext is at ${hex(stext)}${by}`
}

const min = (a: bigint, b: bigint) => (a < b ? a : b)
const max = (a: bigint, b: bigint) => (a > b ? a : b)
