import type { Btf } from '../btf/btf.js'
import { UnsupportedError } from '../errors.js'
import type { Memory } from '../memory/memory.js'
import { PageCache } from '../memory/page_cache.js'
import { containerOf } from '../object/container_of.js'
import type { Struct } from '../object/kernel_types.js'
import { ObjectSpace } from '../object/space.js'
import type { View } from '../object/view.js'
import type { AddressRange } from '../symbols/areas.js'
import type { Symbols } from '../symbols/symbols.js'
import { Bootstrap } from './bootstrap.js'
import { DirectMap } from './direct_map.js'
import type { Fact } from './fact.js'
import type { ImageFacts } from './image_facts.js'
import { type PageTables, pageTablesOf } from './page_tables.js'
import { perCpu, perCpuPtr } from './percpu.js'
import { PerCpuSection } from './percpu_section.js'
import { findTask } from './pid.js'
import type { TaskSource } from './task_source.js'
import { forEachProcess, forEachProcessThread, forEachThread, type Walk } from './tasks.js'
import type { UserMemory } from './user_memory.js'
import type { Vmcoreinfo } from './vmcoreinfo.js'

/** What a source of a kernel (live, image, snapshot) brings along. */
export interface KernelParts {
  /** Such as `the running kernel, through BPF`. */
  readonly source: string
  readonly types: Btf
  readonly memory: Memory
  /** Asked once, when a symbol is first needed. */
  readonly symbols: () => Symbols
  readonly hints: BootHints
  /** A quicker way to all tasks than their list. */
  readonly tasks?: TaskSource
  /** A way to the memory of processes, by their own addresses. */
  readonly userMemory?: UserMemory
  /** The address of the task that asks, where that is a task of this kernel. */
  readonly ownTask?: () => bigint
  /** Physical memory, where it can be read without the kernel's direct map of it. */
  readonly physical?: Memory
  /** What the file says, if it is a memory image. */
  readonly image?: ImageFacts
  /** The system calls' or files' resources, let go of when the kernel is closed. */
  readonly resources?: Disposable
}

/** What the source knows of the kernel beforehand. */
export interface BootHints {
  /** `uname -r` */
  readonly release: string
  /** The address of any task; without it, the symbol init_task is needed. */
  readonly anyTask?: () => bigint
  /** The pid of who asks, where that is a process of this kernel in its initial pid namespace. */
  readonly ownPid?: number
  /** Where VMCOREINFO lies, for who has not got it yet. */
  readonly vmcoreinfoPhysical?: bigint
  readonly vmcoreinfo?: Fact<Vmcoreinfo>
  /** Where the kernel's image is mapped, for who has to search it. */
  readonly imageRange?: AddressRange
  /** Where an address lies in physical memory, for who can walk the page tables. */
  readonly toPhysical?: (address: bigint) => bigint
  /** The CPUs that may ever be there; one per per-CPU area. */
  readonly possibleCpus: () => readonly number[]
}

/**
 * A kernel that can be looked into: its types, symbols and memory, and what follows from them.
 * Functions named as the kernel's own are here and in the modules beside this one.
 */
export class Kernel implements Disposable {
  readonly types: Btf
  /** Remembers the pages that were read until {@link drop}. */
  readonly memory: PageCache
  /** Remembers nothing; for large reads. */
  readonly uncached: Memory
  readonly space: ObjectSpace
  readonly source: string
  readonly taskSource: TaskSource | undefined
  readonly userMemory: UserMemory | undefined
  /** Undefined for the running kernel. */
  readonly image: ImageFacts | undefined
  private readonly boot: Bootstrap
  private symbolTable: Symbols | undefined
  private physicalMemory: Memory | undefined
  private tables: PageTables | undefined
  private perCpuVariables: PerCpuSection | undefined

  constructor(private readonly parts: KernelParts) {
    this.types = parts.types
    this.source = parts.source
    this.taskSource = parts.tasks
    this.userMemory = parts.userMemory
    this.image = parts.image
    this.uncached = parts.memory
    this.memory = new PageCache(parts.memory)
    this.space = new ObjectSpace(parts.types, this.memory)
    this.boot = new Bootstrap(this, parts.hints)
  }

  get symbols(): Symbols {
    this.symbolTable ??= this.parts.symbols()
    return this.symbolTable
  }

  /** Memory by physical address; it remembers nothing. */
  get physical(): Memory {
    this.physicalMemory ??= this.parts.physical ?? new DirectMap(this.uncached, this.pageOffset)
    return this.physicalMemory
  }

