import { arm64 } from '../../../src/memory/paging/arm64.js'
import type { PagingMode } from '../../../src/memory/paging/mode.js'
import { rootOfRegister } from '../../../src/memory/paging/root.js'
import { loadRegisters, type SystemRegister } from './arm64_code.js'
import { BareMachine } from './bare_machine.js'
import type { Random } from './random.js'
import { RandomTables, type TableLevel } from './random_tables.js'

const RAM = 0x4000_0000
/** Its number for GDB. */
const PC = 32

export interface Case {
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
export const CASES: Case[] = [
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

export const title = ({ pageShift, addressBits, physical52 }: Case) => {
  return `${2 ** (pageShift - 10)} KiB, ${addressBits} bits, physical ${physical52 ? 52 : 48}`
}

/** A processor whose translation registers point to random tables, one for each half. */
export class Arm64Machine {
  private constructor(
    readonly bare: BareMachine,
    readonly mode: PagingMode,
    readonly root: { readonly user: bigint; readonly kernel: bigint },
    private readonly random: Random,
    private readonly tables: { readonly user: RandomTables; readonly kernel: RandomTables },
  ) {}

  /** With `el2` the processor is in EL2 without translation, otherwise in EL1. */
  static async start(of: Case, random: Random, el2 = false): Promise<Arm64Machine> {
    const bare = await BareMachine.start({
      qemu: 'qemu-system-aarch64',
      machine: el2 ? 'virt,virtualization=on' : 'virt',
      cpu: 'max',
      ramStart: RAM,
      ramSize: 128 * 2 ** 20,
    })
    const mode = arm64(of)
    const levels = of.shifts.map((shift, depth) => {
      return tableLevel(of, shift, depth === 0 ? of.entries : 2 ** (of.pageShift - 3))
    })
    const user = new RandomTables(bare.memory, random, levels, 8, 6)
    const kernel = new RandomTables(bare.memory, random, levels, 8, 6)
    // ASID and CnP, which are no address.
    const ttbr = (address: bigint) => address | (random.bits(8) << 48n) | random.bits(1)
    const registers = { user: ttbr(user.root), kernel: ttbr(kernel.root) }
    const values: [SystemRegister, bigint][] = [
      ['MAIR_EL1', 0xffn],
      ['TCR_EL1', tcr(of)],
      ['TTBR0_EL1', registers.user],
      ['TTBR1_EL1', registers.kernel],
      ['SCTLR_EL1', 0x30d0_0801n],
    ]
    // RW: EL1 is AArch64.
    if (el2) values.unshift(['HCR_EL2', 1n << 31n])
    await execute(bare, loadRegisters(values))
    const root = {
      user: rootOfRegister(mode, registers.user),
      kernel: rootOfRegister(mode, registers.kernel),
    }
    return new Arm64Machine(bare, mode, root, random, { user, kernel })
  }

  /** An address of either half, or any other. */
  address(): bigint {
    const { random, tables } = this
    if (random.chance(5)) return random.bits(64)
    if (random.chance(50)) return tables.user.address()
    const { signBit } = this.mode.canonical
    return BigInt.asUintN(64, tables.kernel.address() - (1n << BigInt(signBit)))
  }
}

/**
 * Runs code, an instruction at a time. QEMU does not notice that code changes under it: a place is
 * for one piece of code.
 */
export async function execute(bare: BareMachine, code: Uint8Array, place = 0): Promise<void> {
  const at = RAM + place * 4096
  bare.memory.write(at, code)
  await bare.gdb.setRegister(PC, BigInt(at), 8)
  for (let i = 0; i < code.length / 4; i++) await bare.gdb.request('s')
}
