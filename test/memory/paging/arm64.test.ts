import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { arm64 } from '../../../src/memory/paging/arm64.js'
import { forEachMapping } from '../../../src/memory/paging/mappings.js'
import { rootOfRegister } from '../../../src/memory/paging/root.js'
import { Translator } from '../../../src/memory/paging/translator.js'
import { walk } from '../../../src/memory/paging/walk.js'
import { hasTools } from '../../support/tools.js'
import { loadRegisters } from './arm64_code.js'
import { BareMachine } from './bare_machine.js'
import { Random } from './random.js'
import { RandomTables, type TableLevel } from './random_tables.js'

const seed = Number(process.env.KSIGHT_SEED ?? Date.now() % 2 ** 31)

const RAM = 0x4000_0000
const PC = 32

interface Case {
  readonly pageShift: 12 | 14 | 16
  readonly addressBits: number
  readonly physical52: boolean
  /** Shifts of the levels, from the top, and the number of the topmost one's entries. */
  readonly shifts: readonly number[]
  readonly entries: number
  /** Shifts at which there are blocks. */
  readonly blocks: readonly number[]
  readonly names: string
}

/** What Linux can be configured for, with the levels as its documentation draws them. */
const CASES: Case[] = [
  ...[
    { addressBits: 39, shifts: [30, 21, 12], entries: 512, names: 'PGD PMD PTE' },
    { addressBits: 48, shifts: [39, 30, 21, 12], entries: 512, names: 'PGD PUD PMD PTE' },
  ].map((of) => ({ ...of, pageShift: 12, physical52: false, blocks: [30, 21] }) as const),
  {
    pageShift: 12,
    addressBits: 52,
    physical52: true,
    shifts: [48, 39, 30, 21, 12],
    entries: 16,
    blocks: [39, 30, 21],
    names: 'PGD P4D PUD PMD PTE',
  },
  ...[
    { addressBits: 36, shifts: [25, 14], entries: 2048, names: 'PGD PTE' },
    { addressBits: 47, shifts: [36, 25, 14], entries: 2048, names: 'PGD PMD PTE' },
    { addressBits: 48, shifts: [47, 36, 25, 14], entries: 2, names: 'PGD PUD PMD PTE' },
  ].map((of) => ({ ...of, pageShift: 14, physical52: false, blocks: [25] }) as const),
  {
    pageShift: 14,
    addressBits: 52,
    physical52: true,
    shifts: [47, 36, 25, 14],
    entries: 32,
    blocks: [36, 25],
    names: 'PGD PUD PMD PTE',
  },
  ...[
    { addressBits: 42, shifts: [29, 16], entries: 8192, physical52: false, names: 'PGD PTE' },
    { addressBits: 48, shifts: [42, 29, 16], entries: 64, physical52: false, names: 'PGD PMD PTE' },
    { addressBits: 48, shifts: [42, 29, 16], entries: 64, physical52: true, names: 'PGD PMD PTE' },
    {
      addressBits: 52,
      shifts: [42, 29, 16],
      entries: 1024,
      physical52: true,
      names: 'PGD PMD PTE',
    },
  ].map((of) => ({ ...of, pageShift: 16, blocks: of.physical52 ? [42, 29] : [29] }) as const),
]

/** Physical addresses of more than 48 bits have their upper bits elsewhere. */
function inDescriptor(address: bigint, { physical52, pageShift }: Case): bigint {
  if (!physical52) return address
  if (pageShift === 16) return (address & ~(0xfn << 48n)) | ((address >> 48n) << 12n)
  return (address & ~(0x3n << 50n)) | ((address >> 50n) << 8n)
}

const AF = 1n << 10n
/** AP, nG, DBM, contiguous, PXN, UXN and what is left to software. */
const ANY_OF_PAGE = (3n << 6n) | (1n << 11n) | (0x1fn << 51n)
/** PXNTable, UXNTable, APTable. */
const ANY_OF_TABLE = 0xfn << 59n

function tableLevel(of: Case, shift: number, entries: number): TableLevel {
  const { pageShift, blocks } = of
  const last = shift === pageShift
  const page = (random: Random) => {
    const address = (random.bits(of.physical52 ? 52 : 48) >> BigInt(shift)) << BigInt(shift)
    // In the descriptors of LPA2 bits 9:8 are address, otherwise shareability.
    const accessed = random.chance(85) ? AF : 0n
    const other = random.bits(64) & ANY_OF_PAGE
    return (last ? 3n : 1n) | inDescriptor(address, of) | accessed | other
  }
  const table = (random: Random, address: bigint) => {
    return (
      3n | inDescriptor(address, of) | (random.chance(30) ? random.bits(64) & ANY_OF_TABLE : 0n)
    )
  }
  return {
    shift,
    entries,
    align: pageShift,
    absent: (random) => (random.bits(64) & ~1n) | (last && random.chance(50) ? 1n : 0n),
    ...(!last && { table }),
    ...((last || blocks.includes(shift)) && { page }),
  }
}

