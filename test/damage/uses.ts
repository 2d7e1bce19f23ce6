import { describeType } from '../../src/btf/c/describe_type.js'
import { printType } from '../../src/btf/c/print_type.js'
import { addressSpace } from '../../src/cli/address_space.js'
import { look } from '../../src/cli/commands/overview.js'
import { describeFact } from '../../src/cli/facts.js'
import type { GlobalOptions } from '../../src/cli/options.js'
import { jsonDocument } from '../../src/cli/render/json.js'
import { logPrinter } from '../../src/cli/render/log_text.js'
import { LOG_TIMES } from '../../src/cli/render/log_time.js'
import { overviewText } from '../../src/cli/render/overview_text.js'
import { pointerShower } from '../../src/cli/render/pointers.js'
import { PLAIN_STYLE } from '../../src/cli/render/style.js'
import { tree } from '../../src/cli/render/tree.js'
import { shownDeath } from '../../src/cli/shown_death.js'
import { countTasks } from '../../src/cli/task_counts.js'
import { valueAsJson } from '../../src/cli/values/json.js'
import { symbolNamer } from '../../src/cli/values/shown.js'
import { valueAsText } from '../../src/cli/values/text.js'
import { valueIn } from '../../src/cli/values/value.js'
import { KsightError, UsageError } from '../../src/errors.js'
import { taskCgroups } from '../../src/kernel/cgroup.js'
import { mmCmdline, mmEnviron } from '../../src/kernel/cmdline.js'
import { taskCputimeAdjusted, threadGroupCputimeAdjusted } from '../../src/kernel/cputime.js'
import { credCapabilities, credGroups, credIds, taskCred } from '../../src/kernel/cred.js'
import { death } from '../../src/kernel/death.js'
import type { Kernel } from '../../src/kernel/kernel.js'
import { getMmRss, taskMm } from '../../src/kernel/mm.js'
import { forEachModule, moduleBtf, moduleMemory } from '../../src/kernel/modules.js'
import { taskNamespaces } from '../../src/kernel/namespace.js'
import { taskCwd, taskExe, taskRoot } from '../../src/kernel/path.js'
import { taskPids, taskPidVnr, taskTgidVnr } from '../../src/kernel/pid.js'
import { forEachLogRecord, logClearSeq } from '../../src/kernel/printk.js'
import { procTaskName } from '../../src/kernel/proc_task_name.js'
import {
  forEachChild,
  forEachSibling,
  getNrThreads,
  taskPgrpVnr,
  taskPpidNr,
  taskSessionVnr,
  taskTtyNr,
} from '../../src/kernel/relations.js'
import { runtimeSymbols } from '../../src/kernel/runtime_symbols.js'
import { schedPolicyName, taskCpusAllowed, taskNice, taskPrio } from '../../src/kernel/sched.js'
import { taskStateToChar } from '../../src/kernel/state.js'
import { listIdleTasks, listTasks } from '../../src/kernel/task_summary.js'
import { clockOffsets } from '../../src/kernel/time.js'
import { fromKuid } from '../../src/kernel/user_namespace.js'
import { deref } from '../../src/object/deref.js'
import type { UntypedView } from '../../src/object/kernel_types.js'
import { placeOf } from '../../src/object/place.js'

/** What is of one task is done for some of them only. */
export interface Use {
  readonly kernel: Kernel
  /** Addresses of some tasks, in the image as it was. */
  readonly tasks: readonly bigint[]
}

const OPTIONS: GlobalOptions = { c: ['image'], color: false, pointers: 'raw' }
const PAGE = { width: 100, style: PLAIN_STYLE }

/** More than there is of anything in the images. */
const MANY = 1 << 20

const told = ({ message }: KsightError) => checkMessage(message)

const showing = (kernel: Kernel) => ({
  pointer: pointerShower('raw'),
  symbol: symbolNamer(kernel),
})

