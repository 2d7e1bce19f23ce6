import { KsightError } from '../errors.js'
import type { AddressRange } from '../symbols/areas.js'
import { SymbolList } from '../symbols/symbol_list.js'
import type { KernelSymbol, SymbolSource } from '../symbols/symbols.js'
import { listForEachEntry } from './list.js'
import { moduleSymbols } from './module_symbols.js'
import { forEachModule, type ModuleHolder, moduleMemory } from './modules.js'

export interface RuntimeSymbols extends SymbolSource {
  /** What could not be read, whose symbols are missing. */
  readonly problems: readonly KsightError[]
}

/**
 * The symbols that come and go while a kernel runs, in the order in which /proc/kallsyms lists them
 * behind those of the image: of modules, of the pages of ftrace's trampolines, of BPF programs and of
 * the pages of kprobes' instructions.
 */
export function runtimeSymbols(kernel: ModuleHolder): RuntimeSymbols {
  const symbols: KernelSymbol[] = []
  const modules: AddressRange[] = []
  const problems: KsightError[] = []
  const attempt = (take: () => void) => {
    try {
      take()
    } catch (error) {
      if (!(error instanceof KsightError)) throw error
      problems.push(error)
    }
  }
  attempt(() => {
    for (const module of forEachModule(kernel)) {
      attempt(() => modules.push(...moduleMemory(module)))
      attempt(() => symbols.push(...moduleSymbols(module)))
    }
  })
  for (const list of [ftraceTrampolines, bpfSymbols, kprobePages]) {
    attempt(() => {
      for (const symbol of list(kernel)) symbols.push(symbol)
    })
  }
  return { table: new SymbolList('the kernel’s modules', symbols), modules, problems }
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
    const symbol: string = cache.sym.$string()
    const head = cache.$addressOf('pages')
    for (const { insns } of listForEachEntry(space, head, 'kprobe_insn_page', 'list')) {
      yield { name: symbol, address: insns.$address, type: 't', module: '__builtin__kprobes' }
    }
  }
}
