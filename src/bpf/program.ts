import { release } from 'node:os'
import { UnsupportedError } from '../errors.js'
import { SysError } from '../linux/errno.js'
import { Fd } from '../linux/fd.js'
import { Assembler } from './assembler.js'
import { BpfAttr, bpf } from './bpf.js'
import { helperDenied } from './bpf_error.js'
import type { Code } from './code_buffer.js'
import { functionInfo } from './function_info.js'
import { encode } from './instructions.js'
import { lastWords, VerifierError } from './verifier_error.js'

/** `enum bpf_prog_type`, as far as used here. */
const PROGRAM_TYPES = {
  raw_tracepoint: { number: 17, since: '4.17' },
  tracing: { number: 26, since: '5.5' },
  syscall: { number: 31, since: '5.14' },
} as const

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
   * BPF_PROG_LOAD. What stands in the way is told by the error: PermissionError names the
   * right that is missing, UnsupportedError the kernel that it needs, VerifierError the verifier's
   * last lines. Other failures, such as EMFILE, are a SysError.
   */
  static load(options: ProgramOptions): Program {
    const code = options.code instanceof Assembler ? options.code.assemble() : options.code
    const attr = describe(options, code)
    if (!code.takesFunctionAddress) return new Program(load(attr, options), options.name)
    using functions = functionInfo(code.subprograms, options.name)
    attr
      .u32(LOAD.btfFd, functions.btf.number)
      .u32(LOAD.functionInfoSize, functions.recordSize)
      .u32(LOAD.functionInfoCount, code.subprograms.length)
      .pointer(LOAD.functionInfo, functions.records)
    return new Program(load(attr, options), options.name)
  }

  /** BPF_PROG_TEST_RUN once: what the program returns; see {@link prepareRun}. */
  testRun(context?: Uint8Array): number {
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
    .u32(LOAD.type, PROGRAM_TYPES[options.type].number)
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

function load(attr: BpfAttr, options: ProgramOptions): Fd {
  for (let attempt = 1; ; attempt++) {
    try {
      return new Fd(bpf('BPF_PROG_LOAD', attr))
    } catch (error) {
      if (!isInterrupted(error)) throw explain(error, options, verifierLog(attr))
      if (attempt === MOST_INTERRUPTIONS) throw error
    }
  }
}

/** A signal, such as that of a profiler's timer, makes the verifier give up. */
function isInterrupted(error: unknown): boolean {
  return error instanceof SysError && error.code === 'EAGAIN'
}

function explain(error: unknown, options: ProgramOptions, log: string): unknown {
  const reason = lastWords(log)
  if (reason !== '') {
    const denied = /cannot use helper|unknown func/.test(reason) && helperDenied(options.name)
    return denied || new VerifierError(options.name, reason, log)
  }
  if (!(error instanceof SysError) || error.code !== 'EINVAL') return error
  const { since } = PROGRAM_TYPES[options.type]
  return new UnsupportedError(
    `BPF program ${options.name}`,
    `Linux ${release()} does not take it as a program of type ${options.type}`,
    `use Linux ${since} or later with CONFIG_BPF_SYSCALL and CONFIG_DEBUG_INFO_BTF`,
  )
}

const MOST_INTERRUPTIONS = 100

const SMALLEST_LOG = 1 << 16
/** The last lines of an even longer one are lost. */
const LARGEST_LOG = 1 << 24

/**
 * What the verifier says of a program that does not load; empty if it does not get that far. A log
 * that is too small makes the kernel say ENOSPC.
 */
function verifierLog(attr: BpfAttr): string {
  for (let size = SMALLEST_LOG; ; size *= 4) {
    const log = new Uint8Array(size)
    attr.u32(LOAD.logLevel, 1).u32(LOAD.logSize, size).pointer(LOAD.log, log)
    try {
      new Fd(bpf('BPF_PROG_LOAD', attr))[Symbol.dispose]()
    } catch (error) {
      const tooSmall = error instanceof SysError && error.code === 'ENOSPC'
      if (tooSmall && size < LARGEST_LOG) continue
    }
    return new TextDecoder().decode(log.subarray(0, log.indexOf(0))).trim()
  }
}
