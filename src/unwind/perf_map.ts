import { RangeIndex } from '../bytes/range_index.js'
import type { FunctionSymbol } from './elf_symbols.js'

/** The path that JIT compilers write the map of a process to: its pid is that of its own pid namespace. */
export function perfMapPath(pid: number): string {
  return `/tmp/perf-${pid}.map`
}

const LINE = /^(?:0x)?([0-9a-f]{1,16}) +(?:0x)?([0-9a-f]{1,16}) +(.+?)\r?$/i

/**
 * The functions of a JIT compiler: lines of start, size and name (Documentation/jit-interface.txt of
 * perf). The compiler only ever adds lines; a later one is of what took the place of the former. A
 * line that is not whole, as the last one may be, is passed over.
 */
export class PerfMap {
  private readonly functions: (FunctionSymbol & { readonly start: number; readonly end: number })[]
  private readonly index: RangeIndex

  constructor(text: string) {
    this.functions = text.split('\n').flatMap((line) => {
      const [, start, size, name] = LINE.exec(line) ?? []
      if (start === undefined || size === undefined || name === undefined) return []
      const [address, length] = [BigInt(`0x${start}`), BigInt(`0x${size}`)]
      const range = { start: Number(address), end: Number(address + length) }
      return Number.isSafeInteger(range.end) ? [{ name, address, size: length, ...range }] : []
    })
    this.index = new RangeIndex(this.functions)
  }

  /** The function at an address of the process. */
  at(address: bigint): FunctionSymbol | undefined {
    const position = this.index.find(address)
    if (position === undefined) return undefined
    const { name, address: start, size } = this.functions[position]!
    return { name, address: start, size }
  }
}
