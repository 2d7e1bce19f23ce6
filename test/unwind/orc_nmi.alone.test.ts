import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { beforeAll, describe, expect, test } from 'vitest'
import { boot } from '../../lab/boot.mjs'
import type { ShownStack } from '../../src/cli/shown_stack.js'
import { json, output } from '../cli/ksight.js'
import { ScratchDirectory } from '../support/files.js'
import { describeLab } from '../support/lab.js'

/** A kernel that panics in an NMI, which has a stack of its own. */
describeLab('ksight bt on a kernel that died of an NMI', () => {
  describe.each(['6.1', '6.12'] as const)('Debian’s %s', (kernel) => {
    let stacks: ShownStack[]
    let log: string
    beforeAll(async () => {
      using folder = new ScratchDirectory()
      await using vm = await boot({
        ...{ kernel, memory: '512M' },
        commandLine: 'unknown_nmi_panic panic=0',
      })
      // By then nothing runs in user space, from where an NMI would not get to its own stack.
      await sleep(3000)
      await vm.qmp('inject-nmi')
      await vm.panicked
      await vm.qmp('stop')
      const file = join(folder.path, 'elf')
      await vm.dump(file)
      stacks = json('-c', file, 'bt')
      log = output('-c', file, 'log')
    })

    test('follows it from the NMI to what it interrupted, as the kernel did', () => {
      const dead = stacks.find(({ frames }) => frames.some((frame) => nameOf(frame) === 'panic'))!
      const told = traceOf(log)
      const found = dead.frames.map((frame) => ({ stack: frame.stack!, function: frame.function! }))
      expect(found.slice(found.findIndex((frame) => nameOf(frame) === 'exc_nmi'))).toEqual(told)
      expect(told.map(({ stack }) => stack)).toEqual(expect.arrayContaining(['NMI', 'TASK']))
      expect(dead.frames.every(({ reliable }) => reliable)).toBe(true)
      expect(dead.end.message).toBe('')
    })
  })
})

const nameOf = (frame: { readonly function: string | null }) => frame.function?.split('+')[0]

/** The lines of the call trace that the kernel is sure of, from exc_nmi() on, with their stacks. */
function traceOf(log: string) {
  const lines = log.split('\n').map((line) => line.replace(/^\[ *[\d.]+\] ?/, ''))
  const trace = lines.slice(lines.findLastIndex((line) => line.startsWith('Call Trace:')))
  const found: { stack: string; function: string }[] = []
  let stack = ''
  // Where it was interrupted is told with the registers, before the stack that this was on.
  let interrupted: string[] = []
  for (const line of trace) {
    stack = /^ <([^/].*)>$/.exec(line)?.[1] ?? stack
    const place = /^ (\w\S*\+0x.*)$/.exec(line)?.[1]
    const register = /^RIP: 0010:(\w\S*\+0x.*)$/.exec(line)?.[1]
    if (register !== undefined) interrupted = [register]
    if (line === ' </TASK>') break
    if (place === undefined) continue
    found.push(...[...interrupted, place].map((text) => ({ stack, function: text })))
    interrupted = []
  }
  return found.slice(found.findIndex((frame) => nameOf(frame) === 'exc_nmi'))
}
