import { join } from 'node:path'
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
      await vm.qmp('inject-nmi')
      await vm.panicked
      await vm.qmp('stop')
      const file = join(folder.path, 'elf')
      await vm.dump(file)
      stacks = json('-c', file, 'bt')
      log = output('-c', file, 'log')
    })

    test('follows it from the NMI to what it interrupted, as the kernel did', () => {
      const dead = stacks.find(({ frames }) =>
        frames.some((frame) => nameOf(frame) === 'nmi_panic'),
      )!
      const told = traceOf(log)
      const found = dead.frames.map((frame) => ({ stack: frame.stack!, function: frame.function! }))
      expect(found.slice(found.findIndex((frame) => nameOf(frame) === 'nmi_panic'))).toEqual(told)
      expect(new Set(told.map(({ stack }) => stack))).toEqual(new Set(['NMI', 'TASK']))
      expect(dead.frames.every(({ reliable }) => reliable)).toBe(true)
      expect(dead.end).toEqual({ reason: 'end of stack', message: '' })
    })
  })
})

const nameOf = (frame: { readonly function: string | null }) => frame.function?.split('+')[0]

/** The lines of the call trace that the kernel is sure of, from nmi_panic() on, with their stacks. */
function traceOf(log: string) {
  const lines = log.split('\n').map((line) => line.replace(/^\[ *[\d.]+\] ?/, ''))
  const trace = lines.slice(lines.findLastIndex((line) => line.startsWith('Call Trace:')))
  const found: { stack: string; function: string }[] = []
  let stack = ''
  for (const line of trace) {
    stack = /^ <([^/].*)>$/.exec(line)?.[1] ?? stack
    // Where it was interrupted is told with the registers.
    const place = /^(?: |RIP: 0010:)(\w\S*\+0x.*)$/.exec(line)?.[1]
    if (place !== undefined) found.push({ stack, function: place })
    if (line === ' </TASK>') break
  }
  return found.slice(found.findIndex((frame) => nameOf(frame) === 'nmi_panic'))
}
