import { expect, test } from 'vitest'
import { boot } from '../../lab/boot.mjs'
import { describeLab } from '../support/lab.js'
import { type Bounds, boundsByMacro } from '../support/layout_bounds.js'

/** Each boot draws other addresses. */
const BOOTS = [
  { kernel: '6.1', la57: false },
  { kernel: '6.1', la57: true },
  { kernel: '6.12', la57: false },
  { kernel: '6.12', la57: true },
  { kernel: '6.12', la57: false, commandLine: 'nokaslr' },
] as const

const TIMEOUT = 300_000

interface Shown {
  readonly name: string
  readonly first: string
  readonly last: string
  readonly how: string
}

describeLab('ksight layout on the running kernel', () => {
  const drawn = new Set<string>()

  test.each(BOOTS)(
    '%j: is what the kernel’s own macros say',
    async (options) => {
      await using vm = await boot({ ...options, module: true })
      const run = async (command: string, ...args: string[]) => {
        const { exitCode, stdout, stderr } = await vm.run(command, args, { timeout: TIMEOUT })
        expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' })
        return JSON.parse(stdout)
      }
      const facts = await run('cat', '/proc/ksight_lab/facts')
      const { regions } = await run('bin/ksight', 'layout', '--json', '--pointers', 'raw')
      expect(facts).toMatchObject(boundsByMacro(regions.map(asBounds)))
      expect(regions.find(({ name }: Shown) => name === 'vmalloc').how).toBe(
        'variable vmalloc_base',
      )
      expect(drawn).not.toContain(facts.PAGE_OFFSET)
      drawn.add(facts.PAGE_OFFSET)
    },
    TIMEOUT,
  )
})

function asBounds({ name, first, last }: Shown): Bounds {
  return { name, start: BigInt(first), end: BigInt(last) + 1n }
}
