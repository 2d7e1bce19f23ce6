import { InconsistentError, KsightError } from '../errors.js'
import type { AddressRange } from '../symbols/areas.js'
import { SymbolList } from '../symbols/symbol_list.js'
import type { KernelSymbol, SymbolSource } from '../symbols/symbols.js'
import { listForEachEntry } from './list.js'
import { moduleSymbols } from './module_symbols.js'
import { forEachModule, type ModuleHolder, moduleMemory } from './modules.js'

/** More than all modules of a kernel have. */
const MAX_SYMBOLS = 1 << 22

/**
 * The symbols that come and go while a kernel runs, in the order in which /proc/kallsyms lists them
 * behind those of the image: of modules, of the pages of ftrace's trampolines, of BPF programs and of
 * the pages of kprobes' instructions.
 */
export function runtimeSymbols(kernel: ModuleHolder): SymbolSource {
  const found = new Collector()
  const modules: AddressRange[] = []
  found.attempt(() => {
    for (const module of forEachModule(kernel)) {
      modules.push(...moduleMemory(module))
      found.collect(() => moduleSymbols(module))
      if (found.isFull) break
    }
  })
  for (const list of [ftraceTrampolines, bpfSymbols, kprobePages]) found.collect(() => list(kernel))
  const table = new SymbolList('the kernel’s modules', found.symbols)
  return { table, modules, problems: found.problems }
}

/** Takes what can be read, and remembers what cannot. */
class Collector {
  readonly symbols: KernelSymbol[] = []
  readonly problems: KsightError[] = []

  get isFull(): boolean {
    return this.symbols.length > MAX_SYMBOLS
  }

  attempt(action: () => void): void {
    try {
      action()
    } catch (error) {
      if (!(error instanceof KsightError)) throw error
      this.problems.push(error)
    }
  }

  collect(take: () => Iterable<KernelSymbol>): void {
    this.attempt(() => {
      for (const symbol of take()) {
        this.symbols.push(symbol)
        if (this.isFull) throw tooMany()
      }
    })
  }
}

function tooMany(): InconsistentError {
  return new InconsistentError(
    'the lists of symbols in memory are damaged',
    `they have more than ${MAX_SYMBOLS}`,
  )
}

/** Mirrors `ftrace_get_trampoline_kallsym()` (Linux 5.8, fc0ea795f53c). */
function* ftraceTrampolines({ space, symbols }: ModuleHolder): Generator<KernelSymbol> {
  const head = symbols.find('ftrace_ops_trampoline_list')?.address
  if (head === undefined) return
  for (const ops of listForEachEntry(space, head, 'ftrace_ops', 'list')) {
    const address: bigint = ops.trampoline
    yield { name: 'ftrace_trampoline', address, type: 't', module: '__builtin__ftrace' }
  }
}

/**
 * Mirrors `bpf_get_kallsym()` (`struct bpf_ksym` since Linux 5.7, bfea9a8574f3), but for the sysctl
 * net.core.bpf_jit_kallsyms, which may hide them from /proc/kallsyms.
 */
function* bpfSymbols({ space, symbols }: ModuleHolder): Generator<KernelSymbol> {
  const head = symbols.find('bpf_kallsyms')?.address
  if (head === undefined) return
  for (const { name, start } of listForEachEntry(space, head, 'bpf_ksym', 'lnode')) {
    yield { name, address: start, type: 't', module: 'bpf' }
  }
}

/** Mirrors `kprobe_get_kallsym()` (Linux 5.8, d002b8bc6dbc). */
function* kprobePages({ space, symbols }: ModuleHolder): Generator<KernelSymbol> {
  for (const name of ['kprobe_insn_slots', 'kprobe_optinsn_slots']) {
    const at = symbols.find(name)?.address
    if (at === undefined) continue
    const cache = space.at('kprobe_insn_cache', at)
    const symbol: string = cache.sym?.$string() ?? ''
    const head = cache.$addressOf('pages')
    for (const { insns } of listForEachEntry(space, head, 'kprobe_insn_page', 'list')) {
      yield {
        name: symbol,
        address: insns?.$address ?? 0n,
        type: 't',
        module: '__builtin__kprobes',
      }
    }
  }
}
