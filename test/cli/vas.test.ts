import { execFileSync } from 'node:child_process'
import { mkdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { ScratchDirectory } from '../support/files.js'
import { type LayoutPart, layoutParts } from '../support/layout.js'
import { describeLive } from '../support/live.js'
import { procText } from '../support/proc.js'
import { compile, Running } from '../support/program.js'
import { parseSmaps } from '../support/smaps.js'
import { failure, json, output } from './ksight.js'
import { SGR, show } from './on_terminal.js'

interface ShownPart {
  readonly type: 'mapping' | 'hole' | 'kernel'
  readonly start: string
  readonly end: string
  readonly size: number | string | null
  readonly [field: string]: unknown
}

interface Vas {
  readonly pid: number
  readonly parts: readonly ShownPart[]
  readonly totals: {
    readonly mappings: number
    readonly mapped: number
    readonly resident: number
    readonly swapped: number
    readonly huge: number
    readonly pageTables: Record<string, number>
    readonly pageTableBytes: number
    readonly holes: number
  }
}

async function startLayout(folder: string): Promise<Running> {
  const file = join(folder, 'file')
  writeFileSync(file, '')
  truncateSync(file, 8192)
  return Running.start(compile('layout'), [file])
}

/** A block of the map: its first address, and what the map says of it. */
interface Block {
  readonly start: bigint
  readonly text: string
}

function blocksOf(map: string): Block[] {
  const lines = Array.from(map.matchAll(/^([0-9a-f]{16}) ├.*?┤ (.*)$/gm))
  return lines.map(([, start, text]) => ({ start: BigInt(`0x${start}`), text: text! }))
}

/** The words of the map for what test/programs/layout.c says of its parts. */
function wordsFor({ kind, tid }: LayoutPart, pid: number): RegExp {
  switch (kind) {
    case 'thread-stack':
      return new RegExp(` stack of thread ${tid}\\b`)
    case 'stack':
      return new RegExp(` main stack of thread ${pid}\\b`)
    case 'guard':
      return /---p .* guard page of the stack above/
    case 'huge':
    case 'not-huge':
      return / anonymous/
    default:
      return new RegExp(` ${kind.replace('-', ' ')}\\b`)
  }
}

describeLive('ksight vas', () => {
  test.each([80, 200])('on %i columns names each part that a program knows', async (columns) => {
    using directory = new ScratchDirectory()
    await using running = await startLayout(directory.path)
    const map = show(`vas ${running.pid} --pointers raw`, { columns }).replace(SGR, '')
    const options = { input: map, encoding: 'utf8', env: { LC_ALL: 'C.UTF-8' } } as const
    expect(Number(execFileSync('wc', ['-L'], options))).toBeLessThanOrEqual(columns)

    const blocks = blocksOf(map)
    const sorted = [...blocks].sort((a, b) => (a.start < b.start ? 1 : -1))
    expect(blocks).toEqual(sorted)
    expect(blocks.at(-1)!.start).toBe(0n)
    const parts = layoutParts(running.lines)
    expect(parts.length).toBeGreaterThan(30)
    for (const part of parts) {
      // From the highest address down: the first block that begins at or below it.
      const { text } = blocks.find(({ start }) => start <= part.address)!
      expect({ part, text }).toEqual({
        part,
        text: expect.stringMatching(wordsFor(part, running.pid)),
      })
    }
    expect(map).toMatch(/rwxp .* W\+X anonymous/)
    expect(map).toMatch(/ direct map$/m)
    expect(map).toMatch(/ kernel text$/m)
    expect(map).toMatch(/ non-canonical: no addresses$/m)
    const libc = procText(`${running.pid}/maps`)!.match(/ r-xp (\w+) .* (\/.*libc\.so\.6)$/m)!
    const offset = libc[1]!.replace(/^0+/, '')
    if (columns === 200) expect(map).toContain(` text ${libc[2]} +0x${offset}\n`)
    else expect(map).toMatch(new RegExp(` text .*libc\\.so\\.6 \\+0x${offset}\\n`))
  })

  test('has every address once, and the mappings and amounts of smaps', async () => {
    using directory = new ScratchDirectory()
    await using running = await startLayout(directory.path)
    const { parts, totals } = json<Vas>('vas', String(running.pid), '--pointers', 'raw')
    expect(parts[0]!.start).toBe('0x0')
    expect(parts.slice(1).map(({ start }) => start)).toEqual(
      parts.slice(0, -1).map(({ end }) => end),
    )
    expect(BigInt(parts.at(-1)!.end)).toBe(1n << 64n)
    for (const { start, end, size } of parts) {
      expect(BigInt(size!)).toBe(BigInt(end) - BigInt(start))
    }
    const smaps = parseSmaps(procText(`${running.pid}/smaps`)!)
    const theirs = smaps.filter(({ range }) => !range.startsWith('ffff'))
    const mapped = parts.filter(({ type }) => type === 'mapping')
    const digits = (address: string) => address.slice(2).padStart(8, '0')
    expect(mapped.map(({ start, end }) => `${digits(start)}-${digits(end)}`)).toEqual(
      theirs.map(({ range }) => range),
    )
    const sum = (name: string) => {
      return theirs.reduce((all, { amounts }) => all + (amounts.get(name) ?? 0) * 1024, 0)
    }
    const { mappings, resident, swapped, mapped: size } = totals
    expect({ mappings, resident, swapped, size }).toEqual({
      mappings: theirs.length,
      resident: sum('Rss'),
      swapped: sum('Swap'),
      size: sum('Size'),
    })
    const own = parts.filter(({ half, type }) => type === 'hole' && half === 'user')
    expect(totals.holes).toBe(own.length)
    const kB = /^VmPTE:\s+(\d+) kB$/m.exec(procText(`${running.pid}/status`)!)![1]
    const { PUD, PMD, PTE } = totals.pageTables
    expect((PUD! + PMD! + PTE!) * 4).toBe(Number(kB))
  })

  test('--user and --kernel show a half each', () => {
    const pid = String(process.pid)
    const user = json<Vas>('vas', pid, '--user').parts
    expect(user.some(({ type }) => type === 'kernel')).toBe(false)
    expect(user.some(({ type }) => type === 'mapping')).toBe(true)
    const kernel = json<Vas>('vas', pid, '--kernel', '--pointers', 'raw').parts
    expect(kernel.some(({ type }) => type === 'mapping')).toBe(false)
    const text = kernel.find(({ name }) => name === 'kernel text')!
    const stext = json<{ address: string }[]>('sym', '_stext', '--pointers', 'raw')
    expect(JSON.stringify(stext)).toContain(text.start)
  })

  test('without their addresses, neither does the distance of the kernel’s parts tell them', () => {
    const { parts } = json<Vas>('vas', String(process.pid), '--kernel', '--pointers', 'hidden')
    const holes = parts.filter(({ type }) => type === 'hole')
    expect(new Set(holes.map(({ size }) => size))).toEqual(new Set([null]))
    expect(new Set(parts.map(({ start }) => start))).toEqual(new Set(['0x0000000000000000']))
  })

  test('--locate marks what is at an address', async () => {
    using directory = new ScratchDirectory()
    await using running = await startLayout(directory.path)
    const heap = layoutParts(running.lines).find(({ kind }) => kind === 'heap')!
    const at = heap.address.toString(16)
    const map = output('vas', String(running.pid), '--locate', `0x${at},16`)
    const start = json<Vas>('vas', String(running.pid)).parts.find(({ kind }) => kind === 'heap')!
    const inside = heap.address - BigInt(start.start)
    expect(map).toContain(`\n0x${at} is at +0x${inside.toString(16)} of heap\n`)
    expect(map.match(/◄.*/g)).toEqual(['◄ here heap'])
    const two = output('vas', String(running.pid), '--locate', `${start.end.slice(2)},1`, '--user')
    expect(two.match(/◄.*/g)).toEqual(['◄ here hole'])
  })

  test('--csv writes what Python’s csv module reads as the JSON has it', async () => {
    using directory = new ScratchDirectory()
    const odd = join(directory.path, 'a "quoted", name')
    mkdirSync(odd)
    await using running = await startLayout(odd)
    const file = join(directory.path, 'csv')
    const pid = String(running.pid)
    output('vas', pid, '--csv', file, '--pointers', 'raw')
    const text = readFileSync(file, 'utf8')
    expect(text.endsWith('\r\n')).toBe(true)
    const script =
      'import csv, json, sys; f = open(sys.argv[1], newline=""); print(json.dumps(list(csv.DictReader(f, strict=True))))'
    const rows = JSON.parse(execFileSync('python3', ['-c', script, file], { encoding: 'utf8' }))
    const { parts } = json<Vas>('vas', pid, '--pointers', 'raw')
    const names = ['start', 'end', 'size', 'permissions', 'resident', 'swapped', 'special'] as const
    expect(rows).toEqual(
      parts.map((part) =>
        expect.objectContaining(
          Object.fromEntries([
            ...names.map((name) => [name, String(part[name] ?? '')]),
            ['path', expect.stringContaining(String(part.path ?? ''))],
          ]),
        ),
      ),
    )
    expect(rows.some(({ path }: { path: string }) => path.includes('a "quoted", name/file'))).toBe(
      true,
    )
    expect(rows.some(({ path }: { path: string }) => path.includes('line 1\nline 2'))).toBe(true)
  })

  test('very many mappings are folded, and it says how many', async () => {
    using directory = new ScratchDirectory()
    const file = join(directory.path, 'file')
    writeFileSync(file, '')
    truncateSync(file, 4096 * 4000)
    await using running = await Running.start(compile('many_vmas'), ['2000', '4000', file])
    const pid = String(running.pid)
    const map = output('vas', pid, '--user')
    const [, shown, folded] = [
      '',
      blocksOf(map).filter(({ text }) => /^[r-][w-][x-][ps] /.test(text)).length,
      Array.from(map.matchAll(/ (\d+) mappings folded/g), ([, count]) => Number(count)),
    ]
    expect(folded.length).toBeGreaterThanOrEqual(2)
    const { mappings } = json<Vas>('vas', pid, '--user').totals
    expect(mappings).toBeGreaterThan(6000)
    expect(shown + folded.reduce((sum, count) => sum + count, 0)).toBe(mappings)
    expect(map).toContain(`4000 mappings folded (2000 r--s file, 2000 rw-s file) ${file}`)
  })
})

describeLive('ksight mem', () => {
  test('has what /proc/PID/status and smaps have', async () => {
    await using running = await Running.start(compile('pages'), ['1000', '300', process.execPath])
    const { counted, walked } = json<Record<'counted' | 'walked', Record<string, number>>>(
      'mem',
      String(running.pid),
    )
    const status = procText(`${running.pid}/status`)!
    const bytes = (name: string) => {
      return 1024 * Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(status)?.[1])
    }
    for (const name of ['VmSize', 'VmRSS', 'VmSwap', 'VmPTE']) {
      expect({ name, counted: counted[name], walked: walked[name] }).toEqual({
        name,
        counted: bytes(name),
        walked: bytes(name),
      })
    }
    for (const name of ['RssAnon', 'RssFile', 'RssShmem', 'VmPeak', 'VmHWM', 'VmLib', 'VmExe']) {
      expect({ name, counted: counted[name] }).toEqual({ name, counted: bytes(name) })
    }
    expect(walked.PUD! + walked.PMD! + walked.PTE!).toBe(bytes('VmPTE'))
  })
})

