import { NotFoundError, UnsupportedError } from '../../errors.js'
import type { Kernel } from '../../kernel/kernel.js'
import { cpuCurr } from '../../kernel/percpu.js'
import { taskCpu } from '../../kernel/sched.js'
import type { UntypedView } from '../../object/kernel_types.js'
import { kernelStack } from '../../unwind/kernel_stack.js'
import { openKernel } from '../open.js'
import type { GlobalOptions } from '../options.js'
import { showPointers } from '../pointers.js'
import { present } from '../present.js'
import { rows } from '../render/json.js'
import { stacksText } from '../render/kernel_stack_text.js'
import { type ShownStack, shownStack } from '../shown_stack.js'

/** The kernel stack of one task, or of what each CPU was doing. */
export async function bt(pid: number | undefined, options: GlobalOptions): Promise<void> {
  using kernel = openKernel(options)
  const stacks = look(kernel, pid, options)
  await present(
    { json: () => rows(stacks, (stack) => stack), text: (page) => stacksText(stacks, page) },
    options,
  )
}

function look(kernel: Kernel, pid: number | undefined, options: GlobalOptions): ShownStack[] {
  const show = showPointers(options)
  const shown = (task: UntypedView, cpu: number) => {
    return shownStack(task, cpu, kernelStack(kernel, task), show)
  }
  if (pid === undefined) {
    checkStopped(kernel)
    return kernel.cpus.map((cpu) => shown(cpuCurr(kernel, cpu), cpu))
  }
  const task = kernel.findTask(pid)
  if (task === undefined) {
    throw new NotFoundError(`no task ${pid}`, [], 'no process or thread has this PID')
  }
  return [shown(task, taskCpu(task))]
}

function checkStopped({ image }: Kernel): void {
  if (image !== undefined) return
  throw new UnsupportedError(
    'cannot show what each CPU is doing',
    'nothing tells the registers of a CPU that goes on running',
    'name a task that sleeps, or a memory image with -c',
  )
}
