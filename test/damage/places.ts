import type { Dump } from '../../src/dump/dump.js'
import { findBtf } from '../../src/kernel/find_btf.js'
import type { Kernel } from '../../src/kernel/kernel.js'
import { listNodes } from '../../src/kernel/list.js'
import { forEachModule } from '../../src/kernel/modules.js'
import { idleTask } from '../../src/kernel/percpu.js'
import { listTasks } from '../../src/kernel/task_summary.js'
import type { PagedMemory } from '../../src/memory/paging/paged_memory.js'
import { walk } from '../../src/memory/paging/walk.js'
import type { UntypedView } from '../../src/object/kernel_types.js'

/** Bytes of the image that mean something. */
export interface Place {
  /** By what they are known to the kernel, or for page tables the physical address. */
  readonly address: bigint
  readonly physical: number
  readonly size: number
  /** The task whose it is, if it is some task's. */
  readonly task?: bigint
}

/** What of an intact image can be damaged, by kind. */
export type Places = Record<string, readonly Place[]>

/** Members of a struct that lead on, or decide how what is behind them is read. */
const MEMBERS: Record<string, readonly string[]> = {
  task_struct: [
    ...['tasks.next', 'tasks.prev', 'thread_node.next', 'thread_node.prev', 'children.next'],
    ...['children.prev', 'sibling.next', 'sibling.prev', 'pid', 'tgid', 'comm', 'mm', 'flags'],
    ...['signal', 'cred', 'real_cred', 'real_parent', 'group_leader', 'files', 'fs', 'nsproxy'],
    ...['stack', '__state', 'exit_state', 'start_boottime', 'cgroups', 'thread_pid', 'sighand'],
    ...['se.cfs_rq', 'stack_vm_area', 'worker_private', 'thread_info', 'cpus_ptr', 'policy'],
    ...['static_prio', 'pid_links[0].next', 'pid_links[0].pprev', 'utime', 'stime'],
  ],
  signal_struct: ['nr_threads', 'thread_head.next', 'thread_head.prev', 'pids', 'tty', 'cputimer'],
  mm_struct: ['pgd', 'arg_start', 'arg_end', 'env_start', 'env_end', 'exe_file', 'start_stack'],
  cred: ['uid', 'group_info', 'user_ns', 'securebits', 'cap_effective'],
  group_info: ['ngroups'],
  user_namespace: ['uid_map', 'parent', 'level'],
  nsproxy: ['uts_ns', 'ipc_ns', 'mnt_ns', 'pid_ns_for_children', 'net_ns', 'cgroup_ns'],
  pid: ['level', 'numbers', 'tasks'],
  fs_struct: ['root', 'pwd'],
  css_set: ['dfl_cgrp', 'cgrp_links.next', 'cgrp_links.prev'],
  cgroup: ['kn', 'root'],
  dentry: ['d_parent', 'd_name', 'd_inode', 'd_sb', 'd_op', 'd_flags', 'd_seq'],
  mount: ['mnt_parent', 'mnt_mountpoint', 'mnt'],
  module: [
    ...['list.next', 'list.prev', 'state', 'name', 'kallsyms', 'num_syms', 'syms', 'mem'],
    ...['core_layout', 'init_layout', 'btf_data', 'btf_data_size'],
  ],
  mod_kallsyms: ['symtab', 'num_symtab', 'strtab', 'typetab'],
  btf_module: ['list.next', 'list.prev', 'btf', 'module'],
  btf: ['data', 'data_size'],
  printk_ringbuffer: ['desc_ring', 'text_data_ring', 'fail'],
  prb_desc_ring: ['count_bits', 'descs', 'infos', 'head_id', 'tail_id'],
  prb_data_ring: ['size_bits', 'data', 'head_lpos', 'tail_lpos'],
  rq: ['cpu', 'curr', 'idle', 'clock', 'cfs'],
  xa_node: ['shift', 'offset', 'parent', 'slots', 'count'],
  pid_namespace: ['idr', 'level', 'child_reaper'],
  kthread: ['full_name', 'data'],
}

/** Finds them with the intact kernel's own help. */
export function findPlaces(kernel: Kernel, dump: Dump): Places {
  return new Finder(kernel, dump).all()
}

class Finder {
  private readonly memory: PagedMemory

  constructor(
    private readonly kernel: Kernel,
    private readonly dump: Dump,
  ) {
    this.memory = kernel.uncached as PagedMemory
  }

