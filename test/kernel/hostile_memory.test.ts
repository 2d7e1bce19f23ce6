import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { Btf } from '../../src/btf/btf.js'
import { FaultError, KsightError } from '../../src/errors.js'
import { taskCgroupPath, taskCgroups } from '../../src/kernel/cgroup.js'
import { mmCmdline, mmEnviron } from '../../src/kernel/cmdline.js'
import { taskCputimeAdjusted, threadGroupCputimeAdjusted } from '../../src/kernel/cputime.js'
import {
  capabilityNames,
  credCapabilities,
  credGroups,
  credIds,
  securebitNames,
  taskCred,
} from '../../src/kernel/cred.js'
import { getGateVma } from '../../src/kernel/gate_vma.js'
import { Kernel } from '../../src/kernel/kernel.js'
import { mtreeLoad } from '../../src/kernel/maple_tree.js'
import { getMmCounter, getMmCounterSum, taskMm } from '../../src/kernel/mm.js'
import { taskNamespaces } from '../../src/kernel/namespace.js'
import { dPath, taskCwd, taskExe, taskRoot } from '../../src/kernel/path.js'
import { pfFlagNames } from '../../src/kernel/pf_flags.js'
import { findTask, taskPids, taskPidVnr, taskTgidVnr } from '../../src/kernel/pid.js'
import { PrintkRingbuffer } from '../../src/kernel/printk_ringbuffer.js'
import { procTaskName } from '../../src/kernel/proc_task_name.js'
import {
  forEachChild,
  forEachSibling,
  getNrThreads,
  taskPgrpNr,
  taskPgrpVnr,
  taskPpidNr,
  taskSessionVnr,
  taskTtyNr,
  threadGroupEmpty,
} from '../../src/kernel/relations.js'
import {
  schedPolicyName,
  taskContextSwitches,
  taskCpu,
  taskNice,
  taskPrio,
  taskStartTime,
} from '../../src/kernel/sched.js'
import { processSegments } from '../../src/kernel/segments.js'
import { taskStateToChar } from '../../src/kernel/state.js'
import { taskMem } from '../../src/kernel/task_mem.js'
import { taskPtRegs } from '../../src/kernel/task_pt_regs.js'
import { userStackPointers } from '../../src/kernel/thread_stacks.js'
import { fromKuid } from '../../src/kernel/user_namespace.js'
import { forEachVma, vmaFind } from '../../src/kernel/vma.js'
import { vmaName } from '../../src/kernel/vma_name.js'
import { listVmas } from '../../src/kernel/vma_summary.js'
import { forEachVmapArea } from '../../src/kernel/vmap_area.js'
import { xaForEach } from '../../src/kernel/xarray.js'
import type { Memory, Range } from '../../src/memory/memory.js'
import type { UntypedView } from '../../src/object/kernel_types.js'
import { ObjectSpace } from '../../src/object/space.js'

const BTF_FILE = '/sys/kernel/btf/vmlinux'
const TASK = 0xffff_8880_1234_5680n

const btf = new Btf(readFileSync(BTF_FILE), { source: BTF_FILE })

/** Memory of which every byte can be read; what it is follows from its page alone. */
class EndlessMemory implements Memory {
  reads = 0

  constructor(private readonly page: (start: bigint) => Uint8Array) {}

  read(address: bigint, into: Uint8Array): void {
    this.reads++
    for (let done = 0; done < into.length; ) {
      const at = BigInt.asUintN(64, address + BigInt(done))
      const offset = Number(at & 4095n)
      const part = this.page(at - BigInt(offset)).subarray(offset, offset + into.length - done)
      into.set(part, done)
      done += part.length
    }
  }

  gather(ranges: readonly Range[]): (Uint8Array | FaultError)[] {
    return ranges.map(({ address, length }) => {
      const bytes = new Uint8Array(length)
      this.read(address, bytes)
      return bytes
    })
  }
}

const words = (word: (i: number) => bigint) => {
  return new Uint8Array(BigUint64Array.from({ length: 512 }, (_, i) => word(i)).buffer)
}

/** Looks random, and is the same each time. */
function noise(start: bigint): Uint8Array {
  const numbers = new Uint32Array(1024)
  let state = Number(BigInt.asUintN(32, (start >> 12n) * 2654435761n)) | 1
  for (let i = 0; i < numbers.length; i++) {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    numbers[i] = state
  }
  return new Uint8Array(numbers.buffer)
}

const MEMORIES: Record<string, (start: bigint) => Uint8Array> = {
  'all zero': () => words(() => 0n),
  'all ones': () => words(() => 2n ** 64n - 1n),
  'pointers to the same place': () => words(() => TASK),
  'pointers to the next page': (start) => words(() => start + 4096n),
  'pointers to themselves': (start) => words((i) => start + BigInt(i * 8)),
  noise,
  'pointers to noise, and small numbers': (start) => {
    const bytes = noise(start)
    return words((i) => {
      const byte = BigInt(bytes[i]!)
      return i % 2 === 0 ? TASK + byte * 64n : byte
    })
  },
}

