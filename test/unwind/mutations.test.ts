import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { readElf } from '../../src/elf/elf.js'
import { FaultError, KsightError } from '../../src/errors.js'
import { evaluate } from '../../src/unwind/cfi/expression.js'
import { callFramesOf } from '../../src/unwind/elf_call_frames.js'
import { ElfSymbols } from '../../src/unwind/elf_symbols.js'
import { x86_64 } from '../../src/unwind/machines/x86_64.js'
import type { MappedModule } from '../../src/unwind/module.js'
import { PerfMap } from '../../src/unwind/perf_map.js'
import { Registers } from '../../src/unwind/registers.js'
import { unwind } from '../../src/unwind/unwind.js'
import { BytesMemory } from '../support/bytes_memory.js'
import { vdsoFile } from './system_files.js'

/** A small file with a signal trampoline, expressions and a table: the vdso. Its sections are changed. */
const original = new Uint8Array(readFileSync(vdsoFile()))
const sections = ['.eh_frame_hdr', '.eh_frame'].map((name) => {
  return readElf(original, 'vdso').section(name)!
})

const change = fc.tuple(
  fc.constantFrom(...sections).chain(({ offset, size }) => {
    return fc.nat(Number(size) - 1).map((at) => Number(offset) + at)
  }),
  fc.oneof(fc.nat(255), fc.constantFrom(0, 0x7f, 0x80, 0xff)),
)

describe('damaged call frame information', () => {
  test('with bytes changed, is read or refused', () => {
    fc.assert(
      fc.property(fc.array(change, { minLength: 1, maxLength: 6 }), (changes) => {
        const bytes = Uint8Array.from(original)
        for (const [at, value] of changes) bytes[at] = value
        within(2000, () => useAll(bytes))
      }),
      { numRuns: 5000 },
    )
  })

  test('with any byte of the tables changed, is read or refused', () => {
    const bytes = Uint8Array.from(original)
    for (const { offset, size } of sections) {
      for (let at = Number(offset); at < Number(offset + size); at++) {
        for (const value of [0, 1, 0x7f, 0x80, 0xff, original[at]! ^ 0x40]) {
          bytes[at] = value
          within(2000, () => useAll(bytes))
        }
        bytes[at] = original[at]!
      }
    }
  })

  test('cut anywhere, is read or refused', () => {
    for (let length = 0; length < original.length; length += 7) {
      within(2000, () => useAll(original.subarray(0, length)))
    }
  })
})

describe('DWARF expressions', () => {
  const memory = new BytesMemory(0x1000n, new Uint8Array(4096))
  const context = {
    ...({ addressSize: 8, littleEndian: true, cfa: 0x1800n, bias: 0n } as const),
    register: (number: number) => BigInt(number),
    load: (address: bigint, size: number) => {
      memory.read(address, new Uint8Array(size))
      return address
    },
  }

  test('of any bytes, give a value or are refused', () => {
    const operation = fc.oneof(fc.nat(255), fc.integer({ min: 0x12, max: 0x4f }))
    fc.assert(
      fc.property(fc.array(operation, { maxLength: 40 }), (bytes) => {
        within(2000, () => {
          const value = orRefused(() => evaluate(Uint8Array.from(bytes), context, [1n, 2n, 3n]))
          if (value !== undefined) expect(BigInt.asUintN(64, value)).toBe(value)
        })
      }),
      { numRuns: 20_000 },
    )
  })

  test('that never end, are refused', () => {
    const forever = Uint8Array.of(0x2f, 0xfd, 0xff) // DW_OP_skip to itself
    expect(() => evaluate(forever, context)).toThrow('not done after')
    const growing = Uint8Array.of(0x31, 0x24, 0x12, 0x2f, 0xfb, 0xff)
    expect(() => evaluate(growing, context, [1n])).toThrow(KsightError)
  })
})

describe('damaged stacks', () => {
  const code = 0x7000_0000n
  const start = 0x7fff_0000n
  const vdso = readElf(original, 'vdso')
  const described = { name: 'vdso', bias: code, callFrames: callFramesOf(vdso) }
  const unknown: MappedModule = { name: 'JIT', bias: 0n, callFrames: undefined }
  const jit = 0x6000_0000n

  /** Words that look like what is on a stack: code, places in the stack, small numbers. */
  const word = fc.oneof(
    fc.nat(original.length).map((offset) => code + BigInt(offset)),
    fc.nat(4095).map((offset) => jit + BigInt(offset)),
    fc.nat(600).map((offset) => start + BigInt(offset * 8)),
    fc.bigInt(0n, 2n ** 64n - 1n),
    fc.nat(16).map(BigInt),
  )

  test('of any words, end with a reason, within bounds', () => {
    const registers = fc.record({ ip: word, sp: word, bp: word })
    fc.assert(
      fc.property(fc.array(word, { minLength: 64, maxLength: 512 }), registers, (words, first) => {
        const memory = new Space([
          new BytesMemory(start, new Uint8Array(BigUint64Array.from(words).buffer)),
          new BytesMemory(jit, new Uint8Array(4096).fill(0xe8)),
          new BytesMemory(code, original),
        ])
        const find = (pc: bigint) => {
          if (pc >= jit && pc < jit + 4096n) return unknown
          return pc >= code && pc < code + BigInt(original.length) ? described : undefined
        }
        within(2000, () => {
          const walk = unwind(Registers.of(x86_64, Object.entries(first)), memory, find)
          let count = 0
          let step = walk.next()
          for (; !step.done; step = walk.next()) count++
          expect(['outermost', 'lost', 'cycle']).toContain(step.value.reason)
          expect(count).toBeLessThanOrEqual(words.length * 8 + 2)
        })
      }),
      { numRuns: 5000 },
    )
  })
})

describe('maps of JIT compilers', () => {
  test('of any text, are read', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom(...'0fF x\n\tz8'), maxLength: 200 }),
        (text) => {
          new PerfMap(text).at(0xfn)
        },
      ),
    )
  })
})

/** Some memories, and nothing between them. */
class Space {
  constructor(private readonly parts: readonly BytesMemory[]) {}

  read(address: bigint, into: Uint8Array): void {
    const part = this.parts.find(({ start, bytes }) => {
      return address >= start && address < start + BigInt(bytes.length)
    })
    if (part === undefined) throw new FaultError(address, 'nothing is there')
    part.read(address, into)
  }
}

/** Reads all that a file has, and looks up addresses in it; only ksight's own errors are allowed. */
function useAll(bytes: Uint8Array): void {
  const elf = orRefused(() => readElf(bytes, 'mutation'))
  if (elf === undefined) return
  const frames = callFramesOf(elf)
  orRefused(() => {
    for (const { rows } of frames.entries()) for (const _ of rows);
  })
  for (let address = 0n; address < original.length; address += 97n) {
    orRefused(() => frames.rowAt(address))
  }
  orRefused(() => new ElfSymbols([elf]).at(0x700n))
}

function orRefused<T>(use: () => T): T | undefined {
  try {
    return use()
  } catch (error) {
    if (!(error instanceof KsightError)) throw error
    return undefined
  }
}

/** Whatever a file says, no answer takes long. */
function within(milliseconds: number, use: () => void): void {
  const start = performance.now()
  use()
  expect(performance.now() - start).toBeLessThan(milliseconds)
}
