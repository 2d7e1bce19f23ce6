import { spawnSync } from 'node:child_process'
import type { UnwindMachine } from '../../src/unwind/machine.js'
import { Registers } from '../../src/unwind/registers.js'

/** A frame as gdb unwinds it. */
export interface GdbFrame {
  readonly pc: string
  readonly signal: boolean
  /** The name and the offset of the function, if gdb finds one. */
  readonly symbol: readonly [name: string, offset: number] | null
  readonly saved: Readonly<Record<string, string | null>>
}

export interface GdbStack {
  readonly tid?: number
  readonly registers: Readonly<Record<string, string>>
  readonly frames: readonly GdbFrame[]
  /** Where `stack`, the hexadecimal digits of the bytes there, starts. */
  readonly start?: string
  readonly stack?: string
  /** /proc/PID/maps. */
  readonly maps?: string
}

const SCRIPT = new URL('gdb_frames.py', import.meta.url).pathname

/** What the functions of gdb_frames.py print. */
export function gdb(args: readonly string[], ...commands: readonly string[]): GdbStack[] {
  const more = commands.flatMap((command) => ['-ex', command])
  const { stdout, stderr } = spawnSync('gdb', ['-nx', '-batch', ...args, '-x', SCRIPT, ...more], {
    encoding: 'utf8',
    maxBuffer: 2 ** 30,
    timeout: 300_000,
    killSignal: 'SIGKILL',
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  // Other messages may stand before, on the same line.
  const lines = stdout.split('\n').flatMap((line) => line.split('FRAMES ')[1] ?? [])
  if (lines.length === 0) throw new Error(`gdb printed no frames: ${stderr}`)
  return lines.map((line) => JSON.parse(line))
}

/** The stacks of all threads of a process, which is stopped meanwhile. */
export function gdbStacks(pid: number): GdbStack[] {
  return gdb(['-p', String(pid)], 'python every_thread()')
}

/** Registers as gdb names them: with an r where the kernel has none. */
export function registersOf(machine: UnwindMachine, { registers }: GdbStack): Registers {
  return Registers.of(
    machine,
    Object.entries(registers).map(([name, value]) => [kernelName(name), BigInt(value)]),
  )
}

function kernelName(name: string): string {
  return /^r[a-z]/.test(name) ? name.slice(1) : name
}