  all(): Places {
    const { kernel } = this
    const listed = listTasks(kernel, 'threads').map(({ task }) => kernel.at('task_struct', task!))
    const idle = kernel.cpus.map((cpu) => idleTask(kernel, cpu))
    const first = [kernel.initTask, listed[0]!, ...idle]
    const tasks = [...first, ...listed]
    const of = (tasks: readonly UntypedView[], find: (task: UntypedView) => Place[]) =>
      tasks.flatMap((task) => find(task).map((place) => ({ ...place, task: task.$address })))
    return {
      'the first tasks': of(first, (task) => this.members(task)),
      'what the first tasks point to': of(first, (task) => this.behind(task)),
      tasks: of(tasks, (task) => this.members(task)),
      'what tasks point to': of(tasks, (task) => this.behind(task)),
      'files and cgroups': of(tasks, (task) => this.files(task)),
      'page tables': this.pageTables(tasks),
      'run queues': this.runQueues(),
      clocks: this.clocks(),
      'the log': this.log(),
      messages: this.messages(),
      modules: this.modules(),
      pids: this.pids(),
    }
  }

  /** What a kernel must have before it can be asked anything. */
  first(): Places {
    const tables = this.kallsyms()
    return { ...tables, BTF: this.btf(), 'page tables': this.pageTables([this.kernel.initTask]) }
  }

  place(address: bigint, size: number): Place[] {
    const physical = this.memory.translate(address)
    return physical === undefined ? [] : [{ address, physical: Number(physical), size }]
  }

