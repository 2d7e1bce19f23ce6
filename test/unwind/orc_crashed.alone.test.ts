import { beforeAll, describe, expect, test } from 'vitest'
import type { ShownRegisters, ShownStack } from '../../src/cli/shown_stack.js'
import { json, output } from '../cli/ksight.js'
import { crashedImage } from '../support/images.js'
import { describeLab } from '../support/lab.js'

const CRASHES = [
  { kernel: '6.1', how: 'sysrq' },
  { kernel: '6.1', how: 'null' },
  { kernel: '6.12', how: 'sysrq' },
  { kernel: '6.12', how: 'null' },
] as const

describeLab('ksight bt on a kernel that died', () => {
  describe.each(CRASHES)('Debian’s $kernel by $how', ({ kernel, how }) => {
    let dead: ShownStack
    let other: ShownStack
    let told: Told
    let file: string
    beforeAll(async () => {
      file = (await crashedImage({ kernel, how })).elf
      const stacks = json<ShownStack[]>('-c', file, 'bt')
      dead = stacks.find(({ comm }) => comm === 'last_look')!
      other = stacks.find(({ comm }) => comm !== 'last_look')!
      told = lastWords(output('-c', file, 'log'))
    })

    test('shows the call trace that the kernel printed, and leaves out what that doubts', () => {
      const { frames } = dead
      expect(frames.every(({ reliable }) => reliable)).toBe(true)
      const found = frames.map((frame) => frame.function!)
      // The trace of a panic was printed on its way; from then on it was called from another place.
      const expected =
        how === 'null' ? told.trace : told.trace.slice(indexOf(told.trace, 'panic') + 1)
      expect(expected.length).toBeGreaterThan(5)
      const above = found.slice(0, -expected.length)
      expect(found.slice(-expected.length)).toEqual(expected)
      expect(above.map((text) => text.split('+')[0])).toContain('panic')
    })

    test('shows the registers with which it had left user space', () => {
      expect(dead.end).toEqual({ reason: 'user mode', message: '' })
      expect(dead.userRegisters).toMatchObject(told.user)
      expect(Object.keys(told.user).length).toBe(19)
    })

    test('shows the registers at the fault, if there was one', () => {
      const [, ...interrupted] = dead.frames.filter(({ registers }) => registers !== null)
      expect(told.fault !== undefined).toBe(how === 'null')
      const { fault } = told
      expect(interrupted.map((frame) => frame.function)).toEqual(fault ? [fault.function] : [])
      if (fault === undefined) return
      expect(interrupted[0]!.registers).toMatchObject(fault.registers)
      expect(Object.keys(fault.registers).length).toBe(17)
    })

    test('goes on from the interrupt that stopped the other CPU to what it was doing', () => {
      expect(other.comm).toMatch(/^swapper/)
      const stacks = [...new Set(other.frames.map(({ stack }) => stack))]
      expect(stacks).toEqual(['IRQ', 'TASK'])
      const idle = other.frames.find(({ registers }, i) => i > 0 && registers !== null)!
      expect(idle.function).toMatch(/safe_halt/)
      expect(other.end.reason).toBe('end of stack')
      const names = other.frames.map((frame) => frame.function!.split('+')[0])
      expect(names).toEqual(
        expect.arrayContaining(['stop_this_cpu', 'do_idle', 'cpu_startup_entry']),
      )
    })

    test('shows one task', () => {
      const [one] = json<ShownStack[]>('-c', file, 'bt', String(dead.pid))
      expect(one).toEqual(dead)
      const [init] = json<ShownStack[]>('-c', file, 'bt', '1')
      expect(init!.frames[0]!.function).toMatch(/^__schedule\+/)
    })
  })
})

/** What the kernel printed when it died. */
interface Told {
  /** Of the functions that it is sure of, innermost first. */
  readonly trace: readonly string[]
  readonly user: ShownRegisters
  /** What is printed of the instruction that failed. */
  readonly fault: { readonly function: string; readonly registers: ShownRegisters } | undefined
}

function lastWords(log: string): Told {
  const lines = log.split('\n').map((line) => line.replace(/^\[ *[\d.]+\] ?/, ''))
  const start = lines.findLastIndex((line) => line.startsWith('Call Trace:'))
  const end = lines.indexOf(' </TASK>', start)
  const trace = lines.slice(start, end)
  const user = trace.findIndex((line) => line.startsWith('RIP: 0033:'))
  const fault = lines.findIndex((line, i) => i > end && line.startsWith('RIP: 0010:'))
  return {
    trace: trace
      .slice(0, user)
      .filter((line) => /^ \w.*\+0x/.test(line))
      .map((line) => line.trim()),
    user: { ...registers(trace.slice(user)), ip: value(/0033:0x(\w+)/.exec(trace[user]!)![1]!) },
    fault:
      fault === -1
        ? undefined
        : {
            function: /0010:(.*)/.exec(lines[fault]!)![1]!,
            registers: registers(
              lines.slice(fault).filter((line) => !/^[FC]S:|CR2|PKRU/.test(line)),
            ),
          },
  }
}

const NAMES = /\b(?:RSP: \w+:(\w{16})|(ORIG_RAX|EFLAGS|R\w{1,2}): (\w{8,16}))/g

function registers(lines: readonly string[]): ShownRegisters {
  const found = lines.join('\n').matchAll(NAMES)
  return Object.fromEntries(
    Array.from(found, ([, sp, name, digits]) => {
      return sp === undefined ? [shortName(name!), value(digits!)] : ['sp', value(sp)]
    }),
  )
}

function shortName(name: string): string {
  if (name === 'EFLAGS') return 'flags'
  if (name === 'ORIG_RAX') return 'orig_ax'
  return (/^R\d/.test(name) ? name : name.slice(1)).toLowerCase().replace(/^r0(\d)/, 'r$1')
}

const value = (digits: string) => `0x${digits.padStart(16, '0')}`

const indexOf = (trace: readonly string[], name: string) => {
  return trace.findIndex((line) => line.startsWith(`${name}+`))
}
