import type { FoundBy, UnwindEnd } from './unwind.js'

/** A frame of a kernel stack. */
export interface NamedKernelFrame {
  /** Where it will go on; secret as other kernel addresses are. */
  readonly pc: bigint
  /** Undefined for code that no symbol covers. */
  readonly function: string | undefined
  /** From the start of the function, in bytes. */
  readonly offset: number
  /** Of kernel modules. */
  readonly module: string | undefined
}

/** A frame of a user stack, with its name. */
export interface NamedUserFrame {
  readonly pc: bigint
  readonly function: string | undefined
  readonly offset: number
  /** The file as the process sees it, or what stands for one: `[vdso]`, `[anon]`. */
  readonly module: string | undefined
  /** Whether it is where a signal handler returns to: the frame behind it was interrupted. */
  readonly signalFrame: boolean
  readonly how: FoundBy
  /** Whether it surely is a frame. */
  readonly certain: boolean
}

/** The system call that a thread is in. */
export interface SyscallEntry {
  readonly number: number
  readonly name: string
  /** The six registers of arguments, whether the call has that many or not. */
  readonly args: readonly bigint[]
}

/** Both stacks of a thread, taken at one moment. */
export interface ThreadStack {
  readonly tid: number
  readonly tgid: number
  readonly comm: string
  /** A letter as ps shows it. */
  readonly state: string
  readonly kernelThread: boolean
  /** The CPU it runs on, or ran on last. */
  readonly cpu: number
  /** The kernel's function that it waits in; undefined if it does not wait. */
  readonly wchan: string | undefined
  readonly syscall: SyscallEntry | undefined
  /** Innermost first. */
  readonly kernel: readonly NamedKernelFrame[]
  /** Innermost first. */
  readonly user: readonly NamedUserFrame[]
  /** Why the user stack ends where it ends; undefined where none was looked for. */
  readonly userEnd: UnwindEnd | undefined
  /** Why a stack is missing, as far as one is. */
  readonly problem: string | undefined
  /** How often it was looked at until it stood still meanwhile. */
  readonly tries: number
}

/** A way to the stacks of threads. */
export interface ThreadStacks extends Disposable {
  /**
   * Both stacks of every thread of the process with this pid, by their tids; of one thread, if it is the
   * tid of one that is not the main thread. Throws {@link NotFoundError}.
   */
  ofProcess(pid: number): ThreadStack[]
  /** Both stacks of one thread. Throws {@link NotFoundError}. */
  ofThread(tid: number): ThreadStack[]
  /** Both stacks of every thread of every process. */
  ofAll(): ThreadStack[]
}
