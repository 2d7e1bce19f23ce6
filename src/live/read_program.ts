import { Assembler } from '../bpf/assembler.js'
import { HELPERS } from '../bpf/helpers.js'
import { Program } from '../bpf/program.js'
import { R0, R1, R2, R3, R4, R6, R7 } from '../bpf/registers.js'

/**
 * The map that ksight and the program share:
 *
 *     u64 count                      how many requests are to be served
 *     struct { u64 address;          where to read
 *              u32 length, offset;   how much, and where in the window to put it
 *              s64 result; }         0, or the negative error of the helper
 *       requests[MAX_REQUESTS]
 *     u8 window[2 * WINDOW]          what was read
 *
 * The verifier looks at the largest offset and the largest length by themselves, so it wants the
 * window twice as large as what is ever used.
 */
export const MAX_REQUESTS = 4096
export const WINDOW = 1 << 20

export const REQUESTS_AT = 8
export const REQUEST_SIZE = 24
export const WINDOW_AT = REQUESTS_AT + MAX_REQUESTS * REQUEST_SIZE
export const SHARED_SIZE = WINDOW_AT + 2 * WINDOW

const STOP_LOOP = 1

/** Loads the program that serves all requests of one call. `bpf_loop` came with Linux 5.17. */
export function loadReadProgram(mapFd: number): Program {
  const a = new Assembler()
  a.ldMapValue(R1, mapFd, 0)
  a.load('u64', R1, R1, 0)
  a.ldFunc(R2, 'serve')
  a.mov(R3, 0)
  a.mov(R4, 0)
  a.call(HELPERS.loop)
  a.mov(R0, 0)
  a.exit()

  // long serve(u64 index, void *unused)
  a.label('serve')
  a.jge(R1, MAX_REQUESTS, 'stop')
  a.mul(R1, REQUEST_SIZE)
  a.ldMapValue(R6, mapFd, REQUESTS_AT)
  a.add(R6, R1)
  a.load('u64', R3, R6, 0)
  a.load('u32', R2, R6, 8)
  a.load('u32', R7, R6, 12)
  a.jgt(R2, WINDOW, 'stop')
  a.jgt(R7, WINDOW, 'stop')
  a.ldMapValue(R1, mapFd, WINDOW_AT)
  a.add(R1, R7)
  a.call(HELPERS.probe_read_kernel)
  a.store('u64', R6, 16, R0)
  a.mov(R0, 0)
  a.exit()
  a.label('stop')
  a.mov(R0, STOP_LOOP)
  a.exit()

  return Program.load({ type: 'syscall', name: 'ksight_read', code: a })
}
