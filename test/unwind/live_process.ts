import { closeSync, existsSync, openSync, readFileSync, readSync } from 'node:fs'
import { type Elf, readElf } from '../../src/elf/elf.js'
import { FaultError } from '../../src/errors.js'
import { type Memory, type Range, readOrFault } from '../../src/memory/memory.js'
import type { CallFrames } from '../../src/unwind/cfi/call_frames.js'
import { buildIdDebugPath } from '../../src/unwind/debug_file.js'
import { callFramesOf } from '../../src/unwind/elf_call_frames.js'
import { ElfSymbols } from '../../src/unwind/elf_symbols.js'
import { buildIdOf, loadBias, type MappedModule } from '../../src/unwind/module.js'

/** The memory of a running process, by /proc/PID/mem. */
export class ProcMemory implements Memory, Disposable {
  private readonly fd: number

  constructor(pid: number) {
    this.fd = openSync(`/proc/${pid}/mem`, 'r')
  }

  read(address: bigint, into: Uint8Array): void {
    let count = 0
    try {
      if (address < 1n << 63n) count = readSync(this.fd, into, 0, into.length, address)
    } catch {
      // EIO: nothing is mapped at the first address.
    }
    if (count < into.length)
      throw new FaultError(address + BigInt(count), 'nothing is mapped there')
  }

  gather(ranges: readonly Range[]): (Uint8Array | FaultError)[] {
    return ranges.map((range) => readOrFault(this, range))
  }

  [Symbol.dispose](): void {
    closeSync(this.fd)
  }
}

/** A file's code, and the functions in it. */
interface File {
  readonly callFrames: CallFrames
  readonly symbols: ElfSymbols
  readonly elf: Elf
  /** Names of all symbols by address: a function may have several. */
  readonly names: ReadonlyMap<bigint, ReadonlySet<string>>
}

const files = new Map<string, File>()

function open(path: string, bytes: () => Uint8Array): File {
  let file = files.get(path)
  if (file === undefined) {
    const elf = readElf(bytes(), path)
    const all = [...debugFileOf(elf), elf]
    const names = new Map<bigint, Set<string>>()
    for (const { name, value } of all.flatMap((e) => [...e.symbols(), ...e.dynamicSymbols()])) {
      names.set(value, (names.get(value) ?? new Set()).add(name.replace(/@.*/, '')))
    }
    file = { callFrames: callFramesOf(elf), symbols: new ElfSymbols(all), elf, names }
    files.set(path, file)
  }
  return file
}

/** The separate debug file, if it is installed. */
function debugFileOf(elf: Elf): Elf[] {
  const path = buildIdDebugPath(buildIdOf(elf) ?? '')
  return path !== undefined && existsSync(path) ? [readElf(readFileSync(path), path)] : []
}

export interface ProcModule extends MappedModule {
  readonly start: bigint
  readonly end: bigint
  readonly file: File | undefined
}

/** The code that is mapped into a process, by /proc/PID/maps. */
export class ProcModules {
  private readonly modules: readonly ProcModule[]

  static of(pid: number, memory: Memory): ProcModules {
    return new ProcModules(readFileSync(`/proc/${pid}/maps`, 'utf8'), memory)
  }

  /** `maps` is what /proc/PID/maps says; `memory` has the vdso. */
  constructor(maps: string, memory: Memory) {
    this.modules = maps
      .trimEnd()
      .split('\n')
      .flatMap((line) => this.parse(line, memory))
  }

  readonly find = (pc: bigint): ProcModule | undefined => {
    return this.modules.find(({ start, end }) => pc >= start && pc < end)
  }

  private parse(line: string, memory: Memory): ProcModule[] {
    const match = /^([0-9a-f]+)-([0-9a-f]+) ..x. ([0-9a-f]+) \S+ \d+ *(.*)$/.exec(line)
    if (match === null) return []
    const [start, end, offset] = match.slice(1, 4).map((digits) => BigInt(`0x${digits}`))
    const mapping = { start: start!, end: end!, offset: offset! }
    const name = match[4]!
    const read = name === '[vdso]' ? () => bytesOf(memory, mapping) : () => readFileSync(name)
    if (name !== '[vdso]' && !name.startsWith('/')) {
      return [{ name, bias: 0n, callFrames: undefined, file: undefined, ...mapping }]
    }
    const file = open(name, read)
    const bias = loadBias(file.elf.segments, mapping)!
    return [{ name, bias, callFrames: file.callFrames, file, ...mapping }]
  }
}

function bytesOf(memory: Memory, { start, end }: { start: bigint; end: bigint }): Uint8Array {
  const bytes = new Uint8Array(Number(end - start))
  memory.read(start, bytes)
  return bytes
}
