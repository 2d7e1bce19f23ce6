import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { readElf } from '../../src/elf/elf.js'
import { callFramesOf } from '../../src/unwind/elf_call_frames.js'
import { machineOfElf } from '../../src/unwind/machine.js'
import { Registers } from '../../src/unwind/registers.js'
import { unwind } from '../../src/unwind/unwind.js'
import { BytesMemory } from '../support/bytes_memory.js'
import { hasTools } from '../support/tools.js'
import { link } from './link.js'

const SOURCE = `
	.text
	.globl start
start:	.cfi_startproc
	.cfi_undefined 30
	bl middle
	nop
	.cfi_endproc
middle:	.cfi_startproc
	hint 25
	.cfi_negate_ra_state
	stp x29, x30, [sp, -32]!
	.cfi_def_cfa_offset 32
	.cfi_offset 29, -32
	.cfi_offset 30, -24
	bl leaf
	nop
	.cfi_endproc
leaf:	.cfi_startproc
	nop
	ret
	.cfi_endproc
`

const PAC = 0x00a5_0000_0000_0000n
const STACK = 0x7ff0_0000n

describe.skipIf(!hasTools('aarch64-linux-gnu-as', 'aarch64-linux-gnu-ld'))(
  'stacks of arm64 (needs its binutils)',
  () => {
    test('a leaf returns to its link register; signatures are taken off saved ones', () => {
      const path = link(SOURCE, 'aarch64-linux-gnu-as', 'aarch64-linux-gnu-ld', '-march=armv8.3-a')
      const elf = readElf(readFileSync(path), path)
      const machine = machineOfElf(elf.header.machine)!
      const { start, end } = textOf(elf)
      const module = { name: path, bias: 0n, callFrames: callFramesOf(elf) }
      const [behindFirst, behindSecond, leaf] = [start + 4n, start + 20n, start + 24n]
      const stack = BigUint64Array.of(0x1234n, behindFirst | PAC, 0n, 0n, 0n, 0n)
      const registers = Registers.of(machine, [
        ['pc', leaf],
        ['sp', STACK],
        ['x29', 0n],
        ['x30', behindSecond],
      ])
      const memory = new BytesMemory(STACK, new Uint8Array(stack.buffer))
      const find = (pc: bigint) => (pc >= start && pc < end ? module : undefined)
      const frames = [...unwind(registers, memory, find)]
      expect(frames.map(({ pc }) => pc)).toEqual([leaf, behindSecond, behindFirst])
      expect(frames.map(({ cfa }) => cfa)).toEqual([STACK, STACK + 32n, STACK + 32n])
      expect(new Map(frames[2]!.registers.known()).get('x29')).toBe(0x1234n)
      expect(frames.every(({ certain }) => certain)).toBe(true)
    })
  },
)

function textOf(elf: ReturnType<typeof readElf>) {
  const { addr, size } = elf.section('.text')!
  return { start: addr, end: addr + size }
}
