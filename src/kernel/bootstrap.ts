import { NotFoundError, PermissionError, UnsupportedError } from '../errors.js'
import { containerOf } from '../object/container_of.js'
import { deref } from '../object/deref.js'
import type { UntypedView } from '../object/kernel_types.js'
import type { Fact } from './fact.js'
import { findInitTask } from './find_init_task.js'
import { findKaslrOffset } from './find_kaslr_offset.js'
import { findPerCpuAreas, type PerCpuAreas } from './find_percpu.js'
import { findThreadSize } from './find_thread_size.js'
import { type DirectMap, findDirectMap, translatedPageOffset } from './find_vmcoreinfo.js'
import type { BootHints, Kernel } from './kernel.js'
import { listForEachEntry } from './list.js'
import { searchInitTask } from './search_init_task.js'

/** Finds out what a kernel does not tell by itself, each fact when it is first needed. */
export class Bootstrap {
  private readonly found = new Map<string, unknown>()

  constructor(
    private readonly kernel: Kernel,
    private readonly hints: BootHints,
  ) {}

  private once<T>(name: string, find: () => T): T {
    if (!this.found.has(name)) this.found.set(name, find())
    return this.found.get(name) as T
  }

  get initTask(): Fact<bigint> {
    return this.once('initTask', () => {
      const { space, uncached } = this.kernel
      const { anyTask, imageRange } = this.hints
      const search = () =>
        imageRange === undefined ? [] : searchInitTask(space, uncached, imageRange)
      return findInitTask(space, anyTask, () => this.symbol('init_task'), search)
    })
  }

  get directMap(): DirectMap {
    return this.once('directMap', () => {
      const { memory } = this.kernel
      const { release, vmcoreinfoPhysical, vmcoreinfo, toPhysical } = this.hints
      // Unlike init_task, which is part of the image, every other task is in the direct map.
      const task = this.firstTask.$address
      const variable = () => this.variable64('page_offset_base')
      if (vmcoreinfo !== undefined && toPhysical !== undefined) {
        return { vmcoreinfo, pageOffset: translatedPageOffset(task, toPhysical, variable()) }
      }
      if (vmcoreinfoPhysical === undefined) {
        throw new UnsupportedError(
          'cannot find PAGE_OFFSET',
          'nothing tells where VMCOREINFO is',
          'it needs a kernel built with CONFIG_VMCORE_INFO, and /sys/kernel/vmcoreinfo',
        )
      }
      return findDirectMap(memory, release, vmcoreinfoPhysical, variable, task)
    })
  }

  get kaslrOffset(): Fact<bigint> {
    return this.once('kaslrOffset', () => {
      const stext = this.symbol('_stext')
      return findKaslrOffset(this.directMap.vmcoreinfo.value, stext)
    })
  }

  get perCpu(): Fact<PerCpuAreas> {
    return this.once('perCpu', () => {
      const { space, perCpuSection } = this.kernel
      return findPerCpuAreas(space, perCpuSection, this.processes(), this.hints.possibleCpus())
    })
  }

  get threadSize(): Fact<number> {
    return this.once('threadSize', () => findThreadSize(this.kernel.space, this.firstTask))
  }

  /** The first process on the list of init_task: pid 1. */
  private get firstTask(): UntypedView {
    const { space, initTask } = this.kernel
    return containerOf(space, deref(initTask.tasks, 'next'), 'task_struct', 'tasks')
  }

  /** init_task and the processes on its list. */
  private *processes(): Generator<UntypedView> {
    const { space, initTask } = this.kernel
    yield initTask
    yield* listForEachEntry(space, initTask.$addressOf('tasks'), 'task_struct', 'tasks')
  }

  /**
   * Symbols help, but nothing depends on them: with kptr_restrict 2 not even root sees them, and an
   * image may have lost them.
   */
  private symbol(name: string): bigint | undefined {
    try {
      return this.kernel.symbols.find(name)?.address
    } catch (error) {
      const isUnknown = error instanceof PermissionError || error instanceof NotFoundError
      if (isUnknown) return undefined
      throw error
    }
  }

  private variable64(name: string): bigint | undefined {
    const address = this.symbol(name)
    if (address === undefined) return undefined
    const bytes = new Uint8Array(8)
    this.kernel.memory.read(address, bytes)
    return new DataView(bytes.buffer).getBigUint64(0, this.kernel.types.littleEndian)
  }

  /** Every fact; an error in the place of one that cannot be found. */
  all(): (Fact<unknown> | Error)[] {
    const facts: (() => Fact<unknown>)[] = [
      () => this.initTask,
      () => this.directMap.vmcoreinfo,
      () => this.directMap.pageOffset,
      () => this.kaslrOffset,
      () => this.perCpu,
      () => this.threadSize,
    ]
    return facts.map((find) => {
      try {
        return find()
      } catch (error) {
        if (error instanceof Error) return error
        throw error
      }
    })
  }
}
