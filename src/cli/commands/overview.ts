import type { CpuState } from '../../dump/dump.js'
import { KsightError } from '../../errors.js'
import type { Kernel } from '../../kernel/kernel.js'
import { isKthread } from '../../kernel/kthread.js'
import { cpuCurr, idleTask } from '../../kernel/percpu.js'
import { listTasks } from '../../kernel/task_summary.js'
import { getBootTime, uptime } from '../../kernel/time.js'
import { initUtsname } from '../../kernel/uname.js'
import type { UntypedView } from '../../object/kernel_types.js'
import { type AddressSpace, addressSpace } from '../address_space.js'
import { utcTime } from '../iso_time.js'
import { openKernel } from '../open.js'
import type { GlobalOptions } from '../options.js'
import type { Cpu, Overview, ShownAddressSpace, ShownTask } from '../overview.js'
import { pointerMode, showMessage, showPointers, showSymbols } from '../pointers.js'
import { present } from '../present.js'
import { overviewText } from '../render/overview_text.js'
import { pointerShower } from '../render/pointers.js'
import { shownDeath } from '../shown_death.js'
import { countTasks } from '../task_counts.js'
import { symbolNamer } from '../values/shown.js'

export async function overview(options: GlobalOptions): Promise<void> {
  using kernel = openKernel(options)
  const shown = look(kernel, options)
  await present({ json: () => shown, text: (page) => overviewText(shown, page) }, options)
}

/** `states` are the registers of the CPUs, as far as an image tells them. */
function look(kernel: Kernel, options: GlobalOptions, states: readonly CpuState[] = []): Overview {
  const { release, version, machine, nodename } = initUtsname(kernel)
  return {
    release,
    version,
    machine,
    nodename,
    source: kernel.source,
    uptime: uptime(kernel),
    bootTime: utcTime(getBootTime(kernel)),
    // The kernel that runs this lives, and need not be asked.
    died: options.c === undefined ? null : shownDeath(kernel),
    counts: countTasks(listTasks(kernel, 'threads')),
    cpus: cpus(kernel, options, states),
    pointers: pointerMode(options),
    addressSpace: shownAddressSpace(kernel, options),
  }
}

function cpus(kernel: Kernel, options: GlobalOptions, states: readonly CpuState[]): Cpu[] {
  kernel.drop()
  const name = symbolNamer(kernel)
  return kernel.cpus.map((cpu) => {
    const current = shownTask(cpuCurr(kernel, cpu), options)
    const ip = states.find((state) => state.cpu === cpu)?.registers.get('rip')
    return {
      cpu,
      current,
      idle: shownTask(idleTask(kernel, cpu), options),
      ip: ip === undefined ? null : (name(ip) ?? showPointers(options)(ip)),
    }
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
