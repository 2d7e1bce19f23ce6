import { Assembler } from '../../bpf/assembler.js'
import { HELPERS } from '../../bpf/helpers.js'
import { Program } from '../../bpf/program.js'
import { R0, R1, R2, R3, R4, R5, R6, R10 } from '../../bpf/registers.js'
import type { Btf } from '../../btf/btf.js'

/** MAX_BPRINTF_VARARGS: what one call prints at most. */
const BATCH = 12
const BATCHES = 20

/** Addresses that are named by one iteration. */
export const MOST_NAMES = BATCH * BATCHES

const FORMAT = '%pB\n'

/**
 * Loads a program for a BPF task iterator that prints the addresses in a map as the kernel prints return
 * addresses: a line of `function+0xoffset/0xsize [module]` for each. It takes the kernel far less time
 * than to print all its symbols.
 */
export function loadNameProgram(btf: Btf, mapFd: number): Program {
  const format = new Uint8Array(Math.ceil((BATCH * FORMAT.length + 1) / 8) * 8)
  new TextEncoder().encodeInto(FORMAT.repeat(BATCH), format)
  const words = new BigUint64Array(format.buffer)
  const a = new Assembler()
  a.mov(R6, R1)
  a.load('u64', R1, R6, 8)
  a.jeq(R1, 0, 'done')
  words.forEach((word, i) => {
    a.ldImm64(R1, word)
    a.store('u64', R10, i * 8 - format.length, R1)
  })
  for (let batch = 0; batch < BATCHES; batch++) {
    a.load('u64', R1, R6, 0)
    a.load('u64', R1, R1, 0)
    a.mov(R2, R10)
    a.add(R2, -format.length)
    a.mov(R3, BATCH * FORMAT.length + 1)
    a.ldMapValue(R4, mapFd, batch * BATCH * 8)
    a.mov(R5, BATCH * 8)
    a.call(HELPERS.seq_printf)
  }
  a.label('done')
  a.mov(R0, 0)
  a.exit()
  return Program.load({
    type: 'tracing',
    name: 'ksight_names',
    code: a,
    expectedAttachType: 'trace_iter',
    attachBtfId: btf.get('bpf_iter_task', 'func').id,
  })
}
