import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { readElf } from '../../src/elf/elf.js'
import {
  buildIdDebugPath,
  compressedDebugData,
  crc32,
  debugLinkOf,
  debugLinkPaths,
} from '../../src/unwind/debug_file.js'
import { callFramesOf } from '../../src/unwind/elf_call_frames.js'
import { ElfSymbols } from '../../src/unwind/elf_symbols.js'
import { buildIdOf, loadBias } from '../../src/unwind/module.js'
import { notesOf } from '../elf/readelf.js'
import { compileProgram, temporaryFolder } from '../support/compile.js'
import { hasTools } from '../support/tools.js'

const open = (path: string) => readElf(new Uint8Array(readFileSync(path)), path)

const tools = hasTools('gcc', 'objcopy', 'nm', 'xz')

describe.skipIf(!tools)('symbols apart from their program (needs gcc, binutils and xz)', () => {
  const build = () => compileProgram('stacks', '-pthread', '-Wl,--build-id=sha1')

  test('are found through a debug link, and the link is checked', () => {
    const program = build()
    const debug = `${program}.debug`
    execFileSync('objcopy', ['--only-keep-debug', program, debug])
    execFileSync('objcopy', ['--strip-all', `--add-gnu-debuglink=${debug}`, program])
    const elf = open(program)
    expect(new ElfSymbols([elf]).at(addressOf(debug, 'recurse'))).toBeUndefined()
    const link = debugLinkOf(elf)!
    const path = debugLinkPaths(program, link).find((candidate) => existsSync(candidate))
    expect(path).toBe(debug)
    expect(crc32(readFileSync(debug))).toBe(link.crc)
    expect(new ElfSymbols([open(debug), elf]).at(addressOf(debug, 'recurse') + 3n)?.name).toBe(
      'recurse',
    )
    // Only headers are left of the sections that are loaded.
    expect([...callFramesOf(open(debug)).entries()]).toEqual([])
  })

  test('are found by build id', () => {
    const program = build()
    const { buildId } = notesOf(program)
    expect(buildIdOf(open(program))).toBe(buildId)
    expect(buildIdDebugPath(buildId!)).toBe(
      `/usr/lib/debug/.build-id/${buildId!.slice(0, 2)}/${buildId!.slice(2)}.debug`,
    )
    expect(buildIdDebugPath('../../etc')).toBeUndefined()
  })

  test('are found in .gnu_debugdata', () => {
    const program = build()
    const folder = temporaryFolder()
    const mini = join(folder, 'mini')
    const recurse = addressOf(program, 'recurse')
    execFileSync('objcopy', [
      '--only-keep-debug',
      '--keep-symbol=recurse',
      '--strip-unneeded-symbol=*',
      program,
      mini,
    ])
    execFileSync('xz', ['--keep', mini])
    execFileSync('objcopy', ['--strip-all', '--add-section', `.gnu_debugdata=${mini}.xz`, program])
    const elf = open(program)
    const unpacked = join(folder, 'unpacked.xz')
    writeFileSync(unpacked, compressedDebugData(elf)!)
    execFileSync('xz', ['--decompress', unpacked])
    const symbols = new ElfSymbols([elf, open(join(folder, 'unpacked'))])
    expect(symbols.at(recurse + 1n)?.name).toBe('recurse')
    expect(symbols.at(recurse - 1n)?.name).not.toBe('recurse')
  })

  test('a program without section headers is unwound by its segments', () => {
    const program = build()
    const elf = open(program)
    const bytes = Uint8Array.from(readFileSync(program))
    bytes.fill(0, 40, 48) // e_shoff
    bytes.fill(0, 58, 64) // e_shentsize, e_shnum, e_shstrndx
    const bare = callFramesOf(readElf(bytes, 'bare'))
    const [all, found] = [callFramesOf(elf), bare].map((frames) => {
      return [...frames.entries()].flatMap(({ rows }) => [...rows])
    })
    expect(bare.damages).toEqual([])
    expect(found!.length).toBeGreaterThan(20)
    expect(found).toEqual(all)
    for (const row of found!) expect(bare.rowAt(row.start)).toEqual(row)
  })
})

test('the load bias is that of the segment that a mapping shows', () => {
  const segment = { type: 1, paddr: 0n, align: 4096n }
  const segments = [
    { ...segment, flags: 4, offset: 0n, vaddr: 0n, filesz: 0x800n, memsz: 0x800n },
    { ...segment, flags: 5, offset: 0x820n, vaddr: 0x1820n, filesz: 0x1000n, memsz: 0x1000n },
  ]
  // Both segments are in the first page of the file; its mapping for code is that of the second.
  expect(loadBias(segments, { start: 0x55001000n, end: 0x55003000n, offset: 0n })).toBe(0x55000000n)
  expect(
    loadBias(segments, { start: 0x55001000n, end: 0x55002000n, offset: 0x4000n }),
  ).toBeUndefined()
})

/** Of a symbol, as nm has it. */
function addressOf(path: string, name: string): bigint {
  const line = execFileSync('nm', [path], { encoding: 'utf8' })
    .split('\n')
    .find((text) => text.endsWith(` ${name}`))
  return BigInt(`0x${line!.split(' ')[0]}`)
}
