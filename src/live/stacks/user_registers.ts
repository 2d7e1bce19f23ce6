import { isKthread, isUserWorker } from '../../kernel/kthread.js'
import { syscallName } from '../../kernel/syscall_names.js'
import { x86_64 } from '../../unwind/machines/x86_64.js'
import { Registers } from '../../unwind/registers.js'
import type { SyscallEntry } from '../../unwind/thread_stack.js'
import type { Look } from './looks.js'

/** `__USER_CS`: code of 64 bits in user space. */
const USER_CS = 0x33n

const ARGUMENTS = ['di', 'si', 'dx', 'r10', 'r8', 'r9']

/** The registers with which a thread entered the kernel, or why there are none to unwind from. */
export function userRegisters(look: Look): Registers | string {
  if (isKthread(look)) return 'a kernel thread has no user stack'
  if (isUserWorker(look)) return 'this thread only ever runs in the kernel'
  if (look.mm === 0n) return 'it has exited and has no memory any more'
  const cs = look.regs.get('cs')! & 0xffffn
  if (cs === USER_CS) return Registers.of(x86_64, look.regs)
  if ((cs & 3n) === 3n) return 'stacks of 32-bit code cannot be unwound'
  return 'it has not entered the kernel from user space'
}

/** `syscall_get_nr()`: -1 where the kernel was entered otherwise, by an interrupt or a fault. */
export function syscallOf(look: Look): SyscallEntry | undefined {
  if (look.regs.get('cs') === undefined || (look.regs.get('cs')! & 0xffffn) !== USER_CS)
    return undefined
  const number = Number(BigInt.asIntN(32, look.regs.get('orig_ax')!))
  if (number < 0) return undefined
  return {
    number,
    name: syscallName(number),
    args: ARGUMENTS.map((name) => look.regs.get(name)!),
  }
}
