import { UnsupportedError } from '../errors.js'
import { readBytes } from '../memory/memory.js'
import { deref } from '../object/deref.js'
import type { UntypedView } from '../object/kernel_types.js'
import { Pointer } from '../object/pointer.js'
import { compileReader } from '../object/readers.js'
import { View } from '../object/view.js'
import type { Kernel } from './kernel.js'

/**
 * `per_cpu(name, cpu)`: the value of a per-CPU variable of the kernel's image on a CPU. The
 * variable is looked up in BTF's per-CPU section; a static one of a module is not listed there.
 * Throws {@link NotFoundError}.
 */
export function perCpu(kernel: Kernel, name: string, cpu: number): unknown {
  const variable = kernel.perCpuSection.get(name)
  const address = kernel.perCpuBase(cpu) + BigInt(variable.offset)
  const type = kernel.types.resolve(variable.typeId)
  if (type.kind === 'struct' || type.kind === 'union') return kernel.space.classOf(type).at(address)
  const bytes = readBytes(kernel.memory, address, kernel.types.sizeOf(type.id))
  return compileReader(kernel.space, type.id)(new DataView(bytes.buffer), 0, address)
}

/** `per_cpu_ptr(pointer, cpu)`: a per-CPU pointer is an offset until a CPU's base is added. */
export function perCpuPtr<Target extends { readonly $address: bigint }>(
  kernel: Kernel,
  pointer: Target,
  cpu: number,
): Target {
  const address = BigInt.asUintN(64, pointer.$address + kernel.perCpuOffset(cpu))
  if (pointer instanceof View) {
    return kernel.space.classOf(pointer.$type).at(address) as unknown as Target
  }
  if (pointer instanceof Pointer) {
    return new Pointer(kernel.space, address, pointer.$typeId) as unknown as Target
  }
  throw new UnsupportedError('cannot follow a per-CPU pointer', 'it is neither struct nor pointer')
}

/** `cpu_rq(cpu)`: a CPU's run queue. */
export function cpuRq(kernel: Kernel, cpu: number): UntypedView {
  return perCpu(kernel, 'runqueues', cpu) as UntypedView
}

/** `cpu_curr(cpu)`: the task that runs on a CPU. */
export function cpuCurr(kernel: Kernel, cpu: number): UntypedView {
  return deref(cpuRq(kernel, cpu), 'curr')
}

/** `idle_task(cpu)`: a CPU's idle thread, swapper/N. It is on no list of tasks. */
export function idleTask(kernel: Kernel, cpu: number): UntypedView {
  return deref(cpuRq(kernel, cpu), 'idle')
}