/** By name: everything that can be asked of a kernel. */
export const USES: Record<string, (use: Use) => unknown> = {
  facts: ({ kernel }) => {
    for (const fact of kernel.facts()) {
      if (fact instanceof Error && !isAllowed(fact)) throw fact
      describeFact(fact, OPTIONS)
    }
  },
  overview: ({ kernel }) => {
    const shown = look(kernel, OPTIONS, told)
    jsonDocument(shown)
    overviewText(shown, PAGE)
  },
  'address space': ({ kernel }) => addressSpace(kernel),
  processes: ({ kernel }) => {
    tree(
      listTasks(kernel, 'processes', undefined, told),
      ({ pid }) => pid,
      ({ ppid }) => ppid,
    )
  },
  threads: ({ kernel }) => countTasks(listTasks(kernel, 'threads', undefined, told)),
  'idle tasks': ({ kernel }) => listIdleTasks(kernel, told),
  'views of processes': ({ kernel }) => {
    for (const task of few(kernel.forEachProcess('list'))) void [task.pid, task.comm]
  },
  'views of threads': ({ kernel }) => {
    for (const task of few(kernel.forEachProcessThread('list'))) void [task.pid, task.comm]
  },
  log: ({ kernel }) => {
    logClearSeq(kernel)
    const records = few(forEachLogRecord(kernel))
    const startedAt = () => clockOffsets(kernel).real
    for (const time of LOG_TIMES) {
      const print = logPrinter({ time, decode: true, startedAt })
      for (const record of records.slice(0, 100)) print(record)
    }
  },
  death: ({ kernel }) => death(kernel),
  'shown death': ({ kernel }) => shownDeath(kernel),
  'find a task by pid': ({ kernel, tasks }) => {
    for (const address of tasks) {
      const { pid } = kernel.at('task_struct', address)
      attempt(() => kernel.findTask(pid)?.comm)
    }
    kernel.findTask(1)
    kernel.findTask(4_000_000)
  },
  'a symbol': ({ kernel }) => kernel.symbols.find('init_task'),
  'a symbol of a module': ({ kernel }) => kernel.symbols.find('p9_client_read'),
  'all symbols': ({ kernel }) => {
    let letters = 0
    for (const { name, type } of few(kernel.symbols.symbols())) letters += name.length + type.length
    return letters
  },
  'symbols at addresses': ({ kernel, tasks }) => {
    const stext = kernel.vmcoreinfo.symbol('_stext')!
    for (const address of [stext, stext + 0x12345n, 0n, (1n << 64n) - 1n, ...tasks]) {
      kernel.symbols.nearest(address)
    }
  },
  'a missing symbol': ({ kernel }) => attempt(() => kernel.symbols.get('no_such_symbol')),
  modules: ({ kernel }) => {
    for (const module of few(forEachModule(kernel))) {
      void module.name
      attempt(() => moduleMemory(module))
      attempt(() => moduleBtf(kernel, module))
    }
  },
  'symbols of modules': ({ kernel }) => {
    for (const { message } of runtimeSymbols(kernel).problems ?? []) checkMessage(message)
  },
  'types as text': ({ kernel }) => {
    for (const name of ['task_struct', 'mm_struct', 'module', 'printk_ringbuffer', 'pid_t']) {
      attempt(() => printType(kernel.types, kernel.types.get(name)))
      attempt(() => jsonDocument(describeType(kernel.types, kernel.types.get(name))))
    }
  },
  'tasks as text': ({ kernel, tasks }) => {
    forEachOf(kernel, tasks, (task) => {
      const value = valueIn(task.$space, placeOf(task))
      valueAsText(value, kernel.types, showing(kernel))
      jsonDocument(valueAsJson(value, showing(kernel)))
    })
  },
  'what the helpers tell': ({ kernel, tasks }) => {
    forEachOf(kernel, tasks, (task) => {
      for (const help of HELPERS) attempt(() => help(kernel, task))
    })
  },
}

