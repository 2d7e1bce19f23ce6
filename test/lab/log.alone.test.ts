import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { boot } from '../../lab/boot.mjs'
import type { Vm } from '../../lab/vm.mjs'
import { describeLab } from '../support/lab.js'

const TIMEOUT = 120_000

/** Messages as printf(1) takes them: of two lines, with control characters, no UTF-8, and long. */
const ODD = [
  String.raw`<12>two\nlines\n`,
  String.raw`<11>escape \033[31m \\ \001\n`,
  String.raw`<13>no UTF-8: \377\376\n`,
  String.raw`<30>UTF-8: \303\244\n`,
  String.raw`\n`,
  String.raw`${'long '.repeat(190)}\n`,
]

describeLab('the log of the running kernel', () => {
  describe.each(['6.1', '6.12'] as const)('Debian’s %s', (kernel) => {
    let vm: Vm
    beforeAll(async () => {
      vm = await boot({ kernel, memory: '512M' })
    }, TIMEOUT)
    afterAll(() => vm?.[Symbol.asyncDispose]())

    async function sh(command: string): Promise<string> {
      const script = `export LC_ALL=C.UTF-8; ${command}`
      const { exitCode, stdout, stderr } = await vm.run('sh', ['-c', script], { timeout: TIMEOUT })
      expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' })
      return stdout
    }

    const log = (...args: string[]) => sh(['bin/ksight', 'log', ...args].join(' '))

    test('is what dmesg shows, through BPF and through /proc/kcore', async () => {
      for (const message of ODD) await sh(`printf '${message}' > /dev/kmsg`)
      const expected = await sh('dmesg --decode')
      expect(expected).toContain(String.raw`escape \x1b[31m \ \x01`)
      expect(expected.split('\n').length).toBeGreaterThan(300)
      expect(await log('--decode', '--via', 'bpf')).toBe(expected)
      expect(await log('--decode', '--via', 'kcore')).toBe(expected)
    })

    test('is what dmesg shows when its ring was filled several times', async () => {
      const text = 'x'.repeat(180)
      await sh(`i=0; while [ $i -lt 1500 ]; do echo "$i ${text}" > /dev/kmsg; i=$((i+1)); done`)
      const expected = await sh('dmesg')
      expect(expected).not.toContain('Linux version')
      expect(expected).toContain('] 1499 x')
      expect(await log()).toBe(expected)
      const [first] = JSON.parse(await log('--json')) as { seq: number; text: string }[]
      const [number] = first!.text.split(' ')
      // Messages are numbered one after the other, and so are these.
      const [last] = JSON.parse(await log('--json', '--tail', '1')) as { seq: number }[]
      expect(last!.seq - first!.seq).toBe(1499 - Number(number))
    })

    test('starts where dmesg --clear was called', async () => {
      await sh('dmesg --clear; echo after > /dev/kmsg')
      const expected = await sh('dmesg')
      expect(expected).toMatch(/^\[[ \d.]+\] after\n$/)
      expect(await log()).toBe(expected)
      expect(await log('--all')).toContain('] 1499 x')
    })
  })
})
