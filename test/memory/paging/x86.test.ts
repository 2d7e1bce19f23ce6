import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Mapping } from '../../../src/memory/paging/mappings.js'
import { forEachMapping } from '../../../src/memory/paging/mappings.js'
import type { PagingMode } from '../../../src/memory/paging/mode.js'
import { Translator } from '../../../src/memory/paging/translator.js'
import { walk } from '../../../src/memory/paging/walk.js'
import { x86_32, x86_64, x86Pae } from '../../../src/memory/paging/x86.js'
import { hasTools } from '../../support/tools.js'
import { BareMachine } from './bare_machine.js'
import { type Page, pagesOf, parseTlb } from './info_tlb.js'
import { Random } from './random.js'
import { RandomTables, type TableLevel } from './random_tables.js'

const seed = Number(process.env.KSIGHT_SEED ?? Date.now() % 2 ** 31)

const P = 1n
const PS = 1n << 7n
/** R/W, U/S, PWT, PCD, A, D. */
const ANY = 0b1111110n
/** Most tables let everything through, or nothing could be written anywhere. */
const attributes = (random: Random) => (random.chance(70) ? 6n : random.bits(12) & ANY)
const noExecute = (random: Random) => (random.chance(20) ? 1n << 63n : 0n)
const absent = (random: Random) => random.bits(64) & ~P

function pageOf(shift: number, most: number, nx: boolean) {
  return (random: Random) => {
    const address = (random.bits(most) >> BigInt(shift)) << BigInt(shift)
    const other = (random.bits(12) & (ANY | 0x100n)) | (nx ? noExecute(random) : 0n)
    return P | address | other | (shift > 12 ? PS : random.bits(1) << 7n)
  }
}

function tableOf(nx: boolean) {
  return (random: Random, address: bigint) => {
    return P | address | attributes(random) | (nx ? noExecute(random) : 0n)
  }
}

const long = (shift: number, large = false): TableLevel => ({
  shift,
  entries: 512,
  align: 12,
  absent,
  ...(shift > 12 && { table: tableOf(true) }),
  ...((large || shift === 12) && { page: pageOf(shift, 50, true) }),
})

const LONG = [long(30, true), long(21, true), long(12)]
const PAE: TableLevel[] = [
  // R/W and U/S are reserved here.
  { shift: 30, entries: 4, align: 5, absent, table: (_, address) => P | (address & ~0xfffn) },
  long(21, true),
  long(12),
]
const absent32 = (random: Random) => random.bits(32) & ~P
const SHORT: TableLevel[] = [
  {
    shift: 22,
    entries: 1024,
    align: 12,
    absent: absent32,
    table: tableOf(false),
    // Bits 39:32 of the address are in bits 20:13, and bit 21 is reserved.
    page: (random) => pageOf(22, 32, false)(random) | (random.bits(8) << 13n),
  },
  { shift: 12, entries: 1024, align: 12, absent: absent32, page: pageOf(12, 32, false) },
]

const CR0 = 27
const CR3 = 29
const CR4 = 30
const EFER = 32

interface Case {
  readonly name: string
  readonly mode: PagingMode
  readonly levels: readonly TableLevel[]
  /** PSE, PAE, LA57. */
  readonly cr4: bigint
  readonly efer: bigint
  readonly used: number
  /** Bits of physical addresses that `info tlb` gets right: it takes XD of PAE for one, and cuts PSE-36. */
  readonly listed: bigint
}

const ALL = 2n ** 52n - 1n

const LME_NXE = 0x900n
const CASES: Case[] = [
  {
    name: '4 levels',
    mode: x86_64(4),
    levels: [long(39), ...LONG],
    cr4: 0x30n,
    efer: LME_NXE,
    used: 6,
    listed: ALL,
  },
  {
    name: '5 levels',
    mode: x86_64(5),
    levels: [long(48), long(39), ...LONG],
    cr4: 0x1030n,
    efer: LME_NXE,
    used: 4,
    listed: ALL,
  },
  { name: 'PAE', mode: x86Pae(), levels: PAE, cr4: 0x30n, efer: 0x800n, used: 20, listed: ALL },
  {
    name: '32 bits',
    mode: x86_32(),
    levels: SHORT,
    cr4: 0x10n,
    efer: 0n,
    used: 40,
    listed: 2n ** 32n - 1n,
  },
]

const canRun = hasTools('qemu-system-x86_64', 'setpriv')

