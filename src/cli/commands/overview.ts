import { KsightError } from '../../errors.js'
import type { Kernel } from '../../kernel/kernel.js'
import { isKthread } from '../../kernel/kthread.js'
import { cpuCurr, idleTask } from '../../kernel/percpu.js'
import { listTasks } from '../../kernel/task_summary.js'
import type { UntypedView } from '../../object/kernel_types.js'
import { type AddressSpace, addressSpace } from '../address_space.js'
import { uptime } from '../live.js'
import { openKernel } from '../open.js'
import type { GlobalOptions } from '../options.js'
import type { Cpu, Overview, ShownAddressSpace, ShownTask } from '../overview.js'
import { pointerMode, showMessage, showPointers, showSymbols } from '../pointers.js'
import { present } from '../present.js'
import { overviewText } from '../render/overview_text.js'
import { pointerShower } from '../render/pointers.js'
import { countTasks } from '../task_counts.js'

export async function overview(options: GlobalOptions): Promise<void> {
  using kernel = openKernel(options)
  const shown = look(kernel, options)
  await present({ json: () => shown, text: (page) => overviewText(shown, page) }, options)
}

function look(kernel: Kernel, options: GlobalOptions): Overview {
  const { release, version, machine } = kernel.initTask.nsproxy.uts_ns.name
  const seconds = uptime()
  return {
    release,
    version,
    machine,
    source: kernel.source,
    uptime: seconds,
    bootTime: new Date(Date.now() - seconds * 1000).toISOString(),
    counts: countTasks(listTasks(kernel, 'threads')),
    cpus: cpus(kernel, options),
    pointers: pointerMode(options),
    addressSpace: shownAddressSpace(kernel, options),
  }
}

function cpus(kernel: Kernel, options: GlobalOptions): Cpu[] {
  kernel.drop()
  return kernel.cpus.map((cpu) => {
    const current = shownTask(cpuCurr(kernel, cpu), options)
    return { cpu, current, idle: shownTask(idleTask(kernel, cpu), options) }
  })
}

function shownTask(task: UntypedView, options: GlobalOptions): ShownTask {
  return {
    pid: task.pid,
    comm: task.comm,
    kernelThread: isKthread(task),
    task: showPointers(options)(task.$address),
  }
}

function shownAddressSpace(kernel: Kernel, options: GlobalOptions): Overview['addressSpace'] {
  try {
    return shown(addressSpace(kernel), options)
  } catch (error) {
    if (error instanceof KsightError) return { unknown: showMessage(error.message, options) }
    throw error
  }
}

/** Where the halves start is the same on every machine, and no secret. */
function shown(space: AddressSpace, options: GlobalOptions): ShownAddressSpace {
  const half = ({ first, last }: AddressSpace['user']) => ({
    first: plain(first),
    last: plain(last),
  })
  const symbol = showSymbols(options)
  return {
    user: half(space.user),
    kernel: half(space.kernel),
    pageOffset: showPointers(options)(space.pageOffset),
    text: space.text === undefined ? null : symbol(space.text),
    kaslrOffset: symbol(space.kaslrOffset),
  }
}

const plain = pointerShower('raw')
