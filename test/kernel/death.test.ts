import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { death } from '../../src/kernel/death.js'
import type { LogCaller, LogRecord } from '../../src/kernel/log_record.js'
import { lastTrouble } from '../../src/kernel/trouble.js'
import { openLive } from '../../src/live/open_live.js'
import { describeLive } from '../support/live.js'

/** The end of the log of a kernel of the lab that was made to panic, as its memory held it. */
function recorded(name: string): LogRecord[] {
  const lines = readFileSync(join(import.meta.dirname, `panics/${name}.log`), 'utf8')
  return [...lines.matchAll(/^(\d+) ([TC])(\d+) (.*)$/gm)].map(
    ([, time, kind, number, text], i) => {
      const caller = kind === 'T' ? { task: Number(number) } : { cpu: Number(number) }
      return record(i, BigInt(time!), caller, text!)
    },
  )
}

/** Lines that a task writes. */
function written(...lines: string[]): LogRecord[] {
  return lines.map((text, i) => record(i, BigInt(i) * 1_000_000n, { task: 7 }, text))
}

function record(seq: number, timestamp: bigint, caller: LogCaller, text: string): LogRecord {
  return {
    seq: BigInt(seq),
    timestamp,
    level: 0,
    facility: 0,
    caller,
    bytes: new TextEncoder().encode(text),
    text,
    subsystem: undefined,
    device: undefined,
    unfinished: false,
  }
}

const OOPS = {
  'null_6.1': {
    cpu: 1,
    pid: 221,
    oops: 'Oops: 0002 [#1] PREEMPT SMP NOPTI',
    ip: 'dereference_null+0xc/0x20',
  },
  'null_6.12': {
    cpu: 0,
    pid: 264,
    oops: 'Oops: Oops: 0002 [#1] PREEMPT SMP NOPTI',
    ip: 'dereference_null+0xc/0x20',
  },
}

describeLive('why a kernel died', () => {
  test('the running one did not', () => {
    using kernel = openLive()
    expect(death(kernel)).toBeUndefined()
  })

  test.each(Object.entries(OOPS))('by a NULL dereference: %s', (name, { cpu, pid, oops, ip }) => {
    using kernel = openLive()
    const records = recorded(name)
    const who = { cpu, pid, comm: 'last_look' }
    const died = death(kernel, records)
    expect(died).toMatchObject({ panic: 'Fatal exception', ...who })
    expect(died!.cause).toMatchObject({
      ...who,
      message: 'BUG: kernel NULL pointer dereference, address: 0000000000000000',
      oops,
      ip: `${ip} [ksight_lab]`,
    })
    const { callTrace } = died!
    expect(callTrace[0]).toMatch(/^write_crash\+/)
    expect(callTrace.at(-1)).toMatch(/^entry_SYSCALL_64_after_hwframe\+/)
    expect(callTrace.every((call) => records.some(({ text }) => text.trim() === call))).toBe(true)
  })

  test('what a process writes kills no kernel', () => {
    using kernel = openLive()
    const forged = recorded('sysrq_6.1').map((record) => ({ ...record, facility: 1 }))
    expect(death(kernel, forged)).toBeUndefined()
  })

  test.each([
    ['sysrq_6.1', 221],
    ['sysrq_6.12', 267],
  ])('by sysrq: %s', (name, pid) => {
    using kernel = openLive()
    const died = death(kernel, recorded(name))
    const who = { cpu: 0, pid, comm: 'last_look' }
    expect(died).toMatchObject({ panic: 'sysrq triggered crash', cause: undefined, ...who })
    expect(died!.callTrace.some((call) => call.startsWith('sysrq_handle_crash+'))).toBe(true)
  })
})

describe('trouble that a kernel may live with', () => {
  test.each([
    'watchdog: BUG: soft lockup - CPU#1 stuck for 22s! [node:4711]',
    'NMI watchdog: Watchdog detected hard LOCKUP on cpu 1',
    'INFO: task node:4711 blocked for more than 120 seconds.',
    'rcu: INFO: rcu_preempt detected stalls on CPUs/tasks:',
    'kernel BUG at mm/slub.c:1!',
    'general protection fault, probably for non-canonical address 0xdead000000000100: 0000 [#1] SMP',
    'Oops: general protection fault, probably for non-canonical address 0xdead000000000100: 0000 [#1] SMP',
    'divide error: 0000 [#1] SMP',
    'Unable to handle kernel NULL pointer dereference at virtual address 0000000000000000',
    'WARNING: CPU: 1 PID: 4711 at fs/namespace.c:1 mntput_no_expire+0x1/0x2',
  ])('%s', (message) => {
    expect(lastTrouble(written('before', message, 'behind'))?.message).toBe(message)
  })

  test.each([
    'Debug: 0000',
    'Speculative Return Stack Overflow: WARNING: See https://kernel.org',
    'usb 1-1: BUG: not at the beginning',
    'Tainted: [D]=DIE',
  ])('is not: %s', (message) => {
    expect(lastTrouble(written(message))).toBeUndefined()
  })

  test('a name may hold anything, and other CPUs may write in between', () => {
    const lines = written(
      'BUG: unable to handle page fault for address: ffffdead',
      'Oops: 0000 [#2] SMP',
      'CPU: 3 PID: 99 Comm: other Not tainted 6.1.0 #1',
      'CPU: 1 PID: 4711 Comm: a Comm: (b) [c] Tainted: G      D W          6.1.0 #1',
      'RIP: 0010:vfs_read+0x12/0x340',
    )
    lines[2] = { ...lines[2]!, caller: { cpu: 3 } }
    expect(lastTrouble(lines)).toMatchObject({
      message: 'BUG: unable to handle page fault for address: ffffdead',
      oops: 'Oops: 0000 [#2] SMP',
      cpu: 1,
      pid: 4711,
      comm: 'a Comm: (b) [c]',
      taints: [{ letter: 'D' }, { letter: 'W' }],
      ip: 'vfs_read+0x12/0x340',
    })
  })
})
