import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { forEachMapping } from '../../../src/memory/paging/mappings.js'
import { Translator } from '../../../src/memory/paging/translator.js'
import { walk } from '../../../src/memory/paging/walk.js'
import { hasTools } from '../../support/tools.js'
import { ACCESSES, type Access, askFor } from './arm64_code.js'
import { Arm64Machine, CASES, execute, title } from './arm64_machine.js'
import type { FileMemory } from './bare_machine.js'
import { Random } from './random.js'

const seed = Number(process.env.KSIGHT_SEED ?? Date.now() % 2 ** 31)

const canRun = hasTools('qemu-system-aarch64', 'setpriv')
const titled = CASES.map((of) => ({ ...of, title: title(of) }))

describe.skipIf(!canRun).each(titled)(`arm64, $title (qemu-system-aarch64; seed ${seed})`, (of) => {
  const random = new Random(seed)
  let machine: Arm64Machine
  let memory: FileMemory
  beforeAll(async () => {
    machine = await Arm64Machine.start(of, random)
    memory = machine.bare.memory
  })
  afterAll(() => machine?.bare[Symbol.asyncDispose]())

  test('levels have the names that Linux gives them', () => {
    expect(machine.mode.levels.map(({ name }) => name).join(' ')).toBe(of.names)
  })

  test('addresses are translated as QEMU does', async () => {
    const { mode, root, bare } = machine
    const translator = new Translator(mode, memory, root)
    const ends = new Map<string, number>()
    for (let i = 0; i < 2000; i++) {
      const at = machine.address()
      const { end } = walk(mode, memory, root, at)
      ends.set(end.kind, (ends.get(end.kind) ?? 0) + 1)
      const found = end.kind === 'page' ? end.physical : undefined
      expect(translator.translate(at)).toBe(found)
      // A processor faults at a page without AF, for Linux to set it; QEMU's walk for debuggers goes on.
      const theirs = await bare.translate(at)
      expect({ at, found }).toEqual({ at, found: theirs })
    }
    expect(ends.get('page')).toBeGreaterThan(100)
    expect(ends.get('not present')).toBeGreaterThan(50)
  })

  test('every mapping is what the walk finds at its ends', () => {
    const { mode, root } = machine
    let count = 0
    for (const mapping of forEachMapping(mode, memory, root)) {
      const { virtual, length, pageSize, writable, user, executable } = mapping
      for (const offset of [0n, length - 1n]) {
        const { end } = walk(mode, memory, root, virtual + offset)
        const rights = { writable, user, executable }
        const physical = mapping.physical + offset
        expect(end).toEqual({ kind: 'page', physical, pageSize, rights, accessible: true })
      }
      if (++count === 2000) break
    }
    expect(count).toBeGreaterThan(20)
  })
})

describe.skipIf(!canRun).each(titled)(
  `rights on arm64, $title (qemu-system-aarch64; seed ${seed})`,
  (of) => {
    const random = new Random(seed)
    let machine: Arm64Machine
    beforeAll(async () => {
      machine = await Arm64Machine.start(of, random, true)
    })
    afterAll(() => machine?.bare[Symbol.asyncDispose]())

    /** Asks the processor to translate for an access: the page that it gives, if it allows that. */
    async function ask(access: Access, at: bigint): Promise<bigint | undefined> {
      const { bare } = machine
      await bare.gdb.setRegister(0, at, 8)
      await execute(bare, askFor(access), 1 + ACCESSES.indexOf(access))
      const par = await bare.gdb.register(1)
      // PAR_EL1.F; bits 51:12 are the address.
      return (par & 1n) === 1n ? undefined : par & (2n ** 52n - 4096n)
    }

    test('accesses are allowed as the processor does', async () => {
      const { mode, root, bare } = machine
      const allowed = new Map<Access, number>()
      for (let i = 0; i < 400; i++) {
        const at = machine.address()
        const { end, steps } = walk(mode, bare.memory, root, at)
        // The instruction itself aborts then, and says nothing.
        if (end.kind === 'unreadable table') continue
        const flags = steps.at(-1)?.flags
        const bits = flags?.bits ?? []
        // Only hardware that manages the dirty state makes use of it.
        if (bits.includes('DBM')) continue
        const page = end.kind === 'page' && flags?.accessed ? end.physical & ~0xfffn : undefined
        const { writable, user } =
          end.kind === 'page' ? end.rights : { writable: false, user: false }
        // User mode may also be let to execute only.
        const userReads = user && bits.includes('AP[1]')
        const expected = {
          S1E1R: page,
          S1E1W: writable ? page : undefined,
          S1E0R: userReads ? page : undefined,
          S1E0W: userReads && writable ? page : undefined,
        }
        for (const access of ACCESSES) {
          const found = await ask(access, at)
          if (found !== undefined) allowed.set(access, (allowed.get(access) ?? 0) + 1)
          expect({ at, access, found }).toEqual({ at, access, found: expected[access] })
        }
      }
      expect(allowed.get('S1E1R')).toBeGreaterThan(5)
      expect(allowed.get('S1E0R')).toBeGreaterThan(0)
    })
  },
)
