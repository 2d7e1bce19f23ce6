import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { getBootTime, uptime } from '../../src/kernel/time.js'
import { initUtsname } from '../../src/kernel/uname.js'
import { openLive } from '../../src/live/open_live.js'
import { describeLive } from '../support/live.js'

describeLive('the clocks and names of the running kernel', () => {
  test('it was started when /proc/stat says', () => {
    using kernel = openLive()
    const [, btime] = /^btime (\d+)$/m.exec(readFileSync('/proc/stat', 'utf8'))!
    expect(getBootTime(kernel) / 1_000_000_000n).toBe(BigInt(btime!))
  })

  test('it has been running for as long as /proc/uptime says, to a few ticks', () => {
    using kernel = openLive()
    uptime(kernel)
    kernel.drop()
    const seconds = () => Number(readFileSync('/proc/uptime', 'utf8').split(' ')[0])
    const before = seconds()
    const ours = uptime(kernel)
    expect(ours).toBeGreaterThan(before - 0.1)
    expect(ours).toBeLessThan(seconds() + 0.1)
  })

  test('it has the names that uname prints', () => {
    using kernel = openLive()
    const names = initUtsname(kernel)
    const uname = (option: string) =>
      execFileSync('uname', [option], { encoding: 'utf8' }).trimEnd()
    expect(names).toMatchObject({
      sysname: uname('-s'),
      release: uname('-r'),
      version: uname('-v'),
      machine: uname('-m'),
    })
  })
})