const FAILED = 1

describeLive('who has no address space', () => {
  test.each(['vas', 'mem'])('%s of nobody, of a kernel thread, without rights', (command) => {
    expect(failure([command, '4194304'], FAILED)).toBe(
      'ksight: no task 4194304: no process or thread has this PID',
    )
    expect(failure([command, '2'], FAILED)).toMatch(
      /^ksight: no address space of 2: \[kthreadd\] is a kernel thread, which has no mm of its own[,;] .*active_mm/,
    )
    const noRoot = ['setpriv', '--reuid=65534', '--clear-groups', '--inh-caps=-all']
    expect(failure([command, '1'], FAILED, noRoot)).toContain('CAP_BPF')
  })

  test('a zombie', async () => {
    await using running = await Running.start(compile('zombie'), ['/dev/null'])
    const pid = running.lines[0]!.split(' ').at(-1)!
    expect(failure(['vas', pid], FAILED)).toMatch(
      new RegExp(`^ksight: no address space of ${pid}: .* has exited and given it up$`),
    )
  })

  test('wrong usage', () => {
    expect(failure(['vas', '1', '--locate', '0xzz'], 2)).toContain('wrong place "0xzz"')
    expect(failure(['vas', '1', '--locate', 'ffffffffffffffff,2'], 2)).toContain('wrong place')
    expect(failure(['vas', '1', '--csv', '/nonexistent/file'], FAILED)).toContain(
      'cannot write /nonexistent/file: ENOENT',
    )
  })
})
