import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { Btf } from '../../src/btf/btf.js'
import { loadBtf } from '../../src/btf/load.js'
import { FormatError, NotFoundError } from '../../src/errors.js'
import { canFetchKernels, debianBtf, debianVmlinux } from '../support/debian_kernel.js'
import { hasTools } from '../support/tools.js'
import { encodeBtf } from './encode.js'
import { EVERY_KIND } from './every_kind.js'
import { expectSameDump, ourDump } from './raw_dump.js'
import { swapByteOrder } from './swap.js'

const directory = mkdtempSync(join(tmpdir(), 'ksight-btf-'))
afterAll(() => rmSync(directory, { recursive: true }))

/** Objects of either class and byte order that hold `blob` in a section of this name. */
function objectOf(format: string, blob: Uint8Array, section = '.BTF'): Uint8Array {
  const data = join(directory, 'blob')
  const path = join(directory, `${format}${section}.o`)
  writeFileSync(data, blob)
  const options = ['-I', 'binary', '-O', format, '--rename-section', `.data=${section}`]
  execFileSync('objcopy', [...options, data, path])
  return readFileSync(path)
}

test.skipIf(!canFetchKernels)('a kernel image and its BTF alone are the same (apt)', async () => {
  const image = loadBtf(await debianVmlinux('6.1'), { source: 'vmlinux' })
  expect(image.source).toBe('vmlinux .BTF')
  expectSameDump(ourDump(image), ourDump(new Btf(await debianBtf('6.1'))))
})

const hasObjcopy = hasTools('objcopy')

test.skipIf(!hasObjcopy)('ELF files of either class and byte order are opened (objcopy)', () => {
  const blob = encodeBtf(EVERY_KIND)
  const dump = ourDump(loadBtf(blob))
  for (const bits of [32, 64]) {
    expect(ourDump(loadBtf(objectOf(`elf${bits}-little`, blob)))).toBe(dump)
    expect(ourDump(loadBtf(objectOf(`elf${bits}-big`, swapByteOrder(blob))))).toBe(dump)
  }
})

test.skipIf(!hasObjcopy)('says what is wrong with files without BTF (objcopy)', () => {
  const object = objectOf('elf64-little', encodeBtf(EVERY_KIND), '.other')
  expect(() => loadBtf(object, { source: 'a.o' })).toThrow(NotFoundError)
  expect(() => loadBtf(object, { source: 'a.o' })).toThrow('no section .BTF in a.o')
  const text = Buffer.from('neither BTF nor an ELF file')
  expect(() => loadBtf(text, { source: 'notes' })).toThrow(FormatError)
  expect(() => loadBtf(text, { source: 'notes' })).toThrow(
    /notes is damaged at offset 0: BTF starts/,
  )
})
