import type { Memory } from '../../src/memory/memory.js'
import { x86_64 } from '../../src/unwind/machines/x86_64.js'
import { type UnwindEnd, type UserFrame, unwind } from '../../src/unwind/unwind.js'
import { type GdbFrame, type GdbStack, registersOf } from './gdb.js'
import type { ProcModule, ProcModules } from './live_process.js'

export interface OurStack {
  readonly frames: readonly UserFrame[]
  readonly end: UnwindEnd
}

/** Unwinds from the registers that gdb found. */
export function ourStack(
  stack: GdbStack,
  memory: Pick<Memory, 'read'>,
  modules: Pick<ProcModules, 'find'>,
): OurStack {
  const walk = unwind(registersOf(x86_64, stack), memory, modules.find)
  const frames: UserFrame[] = []
  for (;;) {
    const { done, value } = walk.next()
    if (done) return { frames, end: value }
    frames.push(value)
  }
}

/** How our frames differ from gdb's: in place, function, and registers that are known. */
export function differences({ frames, end }: OurStack, oracle: GdbStack): string[] {
  const found: string[] = []
  const count = Math.max(frames.length, oracle.frames.length)
  for (let i = 0; i < count; i++) {
    const [ours, theirs] = [frames[i], oracle.frames[i]]
    const [a, b] = [ours && describe(ours), theirs && describeGdb(theirs)]
    if (a !== b && !isAlias(ours, theirs)) found.push(`#${i} ${a}\n   but ${b}`)
    else found.push(...registerDifferences(ours!, theirs!).map((text) => `#${i} ${a}: ${text}`))
  }
  if (found.length > 0) found.push(`end: ${end.reason} ${end.message}`)
  return found
}

function describe(frame: UserFrame): string {
  const symbol = symbolOf(frame)
  const text = frame.signalFrame ? 'signal' : symbol ? `${symbol.name}+${symbol.offset}` : '??'
  return `0x${frame.pc.toString(16)} ${text}`
}

/** The name of a frame's function, as {@link differences} compares it. */
export function nameOf(frame: UserFrame): string {
  return frame.signalFrame ? 'signal' : (symbolOf(frame)?.name ?? '??')
}

function describeGdb({ pc, signal, symbol }: GdbFrame): string {
  // gdb names the stubs of a PLT by what they jump to; no symbol of the file does.
  const known = symbol !== null && !symbol[0].endsWith('@plt')
  return `${pc} ${signal ? 'signal' : known ? `${symbol[0]}+${symbol[1]}` : '??'}`
}

function symbolOf({ module, at }: UserFrame) {
  const { file, bias = 0n } = (module ?? {}) as Partial<ProcModule>
  const symbol = file?.symbols.at(at - bias)
  return symbol && { name: symbol.name, offset: Number(at - bias - symbol.address), symbol, file }
}

/** gdb takes any of the names that a function has. */
function isAlias(ours: UserFrame | undefined, theirs: GdbFrame | undefined): boolean {
  if (ours === undefined || theirs?.symbol == null || theirs.pc !== `0x${ours.pc.toString(16)}`) {
    return false
  }
  const found = symbolOf(ours)
  if (found === undefined || found.offset !== theirs.symbol[1]) return false
  return found.file!.names.get(found.symbol.address)!.has(theirs.symbol[0])
}

function registerDifferences(ours: UserFrame, theirs: GdbFrame): string[] {
  const known = new Map(ours.registers.known())
  return Object.entries(theirs.saved).flatMap(([name, value]) => {
    const mine = known.get(/^r[a-z]/.test(name) ? name.slice(1) : name)
    if (value === null || mine === undefined || mine === BigInt(value)) return []
    return [`${name} is 0x${mine.toString(16)}, not ${value}`]
  })
}
