import { SysError } from '../linux/errno.js'
import { Fd } from '../linux/fd.js'
import { Assembler } from './assembler.js'
import { BpfAttr, bpf } from './bpf.js'
import type { Code } from './code_buffer.js'
import { functionInfo } from './function_info.js'
import { encode } from './instructions.js'
import { loadError } from './load_error.js'

/** `enum bpf_prog_type`, as far as used here. */
const PROGRAM_TYPES = { raw_tracepoint: 17, tracing: 26, syscall: 31 } as const

/** `enum bpf_attach_type`, as far as used here. */
const ATTACH_TYPES = { trace_iter: 28 } as const

const BPF_F_SLEEPABLE = 1 << 4

/** Offsets in the part of `union bpf_attr` for BPF_PROG_LOAD. */
const LOAD = {
  type: 0,
  instructionCount: 4,
  instructions: 8,
  license: 16,
  logLevel: 24,
  logSize: 28,
  log: 32,
  flags: 44,
  name: 48,
  expectedAttachType: 68,
  btfFd: 72,
  functionInfoSize: 76,
  functionInfo: 80,
  functionInfoCount: 88,
  attachBtfId: 108,
  size: 116,
} as const

/** Offsets in the part of `union bpf_attr` for BPF_PROG_TEST_RUN. */
const RUN = { fd: 0, result: 4, contextSize: 40, context: 48, size: 64 } as const

const LICENSE = 'Dual MIT/GPL'

export interface ProgramOptions {
  readonly type: keyof typeof PROGRAM_TYPES
  /** At most 15 characters; what bpftool shows. */
  readonly name: string
  readonly code: Assembler | Code
  /** The id of the FUNC or typedef in vmlinux's BTF that the program attaches to. */
  readonly attachBtfId?: number
  readonly expectedAttachType?: keyof typeof ATTACH_TYPES
  /** May the program sleep: read user memory that is paged out. Syscall programs always may. */
  readonly sleepable?: boolean
}

/** A BPF program, loaded and verified. */
export class Program implements Disposable {
  private constructor(
    readonly fd: Fd,
    readonly name: string,
  ) {}

  /**
   * BPF_PROG_LOAD. What stands in the way is told by the error: PermissionError names capability
   * or sysctl, UnsupportedError the kernel's configuration, VerifierError the verifier's last lines.
   */
  static load(options: ProgramOptions): Program {
    const code = options.code instanceof Assembler ? options.code.assemble() : options.code
    const attr = describe(options, code)
    if (!code.takesFunctionAddress)
      return new Program(new Fd(load(attr, options.name)), options.name)
    using functions = functionInfo(code.subprograms, options.name)
    attr
      .u32(LOAD.btfFd, functions.btf.number)
      .u32(LOAD.functionInfoSize, functions.recordSize)
      .u32(LOAD.functionInfoCount, code.subprograms.length)
      .pointer(LOAD.functionInfo, functions.records)
    return new Program(new Fd(load(attr, options.name)), options.name)
  }

  /** Runs the program once and gives what it returns; see {@link prepareRun}. */
  run(context?: Uint8Array): number {
    return this.prepareRun(context)()
  }

  /**
   * BPF_PROG_TEST_RUN as a function that can be called again and again at the cost of the system
   * call alone. The program gets a copy of `context` as it is at each call; what a syscall program
   * writes to it is copied back. The function gives what the program returned, unsigned.
   */
  prepareRun(context?: Uint8Array): () => number {
    const attr = new BpfAttr(RUN.size).u32(RUN.fd, this.fd.number)
    if (context !== undefined) {
      attr.u32(RUN.contextSize, context.length).pointer(RUN.context, context)
    }
    return () => {
      // Throws if it is closed: the number could be another program's by now.
      void this.fd.number
      bpf('BPF_PROG_TEST_RUN', attr)
      return attr.getU32(RUN.result)
    }
  }

  [Symbol.dispose](): void {
    this.fd[Symbol.dispose]()
  }
}

function describe(options: ProgramOptions, code: Code): BpfAttr {
  const attr = new BpfAttr(LOAD.size)
    .u32(LOAD.type, PROGRAM_TYPES[options.type])
    .u32(LOAD.instructionCount, code.instructions.length)
    .pointer(LOAD.instructions, encode(code.instructions))
    .pointer(LOAD.license, new TextEncoder().encode(`${LICENSE}\0`))
    .name(LOAD.name, options.name)
    .u32(LOAD.attachBtfId, options.attachBtfId ?? 0)
  if (options.expectedAttachType !== undefined) {
    attr.u32(LOAD.expectedAttachType, ATTACH_TYPES[options.expectedAttachType])
  }
  // Syscall programs are sleepable by nature; the kernel requires them to say so.
  if (options.sleepable || options.type === 'syscall') attr.u32(LOAD.flags, BPF_F_SLEEPABLE)
  return attr
}

function load(attr: BpfAttr, name: string): number {
  try {
    return retryWhileInterrupted(() => bpf('BPF_PROG_LOAD', attr))
  } catch (error) {
    if (error instanceof SysError) throw loadError(name, error, verifierLog(attr))
    throw error
  }
}

/** A signal makes the verifier give up with EAGAIN. */
function retryWhileInterrupted<T>(action: () => T, attempts = 5): T {
  try {
    return action()
  } catch (error) {
    if (attempts > 1 && error instanceof SysError && error.code === 'EAGAIN') {
      return retryWhileInterrupted(action, attempts - 1)
    }
    throw error
  }
}

const SMALLEST_LOG = 1 << 16
/** What kernels before 6.4 take at most is 2^24 - 1... 2^30. */
const LARGEST_LOG = 1 << 24

/** Loads once more, to hear why it fails; the kernel says ENOSPC if the log does not fit. */
function verifierLog(attr: BpfAttr): string {
  for (let size = SMALLEST_LOG; ; size *= 4) {
    const log = new Uint8Array(size)
    attr.u32(LOAD.logLevel, 1).u32(LOAD.logSize, size).pointer(LOAD.log, log)
    try {
      new Fd(bpf('BPF_PROG_LOAD', attr))[Symbol.dispose]()
    } catch (error) {
      if (!(error instanceof SysError)) throw error
      if (error.code === 'ENOSPC' && size < LARGEST_LOG) continue
    }
    return new TextDecoder().decode(log.subarray(0, log.indexOf(0)))
  }
}
