import { writeSync } from 'node:fs'
import { SysError } from '../linux/errno.js'

/** Whoever read our standard output reads no more of it. */
export class OutputClosed extends Error {}

const STDOUT = 1
const STDERR = 2

/**
 * Writes all of it to standard output before it returns, however slow the reader is, so that
 * nothing is lost when the process ends. Throws {@link OutputClosed}.
 */
export function writeOut(output: string | Uint8Array): void {
  writeAll(STDOUT, output)
}

export function writeErr(text: string): void {
  try {
    writeAll(STDERR, text)
  } catch (error) {
    // There is nobody left to tell.
    if (!(error instanceof OutputClosed)) throw error
  }
}

function writeAll(fd: number, output: string | Uint8Array): void {
  const bytes = typeof output === 'string' ? Buffer.from(output) : output
  for (let done = 0; done < bytes.length; ) done += writeSome(fd, bytes.subarray(done))
}

function writeSome(fd: number, bytes: Uint8Array): number {
  try {
    return writeSync(fd, bytes)
  } catch (error) {
    const { code, errno = 0 } = error as NodeJS.ErrnoException
    if (code === 'EPIPE') throw new OutputClosed()
    if (code !== 'EAGAIN') throw new SysError('cannot write standard output', -errno)
    // Somebody who shares the pipe made it non-blocking.
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, WAIT_MS)
    return 0
  }
}

const WAIT_MS = 2