/** Everything that the helpers can tell of a task. */
const HELPERS: Record<string, (kernel: Kernel, task: UntypedView) => unknown> = {
  taskStateToChar: (_, task) => taskStateToChar(task),
  procTaskName: (kernel, task) => procTaskName(kernel, task),
  pfFlagNames: (_, task) => pfFlagNames(task.flags),
  credIds: (_, task) => credIds(taskCred(task)),
  credGroups: (_, task) => credGroups(taskCred(task)),
  credCapabilities: (_, task) => credCapabilities(taskCred(task)),
  capabilityNames: (_, task) => capabilityNames(credCapabilities(taskCred(task)).effective),
  securebitNames: (_, task) => securebitNames(taskCred(task).securebits),
  fromKuid: (kernel, task) => fromKuid(kernel.at('user_namespace', task.$address), 1000),
  taskCpu: (_, task) => taskCpu(task),
  taskPrio: (_, task) => taskPrio(task),
  taskNice: (_, task) => taskNice(task),
  schedPolicyName: (_, task) => schedPolicyName(task.policy),
  taskContextSwitches: (_, task) => taskContextSwitches(task),
  taskStartTime: (_, task) => taskStartTime(task),
  taskCputimeAdjusted: (_, task) => taskCputimeAdjusted(task),
  threadGroupCputimeAdjusted: (kernel, task) => threadGroupCputimeAdjusted(kernel, task),
  taskPpidNr: (_, task) => taskPpidNr(task),
  forEachChild: (_, task) => first(forEachChild(task)),
  forEachSibling: (_, task) => first(forEachSibling(task)),
  forEachThread: (kernel, task) => first(kernel.forEachThread(task)),
  getNrThreads: (_, task) => getNrThreads(task),
  threadGroupEmpty: (_, task) => threadGroupEmpty(task),
  taskPgrpNr: (_, task) => taskPgrpNr(task),
  taskPgrpVnr: (_, task) => taskPgrpVnr(task),
  taskSessionVnr: (_, task) => taskSessionVnr(task),
  taskTtyNr: (_, task) => taskTtyNr(task),
  taskPids: (_, task) => taskPids(task),
  taskPidVnr: (_, task) => taskPidVnr(task),
  taskTgidVnr: (_, task) => taskTgidVnr(task),
  findTask: (kernel, task) => findTask(kernel, 4711, kernel.at('pid_namespace', task.$address)),
  taskNamespaces: (_, task) => taskNamespaces(task),
  taskCgroupPath: (_, task) => taskCgroupPath(task),
  taskCgroups: (_, task) => taskCgroups(task),
  taskCwd: (kernel, task) => taskCwd(kernel, task),
  taskRoot: (kernel, task) => taskRoot(kernel, task),
  taskExe: (kernel, task) => taskExe(kernel, task),
  dPath: (kernel, task) => dPath(kernel, kernel.at('path', task.$address)),
  mmCmdline: (kernel, task) => mmCmdline(kernel, task),
  mmEnviron: (kernel, task) => mmEnviron(kernel, task),
  getMmCounter: (_, task) => taskMm(task) && getMmCounter(taskMm(task)!, 'MM_ANONPAGES'),
  getMmCounterSum: (kernel, task) =>
    taskMm(task) && getMmCounterSum(kernel, taskMm(task)!, 'MM_ANONPAGES'),
  mtreeLoad: (kernel, task) => mtreeLoad(kernel, task.$address, 4711n),
  forEachVma: (kernel, task) => first(forEachVma(kernel, kernel.at('mm_struct', task.$address))),
  vmaFind: (kernel, task) => vmaFind(kernel, kernel.at('mm_struct', task.$address), 0n),
  vmaName: (kernel, task) => vmaName(kernel, kernel.at('vm_area_struct', task.$address)),
  listVmas: (kernel, task) => listVmas(kernel, kernel.at('mm_struct', task.$address)),
  processSegments: (kernel, task) => processSegments(kernel, task),
  taskMem: (kernel, task) => taskMem(kernel, kernel.at('mm_struct', task.$address)),
  taskPtRegs: (kernel, task) => taskPtRegs(kernel, task),
  userStackPointers: (kernel, task) => userStackPointers(kernel, task),
  getGateVma: (kernel, task) => getGateVma(kernel, kernel.at('mm_struct', task.$address)),
  forEachVmapArea: (kernel) => first(forEachVmapArea(kernel)),
  xaForEach: (kernel, task) => first(xaForEach(kernel.space, task.$address)),
  printkRingbuffer: (kernel) =>
    first(new PrintkRingbuffer(ringAt(kernel, TASK), () => {}).records()),
  listProcesses: (kernel) => first(kernel.forEachProcess('list')),
}

function ringAt(kernel: Kernel, address: bigint): UntypedView {
  return new ObjectSpace(kernel.types, kernel.uncached).at('printk_ringbuffer', address)
}

/** A few of what there may be very many of. */
function first(things: Iterable<unknown>): unknown[] {
  const found: unknown[] = []
  for (const thing of things) {
    if (found.push(thing) >= 100) break
  }
  return found
}

function kernelOver(memory: Memory): Kernel {
  return new Kernel({
    source: 'hostile memory',
    types: btf,
    memory,
    symbols: () => {
      throw new FaultError(0n, 'there are no symbols')
    },
    hints: {
      release: '6.18.0',
      anyTask: () => TASK,
      possibleCpus: () => [0, 1],
    },
    userMemory: {
      read: (_task, address, into) => {
        memory.read(address, into)
        return into.length
      },
    },
  } as ConstructorParameters<typeof Kernel>[0])
}

describe.each(Object.entries(MEMORIES))('in memory that is %s', (_name, page) => {
  test.each(Object.entries(HELPERS))(
    '%s ends, with a result or an error of ours',
    (_name, help) => {
      const memory = new EndlessMemory(page)
      const kernel = kernelOver(memory)
      try {
        help(kernel, kernel.at('task_struct', TASK))
      } catch (error) {
        if (!(error instanceof KsightError)) throw error
      }
      expect(memory.reads).toBeLessThan(1_000_000)
    },
  )
})