  /** The paging mode, and the kernel's own page tables. */
  get pageTables(): PageTables {
    this.tables ??= pageTablesOf(this.vmcoreinfo)
    return this.tables
  }

  /** The per-CPU variables of the kernel's image. */
  get perCpuSection(): PerCpuSection {
    this.perCpuVariables ??= new PerCpuSection(this.types)
    return this.perCpuVariables
  }

  /** `uname -r` */
  get release(): string {
    return this.parts.hints.release
  }

  /** `init_task`: swapper/0, where the list of all processes starts. */
  get initTask(): Struct<'task_struct'> {
    return this.space.at('task_struct', this.boot.initTask.value)
  }

  /** `current`, of whoever asks: the main thread of this very process, on the running kernel. */
  get current(): Struct<'task_struct'> {
    const { ownTask } = this.parts
    if (ownTask !== undefined) return this.at('task_struct', ownTask())
    const { ownPid } = this.parts.hints
    const task = ownPid === undefined ? undefined : this.findTask(ownPid)
    if (task !== undefined) return task
    throw new UnsupportedError('no current task', `${this.source} does not show this process`)
  }

  /** PAGE_OFFSET: where the direct map of physical memory starts. */
  get pageOffset(): bigint {
    return this.boot.directMap.pageOffset.value
  }

  get vmcoreinfo(): Vmcoreinfo {
    return this.boot.directMap.vmcoreinfo.value
  }

  /** By how much KASLR moved the kernel's image. */
  get kaslrOffset(): bigint {
    return this.boot.kaslrOffset.value
  }

  /** The CPUs whose per-CPU areas are known, in order. */
  get cpus(): readonly number[] {
    return [...this.boot.perCpu.value.bases.keys()].sort((a, b) => a - b)
  }

  /** Where the per-CPU section of a CPU starts. Throws {@link UnsupportedError}. */
  perCpuBase(cpu: number): bigint {
    return this.ofCpu(this.boot.perCpu.value.bases, cpu)
  }

  /** `__per_cpu_offset[cpu]` */
  perCpuOffset(cpu: number): bigint {
    return this.ofCpu(this.boot.perCpu.value.offsets, cpu)
  }

  private ofCpu(areas: ReadonlyMap<number, bigint>, cpu: number): bigint {
    const area = areas.get(cpu)
    if (area !== undefined) return area
    throw new UnsupportedError(`no per-CPU area of CPU ${cpu}`, `this kernel has CPU ${this.cpus}`)
  }

  /** THREAD_SIZE: bytes of a kernel stack. */
  get threadSize(): number {
    return this.boot.threadSize.value
  }

  /** How everything that had to be found out was found, for `--debug`. Finds what is not yet. */
  facts(): (Fact<unknown> | Error)[] {
    return this.boot.all()
  }

  /** The struct or union `name` at an address; nothing is read before it is touched. */
  at<Name extends string>(name: Name, address: bigint): Struct<Name> {
    return this.space.at(name, address)
  }

  /** `container_of(inner, struct name, member)` */
  containerOf<Name extends string>(inner: View | bigint, name: Name, member: string): Struct<Name> {
    return containerOf(this.space, inner, name, member)
  }

  /** `per_cpu(name, cpu)`: a per-CPU variable's value on a CPU. */
  perCpu(name: string, cpu: number): unknown {
    return perCpu(this, name, cpu)
  }

  /** `per_cpu_ptr(pointer, cpu)`: what a per-CPU pointer points to on a CPU. */
  perCpuPtr<Target extends { readonly $address: bigint }>(pointer: Target, cpu: number): Target {
    return perCpuPtr(this, pointer, cpu)
  }

  /** `for_each_process(p)` */
  forEachProcess(walk?: Walk): Generator<Struct<'task_struct'>> {
    return forEachProcess(this, walk)
  }

  /** `for_each_process_thread(p, t)`: every thread of every process. */
  forEachProcessThread(walk?: Walk): Generator<Struct<'task_struct'>> {
    return forEachProcessThread(this, walk)
  }

  /** `for_each_thread(p, t)`: the threads of one process. */
  forEachThread(process: Struct<'task_struct'>): Generator<Struct<'task_struct'>> {
    return forEachThread(this, process)
  }

  /** The task with this pid (in the initial pid namespace), or undefined. */
  findTask(pid: number): Struct<'task_struct'> | undefined {
    return findTask(this, pid)
  }

  /** Forgets all pages read so far. */
  drop(): void {
    this.memory.drop()
  }

  [Symbol.dispose](): void {
    this.parts.resources?.[Symbol.dispose]()
  }
}
