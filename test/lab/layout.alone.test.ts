import { expect, test } from 'vitest'
import { boot } from '../../lab/boot.mjs'
import { describeLab } from '../support/lab.js'
import { type Bounds, boundsByMacro } from '../support/layout_bounds.js'

/** Each boot draws other addresses; the images in other tests are of more of them. */
const BOOTS = [
  { kernel: '6.1', la57: true },
  { kernel: '6.12', la57: false },
  { kernel: '6.12', la57: false, commandLine: 'nokaslr' },
] as const

const TIMEOUT = 300_000

interface Shown {
  readonly name: string
  readonly kind: string
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

      // Without any symbols, there are no sections of the image to tell apart.
      await vm.run('sh', ['-c', 'echo 2 >/proc/sys/kernel/kptr_restrict'])
      const blind = await run('bin/ksight', 'layout', '--json', '--pointers', 'raw')
      const lines = (shown: readonly Shown[]) => {
        const others = shown.filter(({ name, kind }) => kind !== 'unused' && !/^kernel /.test(name))
        return others.map(({ name, first, last }) => `${first} ${last} ${name}`)
      }
      expect(lines(blind.regions)).toEqual(lines(regions))
      const image = blind.regions.find(({ name }: Shown) => name === 'kernel image')
      expect(BigInt(image.first)).toBe(BigInt(facts._text))
      expect(BigInt(image.last)).toBeGreaterThanOrEqual(BigInt(facts._end) - 1n)
    },
    TIMEOUT,
  )
})

function asBounds({ name, first, last }: Shown): Bounds {
  return { name, start: BigInt(first), end: BigInt(last) + 1n }
}
