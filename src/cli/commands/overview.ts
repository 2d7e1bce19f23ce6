import { KsightError } from '../../errors.js'
import type { ImageFacts } from '../../kernel/image_facts.js'
import type { Kernel } from '../../kernel/kernel.js'
import { isKthread } from '../../kernel/kthread.js'
import { cpuCurr, idleTask } from '../../kernel/percpu.js'
import type { OnMissing } from '../../kernel/still_tasks.js'
import { listTasks } from '../../kernel/task_summary.js'
import { getBootTime, uptime } from '../../kernel/time.js'
import { initUtsname } from '../../kernel/uname.js'
import type { UntypedView } from '../../object/kernel_types.js'
import { type AddressSpace, addressSpace } from '../address_space.js'
import { utcTime } from '../iso_time.js'
import { openKernel } from '../open.js'
import type { GlobalOptions } from '../options.js'
import type { Cpu, Overview, ShownAddressSpace, ShownImage, ShownTask } from '../overview.js'
import { pointerMode, showMessage, showPointers, showSymbols } from '../pointers.js'
import { present } from '../present.js'
import { overviewText } from '../render/overview_text.js'
import { pointerShower } from '../render/pointers.js'
import { shownDeath } from '../shown_death.js'
import { countTasks } from '../task_counts.js'
import { symbolNamer } from '../values/shown.js'
import { warnOfMissing } from '../warn.js'

export async function overview(options: GlobalOptions): Promise<void> {
  using kernel = openKernel(options)
  const shown = look(kernel, options, warnOfMissing(options))
  await present({ json: () => shown, text: (page) => overviewText(shown, page) }, options)
}

export function look(kernel: Kernel, options: GlobalOptions, onMissing: OnMissing): Overview {
  const { release, version, machine, nodename } = initUtsname(kernel)
  return {
    release,
    version,
    machine,
    nodename,
    source: kernel.source,
    uptime: uptime(kernel),
    bootTime: utcTime(getBootTime(kernel)),
    image: kernel.image === undefined ? null : shownImage(kernel, kernel.image),
    // The kernel that runs this lives, and need not be asked.
    died: kernel.image === undefined ? null : shownDeath(kernel),
    counts: countTasks(listTasks(kernel, 'threads', undefined, onMissing)),
    cpus: cpus(kernel, options),
    pointers: pointerMode(options),
    addressSpace: shownAddressSpace(kernel, options),
  }
}

/** An image that does not say when it was made shows the kernel's own clock, which stands still since. */
function shownImage(kernel: Kernel, { format, dumpedAt, incomplete }: ImageFacts): ShownImage {
  const stopped = getBootTime(kernel) + BigInt(Math.round(uptime(kernel) * 1e9))
  const dumped = dumpedAt === undefined ? stopped : BigInt(dumpedAt) * 1_000_000_000n
  return { format, dumped: utcTime(dumped), incomplete: incomplete ?? null }
}

function cpus(kernel: Kernel, options: GlobalOptions): Cpu[] {
  kernel.drop()
  const states = kernel.image?.cpus ?? []
  const name = symbolNamer(kernel)
  return kernel.cpus.map((cpu) => {
    const current = shownTask(cpuCurr(kernel, cpu), options)
    const registers = states.find((state) => state.cpu === cpu)?.registers
    const ip = registers?.get('ip') ?? registers?.get('pc')
    const show = showPointers(options)
    return {
      cpu,
      current,
      idle: shownTask(idleTask(kernel, cpu), options),
      ip: ip === undefined ? null : (name(ip) ?? show(ip)),
      registers:
        registers === undefined
          ? null
          : Object.fromEntries([...registers].map(([name, value]) => [name, show(value)])),
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
