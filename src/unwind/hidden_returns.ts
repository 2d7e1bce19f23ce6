import { KsightError } from '../errors.js'
import type { Kernel } from '../kernel/kernel.js'
import { readBytes } from '../memory/memory.js'
import type { UntypedView } from '../object/kernel_types.js'
import { freshCopy } from './fresh_copy.js'

/** Where functions return to, rather than to what called them, while their end is watched. */
export interface ReturnTrampolines {
  /** `return_to_handler`: of the function graph tracer. */
  readonly graph: bigint | undefined
  /** `arch_rethook_trampoline`: of kretprobes and fprobes, since Linux 5.18 (f3a112c0c40d). */
  readonly rethook: bigint | undefined
}

export function returnTrampolines({ symbols }: Kernel): ReturnTrampolines {
  return {
    graph: symbols.find('return_to_handler')?.address,
    rethook: symbols.find('arch_rethook_trampoline')?.address,
  }
}

/** More watched functions than there can be on a stack. */
const MAX_HOOKS = 4096

/** Where the functions on a task's stack return to in the end. Mirrors `unwind_recover_ret_addr()`. */
export class HiddenReturns {
  constructor(
    private readonly kernel: Kernel,
    private readonly trampolines: ReturnTrampolines,
    private readonly task: UntypedView,
  ) {}

  /** For a return address and where on the stack it is; the same address if nothing hides another. */
  recover(ip: bigint, slot: bigint): bigint {
    const { graph, rethook } = this.trampolines
    try {
      const real = ip === graph ? (this.graphReturn(slot) ?? ip) : ip
      return real === rethook ? (this.rethookReturn(slot) ?? real) : real
    } catch (error) {
      if (error instanceof KsightError) return ip
      throw error
    }
  }

  /** Mirrors `ftrace_graph_ret_addr()`. */
  private graphReturn(slot: bigint): bigint | undefined {
    const { ret_stack: stack, curr_ret_stack: top } = this.task
    if (stack === null || top > MAX_HOOKS) return undefined
    // Words of differing use since Linux 6.11 (42675b723b48), an array of structs before.
    const places =
      '$type' in stack ? placesInArray(stack, top) : this.placesInWords(stack.$address, top)
    for (const place of places) {
      const { ret, retp } = freshCopy(this.kernel, this.kernel.at('ftrace_ret_stack', place))
      if (retp?.$address === slot && ret !== this.trampolines.graph) return ret
    }
    return undefined
  }

  /** In front of each word with flags is what was kept of a function, so many words as the lowest bits tell. */
  private *placesInWords(stack: bigint, top: number): Generator<bigint> {
    if (top <= 0) return
    const words = new DataView(readBytes(this.kernel.uncached, stack, top * 8).buffer)
    for (let at = top - 1; at > 0; ) {
      const distance = Number(words.getBigUint64(at * 8, true) & FRAME_OFFSET_MASK)
      if (distance === 0 || distance > at) return
      at -= distance
      yield stack + BigInt(at * 8)
      at--
    }
  }

  /** Mirrors `rethook_find_ret_addr()`. */
  private rethookReturn(slot: bigint): bigint | undefined {
    let at: bigint = this.task.rethooks?.first?.$address ?? 0n
    for (let i = 0; at !== 0n && i < MAX_HOOKS; i++) {
      const node = freshCopy(this.kernel, this.kernel.containerOf(at, 'rethook_node', 'llist'))
      if (node.frame === slot && node.ret_addr !== this.trampolines.rethook) return node.ret_addr
      at = node.llist.next?.$address ?? 0n
    }
    return undefined
  }
}

/** FGRAPH_FRAME_OFFSET_MASK of kernel/trace/fgraph.c. */
const FRAME_OFFSET_MASK = 0x3ffn

/** The newest first; `top` is the position of that. */
function* placesInArray({ $address, $size }: UntypedView, top: number): Generator<bigint> {
  for (let i = top; i >= 0; i--) yield $address + BigInt(i * $size)
}
