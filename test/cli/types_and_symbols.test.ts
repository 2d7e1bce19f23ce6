import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { describeLive } from '../support/live.js'
import { json, output } from './ksight.js'

interface SymbolJson {
  readonly name: string
  readonly address: string
  readonly type: string
  readonly module: string | null
  readonly offset: number
  readonly others?: readonly SymbolJson[]
}

/** Lines of /proc/kallsyms with this name, as the command prints them. */
function kallsyms(name: string): string[] {
  const lines = readFileSync('/proc/kallsyms', 'utf8').split('\n')
  return lines
    .filter((line) => line.split(/\s/)[2] === name)
    .map((line) => `0x${line.replace('\t', ' ')}`)
}

describeLive('ksight type and sym', () => {
  test('sym finds what /proc/kallsyms lists, and back', () => {
    const [line] = kallsyms('vfs_read')
    expect(output('sym', 'vfs_read')).toBe(`${line}\n`)
    const [address] = line!.split(' ')
    for (const text of [address!, address!.slice(2), address!.toUpperCase().replace('0X', '0x')]) {
      expect(output('sym', text)).toBe(`${line}\n`)
    }
    const inside = `0x${(BigInt(address!) + 5n).toString(16)}`
    expect(json<SymbolJson>('sym', inside)).toEqual({
      name: 'vfs_read',
      address,
      type: 'T',
      module: null,
      offset: 5,
    })
    expect(output('sym', 'vfs_read+0x5')).toBe(output('sym', inside))
  })

  test('sym lists all symbols that share a name', () => {
    const name = 'init_once'
    const lines = kallsyms(name)
    expect(lines.length).toBeGreaterThan(1)
    expect(output('sym', name)).toBe(`${lines.join('\n')}\n`)
    expect(json<SymbolJson>('sym', name).others).toHaveLength(lines.length - 1)
  })

  test('type finds a struct before anything else of its name', () => {
    expect(output('type', 'list_head')).toBe(output('type', 'struct', 'list_head'))
    expect(output('type', 'struct list_head')).toMatch(/^struct list_head \{\n/)
    expect(output('type', 'pid')).toMatch(/^struct pid \{/)
    expect(output('type', 'pid_type')).toMatch(/^enum pid_type \{/)
    expect(output('type', 'pid_t')).toMatch(/^typedef /)
    expect(output('type', 'vfs_read')).toMatch(/^ssize_t vfs_read\(/)
    expect(output('type', 'runqueues')).toMatch(/^struct rq runqueues;/)
    expect(output('type', 'unsigned', 'int')).toMatch(/^unsigned int;/)
  })

  test('type --json has the sizes and offsets of pahole', () => {
    interface TypeJson {
      readonly name: string
      readonly kind: string
      readonly size: number
      readonly members: readonly { name: string; offset: number; size: number }[]
    }
    const { name, kind, size, members } = json<TypeJson>('type', 'list_lru_node')
    const pahole = execFileSync('pahole', ['-C', 'list_lru_node', '/sys/kernel/btf/vmlinux'], {
      encoding: 'utf8',
      // It complains of kinds of types that it does not know.
      stdio: ['ignore', 'pipe', 'ignore'],
    })
    expect({ name, kind, size }).toEqual({
      name: 'list_lru_node',
      kind: 'struct',
      size: Number(/size: (\d+)/.exec(pahole)?.[1]),
    })
    const rows = [
      ...pahole.matchAll(/^\t.*?(\w+)(?:\[\d+\])?(?: __.*)?; *\/\* +(\d+) +(\d+) \*\//gm),
    ]
    expect(members.map(({ name, offset, size }) => [name, offset, size])).toEqual(
      rows.map(([, name, offset, size]) => [name, Number(offset), Number(size)]),
    )
  })

  test('type --header and --dts print every type', () => {
    expect(output('type', '--header')).toMatch(/\nstruct task_struct \{/)
    expect(output('type', '--dts')).toMatch(/interface task_struct\b/)
  })
})