/** TCR_EL1: sizes, granules, 48 or 52 bits of physical address, DS for LPA2. */
function tcr({ addressBits, pageShift, physical52 }: Case): bigint {
  const size = BigInt(64 - addressBits)
  const tg0 = { 12: 0n, 14: 2n, 16: 1n }[pageShift]
  const tg1 = { 12: 2n, 14: 1n, 16: 3n }[pageShift]
  const ips = physical52 ? 6n : 5n
  const ds = physical52 && pageShift !== 16 ? 1n << 59n : 0n
  return size | (tg0 << 14n) | (size << 16n) | (tg1 << 30n) | (ips << 32n) | ds
}

const title = ({ pageShift, addressBits, physical52 }: Case) => {
  return `${2 ** (pageShift - 10)} KiB, ${addressBits} bits, physical ${physical52 ? 52 : 48}`
}

const canRun = hasTools('qemu-system-aarch64', 'setpriv')
const titled = CASES.map((of) => ({ ...of, title: title(of) }))

describe.skipIf(!canRun).each(titled)(`arm64, $title (qemu-system-aarch64; seed ${seed})`, (of) => {
  const mode = arm64(of)
  const random = new Random(seed)
  let machine: BareMachine
  let user: RandomTables
  let kernel: RandomTables
  let root: { user: bigint; kernel: bigint }

  beforeAll(async () => {
    machine = await BareMachine.start({
      qemu: 'qemu-system-aarch64',
      machine: 'virt',
      cpu: 'max',
      ramStart: RAM,
      ramSize: 128 * 2 ** 20,
    })
    const levels = of.shifts.map((shift, depth) => {
      return tableLevel(of, shift, depth === 0 ? of.entries : 2 ** (of.pageShift - 3))
    })
    user = new RandomTables(machine.memory, random, levels, 8, 6)
    kernel = new RandomTables(machine.memory, random, levels, 8, 6)
    // ASID and CnP, which are no address.
    const ttbr = (address: bigint) => address | (random.bits(8) << 48n) | random.bits(1)
    const registers = { user: ttbr(user.root), kernel: ttbr(kernel.root) }
    root = {
      user: rootOfRegister(mode, registers.user),
      kernel: rootOfRegister(mode, registers.kernel),
    }
    const code = loadRegisters([
      ['MAIR_EL1', 0xffn],
      ['TCR_EL1', tcr(of)],
      ['TTBR0_EL1', registers.user],
      ['TTBR1_EL1', registers.kernel],
      ['SCTLR_EL1', 0x30d0_0801n],
    ])
    machine.memory.write(RAM, code)
    await machine.gdb.setRegister(PC, BigInt(RAM), 8)
    for (let i = 0; i < code.length / 4; i++) await machine.gdb.request('s')
  })
  afterAll(() => machine?.[Symbol.asyncDispose]())

  function address(): bigint {
    if (random.chance(5)) return random.bits(64)
    if (random.chance(50)) return user.address()
    return BigInt.asUintN(64, kernel.address() - (1n << BigInt(of.addressBits)))
  }

  test('levels have the names that Linux gives them', () => {
    expect(mode.levels.map(({ name }) => name).join(' ')).toBe(of.names)
  })

  test('addresses are translated as QEMU does', async () => {
    const translator = new Translator(mode, machine.memory, root)
    const ends = new Map<string, number>()
    for (let i = 0; i < 2000; i++) {
      const at = address()
      const { end } = walk(mode, machine.memory, root, at)
      ends.set(end.kind, (ends.get(end.kind) ?? 0) + 1)
      const found = end.kind === 'page' ? end.physical : undefined
      expect(translator.translate(at)).toBe(found)
      // A processor faults at a page without AF, for Linux to set it; QEMU's walk for debuggers goes on.
      const theirs = await machine.translate(at)
      expect({ at, found }).toEqual({ at, found: theirs })
    }
    expect(ends.get('page')).toBeGreaterThan(100)
    expect(ends.get('not present')).toBeGreaterThan(50)
  })

  test('every mapping is what the walk finds at its ends', () => {
    let count = 0
    for (const mapping of forEachMapping(mode, machine.memory, root)) {
      const { virtual, length, pageSize, writable, user, executable } = mapping
      for (const offset of [0n, length - 1n]) {
        const { end } = walk(mode, machine.memory, root, virtual + offset)
        const rights = { writable, user, executable }
        const physical = mapping.physical + offset
        expect(end).toEqual({ kind: 'page', physical, pageSize, rights, accessible: true })
      }
      if (++count === 2000) break
    }
    expect(count).toBeGreaterThan(20)
  })
})
