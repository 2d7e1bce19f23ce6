import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { readElf } from '../../../src/elf/elf.js'
import { KsightError } from '../../../src/errors.js'
import { CodeFiles } from '../../../src/live/stacks/code_files.js'
import { loadBias } from '../../../src/unwind/module.js'
import { compileProgram, temporaryFolder } from '../../support/compile.js'
import { hasTools } from '../../support/tools.js'

const ROUNDS = 1500

/** Numbers that are the same in each run (mulberry32). */
function randomNumbers(seed: number): (limit: number) => number {
  let state = seed
  return (limit) => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * limit)
  }
}

test.skipIf(!hasTools('gcc'))(
  'a program that is damaged anywhere is used as far as it can be, or a reason is given (needs gcc)',
  () => {
    const whole = new Uint8Array(readFileSync(compileProgram('stacks', '-pthread')))
    const symbols = [...readElf(whole, 'stacks').symbols()]
    const code = symbols.find(({ name }) => name === 'recurse')!.value
    const path = join(temporaryFolder(), 'damaged')
    const random = randomNumbers(20)
    let usable = 0
    for (let round = 0; round < ROUNDS; round++) {
      writeFileSync(path, damaged(whole, random))
      const where = { mapFile: path, root: '', path: '/no/such/file', inode: 0n }
      const file = new CodeFiles().open(where)
      if (file instanceof KsightError) continue
      if (use(() => file.functionAt(code)) !== undefined) usable++
      use(() => file.callFrames.rowAt(code))
      use(() => loadBias(file.elf.segments, { start: 0x400000n, end: 0x402000n, offset: 0x1000n }))
    }
    expect(usable).toBeGreaterThan(ROUNDS / 4)
  },
)

/** Nothing but a reason may be thrown. */
function use<T>(call: () => T): T | undefined {
  try {
    return call()
  } catch (error) {
    if (error instanceof KsightError) return undefined
    throw error
  }
}

/** Cut, or changed in a few places: mostly in the headers, where it matters most. */
function damaged(whole: Uint8Array, random: (limit: number) => number): Uint8Array {
  if (random(4) === 0) return whole.slice(0, random(whole.length))
  const bytes = whole.slice()
  for (let changes = random(8) + 1; changes > 0; changes--) {
    const [start, length] = [
      [0, bytes.length],
      [16, 800],
      [bytes.length - 3000, 3000],
    ][random(3)] as [number, number]
    bytes[start + random(length)] = random(256)
  }
  return bytes
}
