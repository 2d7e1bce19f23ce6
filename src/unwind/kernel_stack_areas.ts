import { FaultError, NotFoundError } from '../errors.js'
import type { Kernel } from '../kernel/kernel.js'
import type { UntypedView } from '../object/kernel_types.js'

/** Kinds of kernel stack, named as an oops names them (`stack_type_name()`). */
export type StackKind =
  | 'TASK'
  | 'IRQ'
  | 'ENTRY_TRAMPOLINE'
  | '#DF'
  | 'NMI'
  | '#DB'
  | '#MC'
  | '#VC'
  | '#VC2'

/** A kernel stack: from `begin` up to but not including `end`. */
export interface StackArea {
  readonly kind: StackKind
  readonly begin: bigint
  readonly end: bigint
}

/** By the name in `struct cea_exception_stacks`. */
const EXCEPTION_STACKS: readonly (readonly [string, StackKind])[] = [
  ['DF', '#DF'],
  ['NMI', 'NMI'],
  ['DB', '#DB'],
  ['MCE', '#MC'],
  ['VC', '#VC'],
  ['VC2', '#VC2'],
]

/** IRQ_STACK_SIZE without KASAN, where BTF has no `struct irq_stack`. */
const IRQ_STACK_SIZE = 16384

/** A task's own stack. Throws {@link FaultError}; none if it has exited and its stack was let go of. */
export function taskStack(kernel: Kernel, task: UntypedView): StackArea[] {
  const begin: bigint = task.stack?.$address ?? 0n
  if (begin === 0n) return []
  return [{ kind: 'TASK', begin, end: begin + BigInt(kernel.threadSize) }]
}

/**
 * The stacks of a CPU, as far as this kernel has them: for interrupts, for the way in from user space,
 * for exceptions. Mirrors `get_stack_info()` of arch/x86/kernel/dumpstack_64.c.
 */
export function cpuStacks(kernel: Kernel, cpu: number): StackArea[] {
  if (!kernel.cpus.includes(cpu)) return []
  return [irqStack, entryStacks].flatMap((find) => {
    try {
      return find(kernel, cpu)
    } catch (error) {
      if (error instanceof NotFoundError || error instanceof FaultError) return []
      throw error
    }
  })
}

/**
 * `hardirq_stack_ptr`: within `pcpu_hot` from Linux 6.2 (d7b6d709a76a) up to 6.14. It points to the
 * topmost word (Linux 5.8).
 */
function irqStack(kernel: Kernel, cpu: number): StackArea[] {
  const hot = kernel.space.has('pcpu_hot', 'hardirq_stack_ptr')
  const pointer = hot
    ? (kernel.perCpu('pcpu_hot', cpu) as UntypedView).hardirq_stack_ptr
    : kernel.perCpu('hardirq_stack_ptr', cpu)
  if (pointer === null) return []
  const end: bigint = pointer.$address + 8n
  const size = kernel.types.find('irq_stack', 'struct')?.size ?? IRQ_STACK_SIZE
  return [{ kind: 'IRQ', begin: end - BigInt(size), end }]
}

/** Those in the CPU's `struct cpu_entry_area`. */
function entryStacks(kernel: Kernel, cpu: number): StackArea[] {
  const stacks = kernel.perCpu('cea_exception_stacks', cpu) as UntypedView | null
  if (stacks === null) return []
  const area = kernel.containerOf(stacks, 'cpu_entry_area', 'estacks')
  return [
    areaOf(area, 'entry_stack_page', 'ENTRY_TRAMPOLINE'),
    ...EXCEPTION_STACKS.filter(([name]) => stacks.$has(`${name}_stack`)).map(([name, kind]) => {
      return areaOf(stacks, `${name}_stack`, kind)
    }),
  ]
}

function areaOf(view: UntypedView, name: string, kind: StackKind): StackArea {
  const { btf } = view.$space
  const begin = view.$addressOf(name)
  const size = btf.sizeOf(btf.findMember(view.$type, name)!.type)
  return { kind, begin, end: begin + BigInt(size) }
}
