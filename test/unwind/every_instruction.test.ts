import { describe, expect, test } from 'vitest'
import { BytesMemory } from '../support/bytes_memory.js'
import { compileProgram } from '../support/compile.js'
import { hasTools, isRoot } from '../support/tools.js'
import { gdb } from './gdb.js'
import { ProcModules } from './live_process.js'
import { differences, ourStack } from './same_frames.js'

const STEPS = 2500

describe.skipIf(!isRoot || !hasTools('gdb', 'gcc'))(
  'instruction by instruction (needs root, gdb and gcc)',
  () => {
    // Through the PLT and the lookup of symbols by the dynamic linker, prologues and epilogues.
    test('frames, functions and registers are those of gdb', { timeout: 300_000 }, () => {
      const flags = ['-fomit-frame-pointer', '-pthread', '-Wl,-z,lazy']
      const program = compileProgram('stacks', ...flags)
      const stacks = gdb(
        [program],
        'break main',
        'run alloca',
        `python steps(${STEPS}, 512, 16384)`,
      )
      expect(stacks.length).toBe(STEPS)
      const modules = new ProcModules(
        withoutVdso(stacks[0]!.maps!),
        new BytesMemory(0n, new Uint8Array()),
      )
      const places = new Set<string>()
      for (const stack of stacks) {
        const memory = new BytesMemory(BigInt(stack.start!), Buffer.from(stack.stack!, 'hex'))
        expect(differences(ourStack(stack, memory, modules), stack)).toEqual([])
        places.add(modules.find(BigInt(stack.registers.rip!))!.name)
      }
      expect([...places].some((name) => name.includes('/ld-linux'))).toBe(true)
      expect(places.has(program)).toBe(true)
    })
  },
)

const withoutVdso = (maps: string) => maps.replace(/^.*\[vdso\]\n/m, '')
