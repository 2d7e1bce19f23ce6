import type { Kernel } from '../../kernel/kernel.js'
import type { KernelFrame } from '../../unwind/thread_stack.js'

/** Names the return addresses on kernel stacks, as `%pB` does: by the call that precedes them. */
export class KernelFrames {
  /** The same few functions are on most stacks. */
  private readonly named = new Map<bigint, KernelFrame>()
  private scheduler: { start: bigint; end: bigint } | undefined

  constructor(private readonly kernel: Kernel) {}

  at(pc: bigint): KernelFrame {
    let frame = this.named.get(pc)
    if (frame === undefined) {
      frame = this.name(pc)
      this.named.set(pc, frame)
    }
    return frame
  }

  private name(pc: bigint): KernelFrame {
    const found = this.kernel.symbols.nearest(pc - 1n)
    if (found === undefined) return { pc, function: undefined, offset: 0, module: undefined }
    const { symbol, offset } = found
    return { pc, function: symbol.name, offset: offset + 1, module: symbol.module }
  }

  /** `get_wchan()`: the innermost function that is not of the scheduler. */
  wchanOf(frames: readonly KernelFrame[]): string | undefined {
    return frames.find(({ pc }) => !this.inSchedFunctions(pc))?.function
  }

  /** `in_sched_functions(addr)` */
  private inSchedFunctions(address: bigint): boolean {
    this.scheduler ??= {
      start: this.kernel.symbols.find('__sched_text_start')?.address ?? 0n,
      end: this.kernel.symbols.find('__sched_text_end')?.address ?? 0n,
    }
    return address >= this.scheduler.start && address < this.scheduler.end
  }
}
