import { Assembler } from '../../src/bpf/assembler.js'
import { HELPERS } from '../../src/bpf/helpers.js'
import { IterLink, type TaskFilter } from '../../src/bpf/link.js'
import { Program } from '../../src/bpf/program.js'
import { R0, R1, R2, R3, R6, R7, R10 } from '../../src/bpf/registers.js'
import { Btf } from '../../src/btf/btf.js'
import { readSysfs } from '../../src/linux/sysfs.js'

const btf = new Btf(readSysfs('/sys/kernel/btf/vmlinux'))

export interface TaskPointer {
  readonly address: bigint
  readonly pid: number
  readonly tgid: number
}

/** Bytes of a member from the start of task_struct. */
export function taskOffset(member: string): number {
  const task = btf.get('task_struct', 'struct', 'union')
  return btf.findMember(task, member)!.bitOffset / 8
}

/** Writes { u64 task; u32 pid; u32 tgid } for every task: `int tasks(struct bpf_iter__task *)`. */
function taskPointerProgram(): Assembler {
  const a = new Assembler().load('u64', R6, R1, 0).load('u64', R7, R1, 8).jeq(R7, 0, 'end')
  a.store('u64', R10, -16, R7)
  a.load('u32', R3, R7, taskOffset('pid')).store('u32', R10, -8, R3)
  a.load('u32', R3, R7, taskOffset('tgid')).store('u32', R10, -4, R3)
  a.load('u64', R1, R6, 0).mov(R2, R10).add(R2, -16).mov(R3, 16).call(HELPERS.seq_write)
  return a.label('end').mov(R0, 0).exit()
}

/** The tasks that the kernel's own iterator goes through. */
export function taskPointers(filter?: TaskFilter): TaskPointer[] {
  using program = Program.load({
    type: 'tracing',
    name: 'task_pointers',
    code: taskPointerProgram(),
    expectedAttachType: 'trace_iter',
    attachBtfId: btf.get('bpf_iter_task', 'func').id,
  })
  using link = IterLink.attach(program, filter)
  using iteration = link.iterate()
  const tasks: TaskPointer[] = []
  // Smaller than what the kernel hands over at once, to read it in many steps.
  const buffer = new Uint8Array(1024)
  const view = new DataView(buffer.buffer)
  for (;;) {
    const length = iteration.read(buffer)
    if (length === 0) return tasks
    for (let at = 0; at < length; at += 16) {
      tasks.push({
        address: view.getBigUint64(at, true),
        pid: view.getUint32(at + 8, true),
        tgid: view.getUint32(at + 12, true),
      })
    }
  }
}
