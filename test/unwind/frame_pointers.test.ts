import { expect, test } from 'vitest'
import type { Btf } from '../../src/btf/btf.js'
import type { Kernel } from '../../src/kernel/kernel.js'
import { openLive } from '../../src/live/open_live.js'
import type { Memory } from '../../src/memory/memory.js'
import type { UntypedView } from '../../src/object/kernel_types.js'
import { kernelStack } from '../../src/unwind/kernel_stack.js'
import { describeLive } from '../support/live.js'
import { compile, Running } from '../support/program.js'

/**
 * The running kernel as if it were built without ORC (CONFIG_UNWINDER_FRAME_POINTER), with a stack that
 * is laid out as such a kernel lays it out: functions that push bp, and at the interrupt a bp that leads
 * to the registers (ENCODE_FRAME_POINTER of arch/x86/include/asm/frame.h).
 */
function withoutOrc(kernel: Kernel, start: bigint, stack: Uint8Array): Kernel {
  const types: Btf = Object.create(kernel.types, {
    find: {
      value: (name: string, ...kinds: []) => {
        return name === 'orc_entry' ? undefined : kernel.types.find(name, ...kinds)
      },
    },
  })
  const uncached: Memory = {
    read: (address, into) => {
      const from = Number(address - start)
      if (from < 0 || from >= stack.length) kernel.uncached.read(address, into)
      else into.set(stack.subarray(from, from + into.length))
    },
    gather: (ranges) => kernel.uncached.gather(ranges),
  }
  return Object.create(kernel, { types: { value: types }, uncached: { value: uncached } })
}

describeLive('a kernel without ORC', () => {
  test('is unwound by frame pointers, through an interrupt, up to user space', async () => {
    using kernel = openLive()
    await using sleeper = await Running.start(compile('threads'), ['1', '0', '1'])
    const task: UntypedView = kernel.findTask(sleeper.pid)!
    const start: bigint = task.stack.$address
    const stack = new Uint8Array(kernel.threadSize)
    kernel.uncached.read(start, stack)
    const view = new DataView(stack.buffer)
    const put = (at: number, value: bigint) => view.setBigUint64(at, value, true)
    const address = (name: string) => kernel.symbols.get(name).address
    const registers = kernel.space.struct('pt_regs')
    const register = (base: number, name: string, value: bigint) => {
      put(base + registers.at(0n).$offsetOf(name), value)
    }

    // Where the task sleeps, and two frames above it.
    const asleep = Number(task.thread.sp - start)
    const bpAt = asleep + kernel.at('inactive_task_frame', 0n).$offsetOf('bp')
    const user = Number((kernelStack(kernel, task).frames.at(-1)!.sp ?? 0n) - start)
    const interrupted = user - registers.type.size - 256
    const frames = [interrupted - 512, interrupted - 256]
    put(bpAt, start + BigInt(frames[0]!))
    put(frames[0]!, start + BigInt(frames[1]!))
    put(frames[0]! + 8, address('vfs_read') + 9n)
    put(frames[1]!, start + BigInt(interrupted) + 1n)
    put(frames[1]! + 8, address('ksys_read') + 7n)
    // There it was interrupted; its own caller came from user space.
    register(interrupted, 'ip', address('do_syscall_64'))
    register(interrupted, 'cs', 0x10n)
    register(interrupted, 'sp', start + BigInt(interrupted + registers.type.size))
    register(interrupted, 'bp', start + BigInt(user - 64))
    put(user - 64, start + BigInt(user) + 1n)
    put(user - 56, address('entry_SYSCALL_64_after_hwframe') + 4n)

    const other = withoutOrc(kernel, start, stack)
    const found = kernelStack(other, task)
    const names = found.frames.map(({ function: place }) => `${place!.name}+${place!.offset}`)
    expect(names.slice(1)).toEqual([
      'vfs_read+9',
      'ksys_read+7',
      'do_syscall_64+0',
      'entry_SYSCALL_64_after_hwframe+4',
    ])
    expect(found.end).toEqual({ reason: 'user mode', message: '' })
    expect(found.frames.every(({ reliable }) => reliable)).toBe(true)
    expect(found.frames.map((frame) => frame.registers !== undefined)).toEqual([
      ...[false, false, false, true, false],
    ])
    expect(found.userRegisters).toEqual(kernelStack(kernel, task).userRegisters)
  })
})
