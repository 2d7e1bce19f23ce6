import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, mkdtempSync, openSync, readSync, rmSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Duplex } from 'node:stream'
import { Qmp } from '../../../lab/qmp.mjs'
import { FaultError } from '../../../src/errors.js'
import { type Memory, type Range, readOrFault } from '../../../src/memory/memory.js'
import { Gdb } from './gdb.js'

const QMP_FD = 3
const GDB_FD = 4

/** What is to be started; the RAM's object is called `ram`. */
export interface BareMachineOptions {
  readonly qemu: 'qemu-system-x86_64' | 'qemu-system-aarch64'
  readonly machine: string
  readonly cpu: string
  /** Where RAM begins, and its size in bytes. */
  readonly ramStart: number
  readonly ramSize: number
}

/** QEMU with a processor that stands still, and RAM that the test fills. */
export class BareMachine {
  readonly gdb: Gdb
  readonly memory: FileMemory
  private readonly qmp: Qmp

  private constructor(
    private readonly qemu: ChildProcess,
    private readonly folder: string,
    private readonly fd: number,
    { ramStart, ramSize }: BareMachineOptions,
  ) {
    this.qmp = new Qmp(qemu.stdio[QMP_FD] as Duplex)
    this.gdb = new Gdb(qemu.stdio[GDB_FD] as Duplex)
    this.memory = new FileMemory(fd, ramStart, ramSize)
  }

  static async start(options: BareMachineOptions): Promise<BareMachine> {
    const folder = mkdtempSync(join(tmpdir(), 'ksight-paging-'))
    const ram = join(folder, 'ram')
    const fd = openSync(ram, 'w+')
    const { qemu, machine, cpu, ramSize } = options
    const args = [
      ...['-nodefaults', '-no-user-config', '-display', 'none', '-S', '-accel', 'tcg'],
      ...['-object', `memory-backend-file,id=ram,size=${ramSize},mem-path=${ram},share=on`],
      ...['-machine', `${machine},memory-backend=ram`, '-m', `${ramSize / 2 ** 20}`, '-cpu', cpu],
      ...['-chardev', `socket,id=qmp,fd=${QMP_FD}`, '-qmp', 'chardev:qmp'],
      ...['-chardev', `socket,id=gdb,fd=${GDB_FD}`, '-gdb', 'chardev:gdb'],
    ]
    const child = spawn('setpriv', ['--pdeathsig', 'KILL', qemu, ...args], {
      stdio: ['ignore', 'ignore', 'inherit', 'pipe', 'pipe'],
    })
    const bare = new BareMachine(child, folder, fd, options)
    await bare.qmp.execute('qmp_capabilities')
    await bare.gdb.begin()
    return bare
  }

  /** Runs a command of the monitor for people. */
  monitor(line: string): Promise<string> {
    return this.qmp.execute('human-monitor-command', { 'command-line': line })
  }

  /** What QEMU's own page walk makes of an address. */
  async translate(address: bigint): Promise<bigint | undefined> {
    const answer = (await this.monitor(`gva2gpa 0x${address.toString(16)}`)).trim()
    if (answer === 'Unmapped') return undefined
    const [, digits] = /^gpa: (0x[0-9a-f]+)$/.exec(answer) ?? []
    if (digits === undefined) throw new Error(`QEMU answers ${answer}`)
    return BigInt(digits)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = this.qemu.exitCode === null ? once(this.qemu, 'close') : undefined
    this.qemu.kill('SIGKILL')
    await closed
    closeSync(this.fd)
    rmSync(this.folder, { recursive: true })
  }
}

/** Physical memory in a file. */
export class FileMemory implements Memory {
  constructor(
    private readonly fd: number,
    readonly start: number,
    readonly size: number,
  ) {}

  read(address: bigint, into: Uint8Array): void {
    const offset = address - BigInt(this.start)
    const end = offset + BigInt(into.length)
    if (offset < 0n || end > BigInt(this.size)) throw new FaultError(address, 'there is no RAM')
    readSync(this.fd, into, 0, into.length, Number(offset))
  }

  gather(ranges: readonly Range[]): (Uint8Array | FaultError)[] {
    return ranges.map((range) => readOrFault(this, range))
  }

  write(address: number, bytes: Uint8Array): void {
    writeSync(this.fd, bytes, 0, bytes.length, address - this.start)
  }
}
