import { execFileSync } from 'node:child_process'
import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { debianKernelDir, debianModule, debianVmlinux } from '../support/debian_kernel.js'
import { hasTools } from '../support/tools.js'

export const hasBinutils = hasTools('as', 'ld', 'objcopy', 'readelf')

/** A directory of its own for what a test builds. */
export function workDirectory(): string {
  return mkdtempSync(join(tmpdir(), 'ksight-elf-'))
}

const SOURCE = `
	.globl start, shared, visible_inside
	.weak maybe
	.hidden visible_inside
	.text
start:	ret
	.type start, @function
	.size start, .-start
maybe:	ret
own:	ret
	.data
visible_inside: .long 42
	.comm shared, 16, 8
	.section .note.one, "a", @note
	.long 7, 5, 0x1234
	.asciz "ksight"
	.balign 4
	.ascii "hello"
	.balign 4
	.long 4, 0, 2
	.asciz "two"
`

/** Assembles `source` for x86 with 32 or 64 bits. */
export function assemble(directory: string, bits: 32 | 64, source = SOURCE): string {
  const path = join(directory, `assembled${bits}.o`)
  execFileSync('as', [`--${bits}`, '-o', path, '-'], { input: source })
  return path
}

/** Links what {@link assemble} made, so that the file has segments. */
export function link(directory: string, bits: 32 | 64): string {
  const path = join(directory, `linked${bits}`)
  const emulation = bits === 32 ? 'elf_i386' : 'elf_x86_64'
  const flags = ['-m', emulation, '-e', 'start', '--build-id=sha1', '-o', path]
  execFileSync('ld', [...flags, assemble(directory, bits)])
  return path
}

/** A big-endian object with data, a note and symbols. */
export function bigEndian(directory: string, bits: 32 | 64): string {
  const data = join(directory, 'data.bin')
  const note = join(directory, 'note.bin')
  const path = join(directory, `big${bits}.o`)
  writeFileSync(data, 'sixteen bytes ..')
  writeFileSync(note, '\0\0\0\x07\0\0\0\x05\0\0\x12\x34ksight\0\0hello\0\0\0', 'latin1')
  execFileSync('objcopy', [
    ...['-I', 'binary', '-O', `elf${bits}-big`],
    ...['--add-section', `.note.ksight=${note}`, '--set-section-flags', '.note.ksight=alloc'],
    ...['--add-symbol', 'here=.data:4,global,function', '--add-symbol', 'maybe=.data:8,weak'],
    ...['--add-symbol', 'absolute=0x12345678,local', data, path],
  ])
  return path
}

/** More sections than 16 bits count, each with a symbol. */
export function manySections(directory: string): string {
  const sections = Array.from(
    { length: 70_000 },
    (_, i) => `.section .s${i},"a"\nsym${i}: .byte 1\n`,
  )
  return assemble(directory, 64, sections.join(''))
}

/** The path of an unpacked kernel, in the cache. */
export async function vmlinux(): Promise<string> {
  await debianVmlinux('6.1')
  return join(await debianKernelDir('6.1'), 'vmlinux')
}

async function overlay(directory: string): Promise<string> {
  const path = join(directory, 'overlay.ko')
  writeFileSync(path, await debianModule('6.12', 'overlay'))
  return path
}

type Source = (directory: string) => string | Promise<string>

/** Files as found in the wild, and some built to cover both classes and byte orders. */
export const ELF_FILES: readonly (readonly [title: string, source: Source])[] = [
  ['the Node executable', () => process.execPath],
  ['/bin/ls', () => '/bin/ls'],
  ['vmlinux 6.1', vmlinux],
  ['overlay.ko 6.12', overlay],
  ['a 64-bit object', (directory) => assemble(directory, 64)],
  ['a 32-bit object', (directory) => assemble(directory, 32)],
  ['a linked 64-bit file', (directory) => link(directory, 64)],
  ['a linked 32-bit file', (directory) => link(directory, 32)],
  ['a big-endian 64-bit object', (directory) => bigEndian(directory, 64)],
  ['a big-endian 32-bit object', (directory) => bigEndian(directory, 32)],
]
