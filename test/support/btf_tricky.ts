import { readFileSync } from 'node:fs'
import { readElf } from '../../src/elf/elf.js'
import { run, scratchFile } from './btf_kernels.js'
import { hasTools } from './tools.js'

/** C types that are hard to lay out. */
export function trickySource(): string {
  return readFileSync(new URL('../btf/c/tricky.h', import.meta.url), 'utf8')
}

/** Whether {@link trickyBtf} can be made here. */
export const canMakeTrickyBtf = hasTools('gcc', 'pahole')

/** BTF that pahole makes from what GCC says of {@link trickySource}. */
export function trickyBtf(): Uint8Array {
  const object = scratchFile('tricky.o', '')
  run('gcc', '-g', '-c', '-o', object, scratchFile('tricky.c', trickySource()))
  run('pahole', '-J', '--btf_gen_floats', object)
  return readElf(readFileSync(object), 'tricky.o').sectionBytes('.BTF')
}
