import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { describeLive } from '../support/live.js'
import { json, output } from './ksight.js'

interface Overview {
  readonly release: string
  readonly version: string
  readonly machine: string
  readonly uptime: number
  readonly bootTime: string
  readonly counts: { readonly processes: number; readonly threads: number }
  readonly cpus: readonly {
    readonly cpu: number
    readonly current: { readonly pid: number; readonly comm: string; readonly task: string }
    readonly idle: { readonly comm: string; readonly task: string }
  }[]
  readonly pointers: string
  readonly addressSpace: {
    readonly user: { readonly first: string; readonly last: string }
    readonly kernel: { readonly first: string; readonly last: string }
    readonly pageOffset: string
    readonly text: string
    readonly kaslrOffset: string
  }
}

const uname = (option: string) => execFileSync('uname', [option], { encoding: 'utf8' }).trimEnd()

describeLive('the overview', () => {
  test('tells which kernel this is, and since when', () => {
    const { release, version, machine, uptime, bootTime } = json<Overview>()
    expect({ release, version, machine }).toEqual({
      release: uname('-r'),
      version: uname('-v'),
      machine: uname('-m'),
    })
    const [seconds] = readFileSync('/proc/uptime', 'utf8').split(' ')
    expect(Math.abs(Number(seconds) - uptime)).toBeLessThan(10)
    const [, started] = /^btime (\d+)/m.exec(readFileSync('/proc/stat', 'utf8')) ?? []
    expect(Math.abs(Date.parse(bootTime) / 1000 - Number(started))).toBeLessThan(10)
  })

  test('tells what each CPU does: one of them shows it', () => {
    const { cpus } = json<Overview>()
    const all = readFileSync('/proc/stat', 'utf8').match(/^cpu\d+/gm)
    expect(cpus.map(({ cpu }) => `cpu${cpu}`)).toEqual(all)
    expect(cpus.map(({ idle }) => idle.comm)).toEqual(cpus.map(({ cpu }) => `swapper/${cpu}`))
    expect(cpus.map(({ current }) => current.comm)).toContain('node')
    for (const { current, idle } of cpus) expect(current.pid === 0).toBe(current.task === idle.task)
  })

  test('tells how addresses are split', () => {
    const { addressSpace } = json<Overview>('--pointers', 'raw')
    const { user, kernel, pageOffset, text, kaslrOffset } = addressSpace
    expect(BigInt(user.first)).toBe(0n)
    expect(BigInt(user.last) + BigInt(kernel.first)).toBe(2n ** 64n - 1n)
    expect(BigInt(kernel.last)).toBe(2n ** 64n - 1n)
    const [, stext] = /^(\S+) . _stext$/m.exec(readFileSync('/proc/kallsyms', 'utf8')) ?? []
    expect(text).toBe(`0x${stext}`)
    expect(BigInt(text) - BigInt(kaslrOffset)).toBe(0xffffffff81000000n)
    expect(BigInt(pageOffset) % 2n ** 30n).toBe(0n)
    // Stacks of user space end below the end of the user half.
    const [, end] = /-(\S+) .*\[stack\]/.exec(readFileSync('/proc/self/maps', 'utf8')) ?? []
    expect(BigInt(`0x${end}`)).toBeLessThan(BigInt(user.last))
  })

  test('the text says the same', () => {
    const text = output()
    expect(text).toContain(`kernel   Linux ${uname('-r')} ${uname('-m')}, ${uname('-v')}\n`)
    expect(text).toMatch(/^CPU IDLE TASK +CURRENT TASK +PID NAME$/m)
    expect(text).toMatch(/^0xf+80*\S* +kernel space, \d+ TiB$/m)
  })
})
