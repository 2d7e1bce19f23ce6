import { Fd } from '../linux/fd.js'
import { BpfAttr, bpf } from './bpf.js'
import type { Program } from './program.js'

const BPF_TRACE_ITER = 28

/** What a task iterator is limited to (Linux 6.1): one thread, or the threads of one process. */
export type TaskFilter = { readonly tid: number } | { readonly pid: number }

/** An iterator's program, attached to what it iterates over. */
export class IterLink implements Disposable {
  private constructor(readonly fd: Fd) {}

  /** BPF_LINK_CREATE of a tracing program that was loaded for `trace_iter`. Throws SysError. */
  static attach(program: Program, filter?: TaskFilter): IterLink {
    const attr = new BpfAttr(32).u32(0, program.fd.number).u32(8, BPF_TRACE_ITER)
    if (filter !== undefined) {
      const info = linkInfo(filter)
      attr.pointer(16, info).u32(24, info.length)
    }
    return new IterLink(new Fd(bpf('BPF_LINK_CREATE', attr)))
  }

  /** BPF_ITER_CREATE: a new iteration; what is read from it is what the program writes. */
  iterate(): Fd {
    return new Fd(bpf('BPF_ITER_CREATE', new BpfAttr(8).u32(0, this.fd.number)))
  }

  [Symbol.dispose](): void {
    this.fd[Symbol.dispose]()
  }
}

/** `union bpf_iter_link_info`: its `task` is { u32 tid; u32 pid; u32 pid_fd }. */
function linkInfo(filter: TaskFilter): Uint8Array {
  const info = new Uint32Array(4)
  if ('tid' in filter) info[0] = filter.tid
  else info[1] = filter.pid
  return new Uint8Array(info.buffer)
}