const OF_TASKS = ['processes', 'threads', 'views of processes', 'views of threads', 'overview']
const OF_ONE_TASK = ['find a task by pid', 'tasks as text', 'what the helpers tell']
const OF_THE_LOG = ['log', 'death', 'shown death', 'overview']

/** By the kind of what is damaged, the uses that come upon it; of other kinds it may be any. */
export const USES_OF: Record<string, readonly string[]> = {
  'the first tasks': ['facts', 'idle tasks', ...OF_TASKS, ...OF_ONE_TASK],
  'what the first tasks point to': ['facts', ...OF_TASKS, ...OF_ONE_TASK],
  tasks: [...OF_TASKS, ...OF_ONE_TASK],
  'what tasks point to': [...OF_TASKS, ...OF_ONE_TASK],
  'files and cgroups': ['what the helpers tell'],
  'page tables': ['facts', ...OF_TASKS, ...OF_ONE_TASK, ...OF_THE_LOG, 'modules'],
  'run queues': ['facts', 'idle tasks', 'overview', 'shown death'],
  clocks: ['overview', 'log'],
  'the log': OF_THE_LOG,
  messages: OF_THE_LOG,
  modules: ['modules', 'symbols of modules'],
  pids: ['find a task by pid'],
}

const HELPERS: readonly ((kernel: Kernel, task: UntypedView) => unknown)[] = [
  mmCmdline,
  mmEnviron,
  taskCwd,
  taskRoot,
  taskExe,
  procTaskName,
  threadGroupCputimeAdjusted,
  taskCpusAllowed,
  (_, task) => taskCgroups(task),
  (_, task) => credIds(taskCred(task)),
  (_, task) => credGroups(taskCred(task)),
  (_, task) => credCapabilities(taskCred(task)),
  (_, task) => fromKuid(deref(taskCred(task), 'user_ns'), 1000),
  (_, task) => taskNamespaces(task),
  (_, task) => taskPids(task),
  (_, task) => taskPidVnr(task),
  (_, task) => taskTgidVnr(task),
  (_, task) => taskPgrpVnr(task),
  (_, task) => taskSessionVnr(task),
  (_, task) => taskPpidNr(task),
  (_, task) => taskTtyNr(task),
  (_, task) => taskStateToChar(task),
  (_, task) => [taskPrio(task), taskNice(task), schedPolicyName(task.policy)],
  (_, task) => taskCputimeAdjusted(task),
  (_, task) => getNrThreads(task),
  (_, task) => few(forEachChild(task)),
  (_, task) => few(forEachSibling(task)),
  (kernel, task) => few(kernel.forEachThread(task)),
  (kernel, task) => {
    const mm = taskMm(task)
    return mm && getMmRss(kernel, mm)
  },
  (kernel, task) => kernel.userMemory!.read(task, taskMm(task)?.start_stack ?? 0n, bytes),
]

const bytes = new Uint8Array(5000)

function forEachOf(
  kernel: Kernel,
  tasks: readonly bigint[],
  action: (task: UntypedView) => void,
): void {
  for (const task of tasks) attempt(() => action(kernel.at('task_struct', task)))
}

/** All of them, of which there must be an end. */
function few<T>(things: Iterable<T>): T[] {
  const found: T[] = []
  for (const thing of things) {
    if (found.push(thing) > MANY) throw new Error('they do not end')
  }
  return found
}

/** Does something; only ksight's own errors are allowed, and each is one line. */
export function attempt<T>(action: () => T): T | undefined {
  try {
    return action()
  } catch (error) {
    if (!isAllowed(error)) throw error
    checkMessage(error.message)
    return undefined
  }
}

/** Nobody used anything in a wrong way. */
function isAllowed(error: unknown): error is KsightError {
  return error instanceof KsightError && !(error instanceof UsageError)
}

function checkMessage(message: string): void {
  if (message.includes('\n')) throw new Error(`more than one line: ${JSON.stringify(message)}`)
}
