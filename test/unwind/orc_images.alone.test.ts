import { beforeAll, describe, expect, test } from 'vitest'
import { openImage } from '../../src/files/open_image.js'
import type { Kernel } from '../../src/kernel/kernel.js'
import { isKthread } from '../../src/kernel/kthread.js'
import { kernelStack } from '../../src/unwind/kernel_stack.js'
import { type Image, image } from '../support/images.js'
import { describeLab } from '../support/lab.js'
import { asProcStack } from './proc_stack.js'

const KERNELS = [
  { kernel: '6.1', la57: false },
  { kernel: '6.1', la57: true },
  { kernel: '6.12', la57: false },
  { kernel: '6.12', la57: true },
] as const

describeLab('kernel stacks in a memory image', () => {
  describe.each(KERNELS)('of Debian’s $kernel, 5-level paging: $la57', (options) => {
    let truth: Image['truth']
    let kernel: Kernel
    beforeAll(async () => {
      const made = await image(options)
      truth = made.truth
      kernel = openImage([made.elf])
    })

    test('are those that /proc showed, of every task that has not run since', () => {
      const compared = truth.stacks.flatMap(({ pid, switches, functions }) => {
        const task = kernel.findTask(pid)
        if (task === undefined || task.nvcsw + task.nivcsw !== BigInt(switches)) return []
        return [
          {
            pid,
            comm: task.comm,
            told: functions,
            found: asProcStack(kernel, kernelStack(kernel, task)),
          },
        ]
      })
      expect(compared.filter(({ told, found }) => `${told}` !== `${found}`)).toEqual([])
      expect(compared.filter(({ told }) => told.length > 2).length).toBeGreaterThan(70)
      expect(compared.length).toBeGreaterThan(0.8 * truth.stacks.length)
    })

    test('end where a thread came from user space, or where a kernel thread starts', () => {
      const stacks = Array.from(kernel.forEachProcessThread(), (task) => {
        const { end, frames } = kernelStack(kernel, task)
        const expected = isKthread(task) ? 'end of stack' : 'user mode'
        const sure = frames.every(({ reliable, function: place }) => reliable && place)
        return { pid: task.pid, comm: task.comm, state: task.__state, end, expected, sure }
      })
      const odd = stacks.filter(({ end, expected, sure }) => end.reason !== expected || !sure)
      // A zombie has no stack any more.
      expect(odd.filter(({ end }) => !end.message.startsWith('it has exited'))).toEqual([])
      expect(odd.length).toBeLessThan(3)
    })
  })
})
