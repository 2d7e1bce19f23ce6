import fc from 'fast-check'
import type { DamagedSource } from './damaged_source.js'
import type { Place, Places } from './places.js'

/** One change of an image; numbers choose among what there is. */
export interface Damage {
  readonly kind: string
  readonly place: number
  readonly other: number
  readonly change: keyof typeof CHANGES
  readonly random: number
}

export function damages(places: Places): fc.Arbitrary<Damage[]> {
  const damage = fc.record({
    kind: fc.constantFrom(...Object.keys(places)),
    place: fc.nat(),
    other: fc.nat(),
    change: fc.constantFrom(...(Object.keys(CHANGES) as (keyof typeof CHANGES)[])),
    random: fc.nat(),
  })
  return fc.array(damage, { minLength: 1, maxLength: 4 })
}

/** What a change has to do with: a place, and another one of any kind. */
interface Target {
  readonly source: DamagedSource
  /** Where in the file a physical address is. */
  readonly offsetOf: (physical: number) => number
  readonly place: Place
  readonly other: Place
  readonly random: number
}

/** The kinds of changes. */
const CHANGES = {
  zero: (target: Target) => setWord(target, 0n),
  ones: (target: Target) => setWord(target, (1n << 64n) - 1n),
  'a small number': (target: Target) => setWord(target, BigInt(target.random % 5000)),
  'a large number': (target: Target) => setWord(target, 1n << BigInt(target.random % 64)),
  'one less than a large number': (target: Target) =>
    setWord(target, (1n << BigInt(target.random % 64)) - 1n),
  'a byte': ({ source, offsetOf, place, random }: Target) =>
    source.write(
      offsetOf(place.physical) + (random % place.size),
      Uint8Array.of((random >>> 16) & 0xff),
    ),
  'a bit': (target: Target) => setWord(target, wordAt(target) ^ (1n << BigInt(target.random % 64))),
  'a pointer to itself': (target: Target) => setWord(target, target.place.address),
  'a pointer to another': (target: Target) => setWord(target, target.other.address),
  'a pointer beside': (target: Target) =>
    setWord(target, wordAt(target) + BigInt((target.random % 512) - 256)),
  'a pointer to anywhere': (target: Target) =>
    setWord(target, (wordAt(target) & ~0xffff_ffffn) | BigInt(target.random)),
  'what another has': (target: Target) =>
    setWord(target, wordAt({ ...target, place: target.other })),
  'exchanged with another': (target: Target) => {
    const exchanged = { ...target, place: target.other }
    const [mine, theirs] = [wordAt(target), wordAt(exchanged)]
    setWord(target, theirs)
    setWord(exchanged, mine)
  },
  'a table entry that leads back': (target: Target) =>
    setWord(target, (BigInt(target.place.physical) & ~0xfffn) | (wordAt(target) & 0xfffn)),
  'a table entry that leads anywhere': (target: Target) =>
    setWord(target, (BigInt(target.random) << 12n) | 0x63n),
  'a table entry that is a large page': (target: Target) => setWord(target, wordAt(target) ^ 0x80n),
  'a page of zeros': (target: Target) => setPage(target, () => 0),
  'a page of ones': (target: Target) => setPage(target, () => 0xff),
  'a page of noise': (target: Target) => {
    let state = target.random | 1
    setPage(target, () => {
      state ^= state << 13
      state ^= state >>> 17
      state ^= state << 5
      return state & 0xff
    })
  },
  'the page of another': ({ source, offsetOf, place, other }: Target) =>
    source.write(pageOf(offsetOf, place), source.peek(pageOf(offsetOf, other), PAGE_SIZE)),
  'the end of the file': ({ source, offsetOf, place }: Target) =>
    source.cut(offsetOf(place.physical) + (place.size >> 1)),
} as const

const PAGE_SIZE = 4096

/** Does the changes, one after the other; gives the tasks that they are of. */
export function damage(
  source: DamagedSource,
  offsetOf: (physical: number) => number,
  places: Places,
  changes: readonly Damage[],
): bigint[] {
  const kinds = Object.values(places)
  const tasks: bigint[] = []
  for (const { kind, place, other, change, random } of changes) {
    const own = places[kind]!
    // Half of the others are of the same kind.
    const others = random % 2 === 0 ? own : kinds[(random >>> 1) % kinds.length]!
    const changed = own[place % own.length]!
    if (changed.task !== undefined) tasks.push(changed.task)
    CHANGES[change]({
      source,
      offsetOf,
      place: changed,
      other: others[other % others.length]!,
      random,
    })
  }
  return tasks
}

function wordAt({ source, offsetOf, place }: Target): bigint {
  const bytes = source.peek(offsetOf(place.physical), 8)
  return new DataView(bytes.buffer).getBigUint64(0, true)
}

function setWord({ source, offsetOf, place }: Target, value: bigint): void {
  const bytes = new Uint8Array(8)
  new DataView(bytes.buffer).setBigUint64(0, value, true)
  source.write(offsetOf(place.physical), bytes.subarray(0, Math.min(8, place.size)))
}

const pageOf = (offsetOf: Target['offsetOf'], { physical }: Place) =>
  offsetOf(physical - (physical % PAGE_SIZE))

function setPage({ source, offsetOf, place }: Target, byte: () => number): void {
  source.write(pageOf(offsetOf, place), Uint8Array.from({ length: PAGE_SIZE }, byte))
}