describe.skipIf(!canRun).each(CASES)(
  `x86, $name (qemu-system-x86_64; seed ${seed})`,
  ({ mode, levels, cr4, efer, used, listed }) => {
    const random = new Random(seed)
    let machine: BareMachine
    let tables: RandomTables
    beforeAll(async () => {
      machine = await BareMachine.start({
        qemu: 'qemu-system-x86_64',
        machine: 'q35',
        cpu: 'max',
        ramStart: 0,
        ramSize: 64 * 2 ** 20,
      })
      tables = new RandomTables(machine.memory, random, levels, mode.entrySize, used)
      const { gdb } = machine
      await gdb.setRegister(CR4, cr4, 4)
      await gdb.setRegister(EFER, efer, 4)
      await gdb.setRegister(CR3, tables.root, 4)
      await gdb.setRegister(CR0, 0x8000_0011n, 4)
    })
    afterAll(() => machine?.[Symbol.asyncDispose]())

    /** An address of the tables with its sign extended, or any other. */
    function address(): bigint {
      const { signBit, halves } = mode.canonical
      if (halves === 'flat') return tables.address()
      if (random.chance(5)) return random.bits(64)
      return BigInt.asUintN(64, BigInt.asIntN(signBit + 1, tables.address()))
    }

    test('addresses are translated as QEMU does', async () => {
      const translator = new Translator(mode, machine.memory, tables.root)
      const ends = new Map<string, number>()
      for (let i = 0; i < 5000; i++) {
        const at = address()
        const { end } = walk(mode, machine.memory, tables.root, at)
        ends.set(end.kind, (ends.get(end.kind) ?? 0) + 1)
        const found = end.kind === 'page' ? end.physical : undefined
        expect(translator.translate(at)).toBe(found)
        // QEMU's walk for debuggers does not look at reserved bits.
        if (end.kind === 'reserved') continue
        const theirs = await machine.translate(at)
        expect({ at, found }).toEqual({ at, found: theirs })
      }
      expect(ends.get('page')).toBeGreaterThan(100)
      expect(ends.get('not present')).toBeGreaterThan(100)
      expect(ends.get('reserved') ?? 0).toBeLessThan(2500)
    })

    /** Whether a walk goes on where QEMU's, which does not look at reserved bits, does too. */
    const isSound = (at: bigint) => {
      return walk(mode, machine.memory, tables.root, at).end.kind !== 'reserved'
    }

    test('the mapped pages and their flags are those that QEMU lists', async () => {
      const text = await machine.monitor('info tlb')
      const theirs = parseTlb(text).filter(({ virtual }) => isSound(virtual))
      const found = [...forEachMapping(mode, machine.memory, tables.root)]
      const shown = ({ physical, ...page }: Page) => ({ ...page, physical: physical & listed })
      expect(found.flatMap(pagesOf).map(shown)).toEqual(theirs.map(shown))
      expect(theirs.length).toBeGreaterThan(100)
    })

    // QEMU 7.2's `info mem` does not come to an end with 5 levels.
    if (mode.levels.length < 5)
      test('the rights of all levels together are those that QEMU lists', async () => {
        const theirs = parseRanges(await machine.monitor('info mem'))
        const found = [...forEachMapping(mode, machine.memory, tables.root)]
        let matched = 0
        for (const { virtual, length, user, writable } of found) {
          const range = theirs.find(({ begin, end }) => begin <= virtual && virtual + length <= end)
          const rights = `${user ? 'u' : '-'}r${writable ? 'w' : '-'}`
          expect({ virtual, rights: range?.rights }).toEqual({ virtual, rights })
          matched++
        }
        expect(matched).toBeGreaterThan(100)
      })

    test('a part of the addresses gives a part of the mappings', () => {
      const all = [...forEachMapping(mode, machine.memory, tables.root)]
      for (let i = 0; i < 200; i++) {
        const ends = [address(), random.chance(50) ? address() : random.pick(all).virtual]
        const [from, to] = ends[0]! < ends[1]! ? [ends[0]!, ends[1]!] : [ends[1]!, ends[0]!]
        const part = [...forEachMapping(mode, machine.memory, tables.root, from, to)]
        expect(part).toEqual(
          all.map((mapping) => cut(mapping, from, to)).filter(({ length }) => length > 0n),
        )
      }
    })
  },
)

/** What is left of a mapping between two addresses, rounded to whole pages. */
function cut(mapping: Mapping, from: bigint, to: bigint): Mapping {
  const { virtual, length, physical } = mapping
  const first = from & ~0xfffn
  const last = (to + 0xfffn) & ~0xfffn
  const begin = first > virtual ? first : virtual
  const end = last < virtual + length ? last : virtual + length
  return { ...mapping, virtual: begin, length: end - begin, physical: physical + begin - virtual }
}

/** The lines of QEMU's `info mem`; it gives the last address of the lower half with its sign extended. */
function parseRanges(text: string): { begin: bigint; end: bigint; rights: string }[] {
  return Array.from(
    text.matchAll(/^([0-9a-f]+)-[0-9a-f]+ ([0-9a-f]+) (\S+)\r?$/gm),
    ([, from, size, rights]) => {
      const begin = BigInt(`0x${from}`)
      return { begin, end: begin + BigInt(`0x${size}`), rights: rights! }
    },
  )
}