  members(view: UntypedView | null | undefined): Place[] {
    if (!view) return []
    const names = MEMBERS[view.$type.name] ?? []
    const found = names.flatMap((name) => {
      const [first = ''] = name.split(/[.[]/)
      return view.$has(first) ? this.place(view.$addressOf(name), 8) : []
    })
    return found
  }

  behind(task: UntypedView): Place[] {
    const { signal, mm, real_cred: cred, nsproxy, thread_pid: pid } = task
    const kthread = task.worker_private && this.kernel.at('kthread', task.worker_private.$address)
    const all = [signal, mm, cred, cred?.group_info, cred?.user_ns, nsproxy, pid, kthread]
    return all.flatMap((view) => this.members(view))
  }

  files(task: UntypedView): Place[] {
    const { fs, cgroups, mm } = task
    const cgroup = cgroups?.dfl_cgrp
    const found = [fs, cgroups, cgroup].flatMap((view) => this.members(view))
    for (const path of [fs?.pwd, fs?.root, mm?.exe_file?.f_path]) {
      if (!path?.mnt) continue
      found.push(...this.members(this.kernel.containerOf(path.mnt.$address, 'mount', 'mnt')))
      for (let dentry = path.dentry, n = 0; n < 3; dentry = dentry.d_parent, n++) {
        found.push(...this.members(dentry))
      }
    }
    for (let node = cgroup?.kn; node; node = node.$has('__parent') ? node.__parent : node.parent) {
      const parent = node.$has('__parent') ? '__parent' : 'parent'
      found.push(...this.place(node.$addressOf(parent), 8))
      found.push(...this.place(node.$addressOf('name'), 8))
    }
    return found
  }

  /** The entries that translate what is looked at. */
  pageTables(tasks: readonly UntypedView[]): Place[] {
    const { kernel, memory } = this
    const places = new Map<bigint, Place>()
    const addEntries = (root: PagedMemory['root'], address: bigint) => {
      for (const { entryAddress } of walk(memory.mode, this.dump.physical, root, address).steps) {
        const place = { address: entryAddress, physical: Number(entryAddress), size: 8 }
        places.set(entryAddress, place)
      }
    }
    for (const task of tasks) {
      addEntries(memory.root, task.$address)
      if (task.mm === null) continue
      const pgd = memory.translate(task.mm.pgd.$address)!
      for (const at of [task.mm.arg_start, task.mm.env_start, task.mm.start_stack]) {
        addEntries(pgd, at)
      }
    }
    const stext = kernel.vmcoreinfo.symbol('_stext')!
    for (let mib = 0n; mib < 64n; mib++) addEntries(memory.root, stext + (mib << 20n))
    for (const module of forEachModule(kernel)) addEntries(memory.root, module.$address)
    for (const cpu of kernel.cpus) addEntries(memory.root, kernel.perCpuBase(cpu))
    return [...places.values()]
  }

  runQueues(): Place[] {
    const { kernel } = this
    return kernel.cpus.flatMap((cpu) => [
      ...this.members(kernel.perCpu('runqueues', cpu) as UntypedView),
      ...this.perCpu('this_cpu_off', cpu),
    ])
  }

  clocks(): Place[] {
    return this.kernel.cpus.flatMap((cpu) =>
      ['hrtimer_bases', 'tick_cpu_sched'].flatMap((name) => this.perCpu(name, cpu)),
    )
  }

  private perCpu(name: string, cpu: number): Place[] {
    const { kernel } = this
    const { offset, typeId } = kernel.perCpuSection.get(name)
    return this.words(kernel.perCpuBase(cpu) + BigInt(offset), kernel.types.sizeOf(typeId))
  }

  log(): Place[] {
    const { desc_ring: descs, text_data_ring: text } = this.ring
    const found = [this.ring, descs, text].flatMap((view) => this.members(view))
    for (const name of ['prb', 'clear_seq', 'panic_cpu', 'tainted_mask', '__cpu_possible_mask']) {
      const symbol = this.kernel.symbols.find(name)
      if (symbol !== undefined) found.push(...this.place(symbol.address, 8))
    }
    return found
  }

  messages(): Place[] {
    const { descs, infos } = this.ring.desc_ring
    return [descs, infos].flatMap(({ $address, $size }: UntypedView) => {
      return this.words($address, 200 * $size)
    })
  }

  private get ring(): UntypedView {
    const bytes = new Uint8Array(8)
    this.memory.read(this.kernel.symbols.get('prb').address, bytes)
    const address = new DataView(bytes.buffer).getBigUint64(0, true)
    return this.kernel.at('printk_ringbuffer', address)
  }

  modules(): Place[] {
    const { kernel } = this
    const found: Place[] = []
    for (const name of ['modules', 'btf_modules', 'bpf_kallsyms', 'ftrace_ops_trampoline_list']) {
      const symbol = kernel.symbols.find(name)
      if (symbol === undefined) continue
      found.push(...this.place(symbol.address, 8), ...this.place(symbol.address + 8n, 8))
    }
    for (const module of forEachModule(kernel)) {
      found.push(...this.members(module), ...this.members(module.kallsyms))
      found.push(...this.place(module.kallsyms.symtab.$address, 4096))
    }
    for (const node of listNodes(kernel.space, kernel.symbols.get('btf_modules').address)) {
      const entry = kernel.containerOf(node, 'btf_module', 'list')
      found.push(...this.members(entry), ...this.members(entry.btf))
    }
    return found
  }

  pids(): Place[] {
    const { kernel } = this
    const namespace = kernel.initTask.nsproxy.pid_ns_for_children
    const found = [...this.members(namespace)]
    const pending: bigint[] = [namespace.idr.idr_rt.xa_head.$address]
    for (let entry = pending.pop(); entry !== undefined; entry = pending.pop()) {
      if ((entry & 3n) !== 2n || entry <= 4096n) continue
      const node = kernel.at('xa_node', entry - 2n)
      found.push(...this.members(node))
      for (let i = 0; i < 64; i++) {
        found.push(...this.place(node.$addressOf('slots') + BigInt(i * 8), 8))
      }
      pending.push(...node.slots.flatMap((slot: UntypedView | null) => slot?.$address ?? []))
    }
    return found
  }

  kallsyms(): Places {
    const found: Record<string, Place[]> = {}
    const names = ['num_syms', 'names', 'token_table', 'token_index', 'offsets', 'relative_base']
    for (const name of names) {
      const address = this.kernel.vmcoreinfo.symbol(`kallsyms_${name}`)
      if (address === undefined) continue
      const size = { num_syms: 4, relative_base: 8, token_index: 512, token_table: 900 }[name]
      found[`kallsyms_${name}`] = this.words(address, size ?? 1 << 20)
    }
    return found
  }

  btf(): Place[] {
    const { kernel } = this
    const { address, bytes } = findBtf(this.memory, (name) => kernel.symbols.find(name)?.address)
    return [...this.words(address, 24), ...this.words(address, bytes.length)]
  }

  /** At most a few thousand of the words from an address on. */
  private words(address: bigint, length: number): Place[] {
    const step = Math.max(8, Math.floor(length / 1000) & -4)
    const found: Place[] = []
    for (let at = 0; at < length; at += step)
      found.push(...this.place(address + BigInt(at), Math.min(8, length)))
    return found
  }
}

/** What a kernel must have before it can be asked anything. */
export function findFirstPlaces(kernel: Kernel, dump: Dump): Places {
  return new Finder(kernel, dump).first()
}
