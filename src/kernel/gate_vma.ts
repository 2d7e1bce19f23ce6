import { FaultError, UnsupportedError } from '../errors.js'
import { readBytes } from '../memory/memory.js'
import type { UntypedView } from '../object/kernel_types.js'
import type { Kernel } from './kernel.js'
import { comparedVariable, textReferences } from './text_references.js'
import { VM } from './vm_flags.js'
import type { VmaSummary } from './vma_summary.js'

/** VSYSCALL_ADDR, one page. */
const START = 0xffff_ffff_ff60_0000n
const END = START + 0x1000n

/** MM_CONTEXT_HAS_VSYSCALL: not so for a 32-bit program. */
const HAS_VSYSCALL = 2n

/** `enum { EMULATE, XONLY, NONE } vsyscall_mode` */
const NONE = 2

/**
 * `struct vm_area_struct *get_gate_vma(struct mm_struct *mm)`: the mapping `[vsyscall]` of an x86-64 kernel,
 * which /proc/PID/maps shows at its end, but which is in no address space; undefined where the kernel
 * was told to have none. Throws {@link UnsupportedError} where the kernel's symbols do not lead to it.
 */
export function getGateVma(kernel: Kernel, mm: UntypedView): VmaSummary | undefined {
  const context: UntypedView = mm.context
  // Any other architecture.
  if (!context.$has('vdso') || !context.$has('flags')) return undefined
  if ((BigInt(context.flags) & HAS_VSYSCALL) === 0n) return undefined
  const gate = findGateVma(kernel)
  const flags: bigint = gate.vm_flags
  // Execute-only says that it is there: no other mode makes it so.
  if (flags !== VM.VM_EXEC && vsyscallMode(kernel) === NONE) return undefined
  return {
    vma: gate.$address,
    start: START,
    end: END,
    flags,
    offset: 0n,
    file: undefined,
    name: '[vsyscall]',
  }
}

/** `gate_vma`, by its symbol, or by the function that gives its address. */
function findGateVma(kernel: Kernel): UntypedView {
  const symbol = kernel.symbols.find('gate_vma')?.address
  const candidates = symbol === undefined ? textReferences(kernel, 'get_gate_vma') : [symbol]
  for (const address of candidates) {
    const vma = kernel.at('vm_area_struct', address)
    if (isGate(vma)) return vma
  }
  throw new UnsupportedError(
    'cannot tell whether there is a [vsyscall]',
    'the symbols of this kernel do not lead to gate_vma',
  )
}

function isGate(vma: UntypedView): boolean {
  try {
    return vma.vm_start === START && vma.vm_end === END
  } catch (error) {
    if (error instanceof FaultError) return false
    throw error
  }
}

function vsyscallMode(kernel: Kernel): number {
  const address =
    kernel.symbols.find('vsyscall_mode')?.address ?? comparedVariable(kernel, 'get_gate_vma', NONE)
  if (address === undefined) {
    throw new UnsupportedError(
      'cannot tell whether there is a [vsyscall]',
      'the symbols of this kernel do not lead to vsyscall_mode',
    )
  }
  const bytes = readBytes(kernel.memory, address, 4)
  return new DataView(bytes.buffer).getUint32(0, kernel.types.littleEndian)
}
