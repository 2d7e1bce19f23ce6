import { spawnSync } from 'node:child_process'
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { describe, expect, test } from 'vitest'
import { Btf } from '../../../src/btf/btf.js'
import { printDts } from '../../../src/btf/dts/print_dts.js'
import type { BtfStruct } from '../../../src/btf/kinds.js'
import { FlexibleArray } from '../../../src/object/flexible_array.js'
import { Pointer } from '../../../src/object/pointer.js'
import { ObjectSpace } from '../../../src/object/space.js'
import { View } from '../../../src/object/view.js'
import { btfBytes } from '../../support/btf_bytes.js'
import { canTest, kernelBtf } from '../../support/btf_kernels.js'
import { canMakeTrickyBtf, trickyBtf } from '../../support/btf_tricky.js'
import { temporaryFolder } from '../../support/compile.js'

/** Checks a script against a kernel's declarations; what tsc complains of. */
function complaints(btf: Btf, script = ''): string {
  const folder = temporaryFolder()
  mkdirSync(join(folder, 'node_modules'))
  symlinkSync(resolve('.'), join(folder, 'node_modules/ksight'))
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }')
  writeFileSync(join(folder, 'kernel.d.ts'), [...printDts(btf, 'Linux')].join(''))
  writeFileSync(join(folder, 'script.ts'), script)
  const options =
    '--strict --noEmit --target es2022 --module nodenext --lib es2023,esnext.disposable'
  const args = [...options.split(' '), '--types', '', 'kernel.d.ts', 'script.ts']
  const tsc = [resolve('node_modules/typescript/bin/tsc'), ...args]
  const { stdout, stderr, status } = spawnSync('node', tsc, { cwd: folder, encoding: 'utf8' })
  if (status !== 0 && stdout === '') throw new Error(`tsc failed: ${stderr}`)
  return stdout
}

describe.each(['6.1', '6.12'] as const)('the declarations of kernel %s', (kernel) => {
  test.skipIf(!canTest(kernel))('are accepted by tsc', async () => {
    const { btf } = await kernelBtf(kernel)
    expect(complaints(btf)).toBe('')
  })
})

test('names that TypeScript reserves, or that two structs have, cause no clash', () => {
  const names = 'class string View Pointer Uint8Array keyof type twice twice KernelTypes'.split(' ')
  const int = { kind: 1, name: 'int', sizeOrType: 4, rest: [0x01000020] }
  const struct = (name: string) => {
    return { kind: 4, name, vlen: 2, sizeOrType: 8, rest: ['class', 1, 0, 'constructor', 1, 32] }
  }
  const alias = { kind: 8, name: 'alias_t', sizeOrType: names.length + 2 }
  const types = [int, ...names.map(struct), struct(''), alias, { ...alias, name: 'twice' }]
  const claims = [...names, 'alias_t'].flatMap((name) => [
    `check<Same<K['${name}']['class'], number>>()`,
    `check<Fits<K['${name}'], View>>()`,
  ])
  const btf = new Btf(btfBytes(types))
  expect(complaints(btf, [HEAD, ...claims].join('\n'))).toBe('')
  expect(complaints(btf, `${HEAD} check<Same<K['class']['klass'], number>>()`)).toContain('klass')
})

test.skipIf(!canMakeTrickyBtf)('members are declared by kind (gcc, pahole)', () => {
  const script = `${HEAD}
    check<Same<K['anonymous']['c'], number>>()
    check<Same<K['anonymous']['named']['y'], bigint>>()
    check<Same<K['anonymous']['array'][number]['x'], number>>()
    check<Same<K['bits']['e'], bigint>>()
    check<Same<K['bits']['f'], number>>()
    check<Same<K['bits']['g'], boolean>>()
    check<Same<K['atomic'], K['renamed']>>()
    check<Same<K['self']['next'], K['self'] | null>>()
    check<Same<K['self']['link'], Pointer<K['self'] | null> | null>>()
    check<Same<K['declarators']['names'], readonly (Pointer<number> | null)[]>>()
    check<Same<K['numbers']['c'], Uint8Array>>()`
  expect(complaints(new Btf(trickyBtf()), script)).toBe('')
})

const HEAD = `
import type { FlexibleArray, KernelTypes as K, Pointer, View } from 'ksight'
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false
type Fits<A, B> = [A] extends [B] ? true : false
declare function check<T extends true>(): T
`

test.skipIf(!canTest('running'))('members are declared as what views give', async () => {
  const { btf } = await kernelBtf('running')
  const memory = { read: () => [], gather: () => [] }
  const space = new ObjectSpace(btf, memory as never)
  const structs = new Map<string, BtfStruct>()
  for (const type of btf.types()) {
    if ((type.kind !== 'struct' && type.kind !== 'union') || type.name === '') continue
    if (!structs.has(type.name)) structs.set(type.name, type)
  }
  const claims = [...structs].flatMap(([name, type]) => {
    // Bytes of ones: no pointer is NULL.
    const view = space.classOf(type).at(1n, new Uint8Array(type.size).fill(0xff))
    const names = new Set([...btf.flatMembers(type)].map((member) => member.name))
    return [...names].map((member) => {
      const declared = `K[${JSON.stringify(name)}][${JSON.stringify(member)}]`
      const value = (view as unknown as Record<string, unknown>)[member]
      return `check<${claim(structs, declared, value)}>()`
    })
  })
  expect(claims.length).toBeGreaterThan(50_000)
  expect(complaints(btf, [HEAD, ...claims].join('\n'))).toBe('')
})

/** What must be true of the declared type of something that has this value. */
function claim(structs: ReadonlyMap<string, BtfStruct>, declared: string, value: unknown): string {
  const present = `NonNullable<${declared}>`
  if (typeof value !== 'object') return `Same<${declared}, ${typeof value}>`
  if (value instanceof Pointer) return `Fits<${present}, Pointer>`
  if (value instanceof FlexibleArray) return `Fits<${present}, FlexibleArray>`
  if (value instanceof Uint8Array) return `Same<${declared}, Uint8Array>`
  if (Array.isArray(value)) return claim(structs, `${declared}[number]`, value[0])
  if (!(value instanceof View)) throw new Error(`${declared}: ${value}`)
  const { name } = value.$type
  // Of structs that share a name, only the first can be asked for by it.
  if (structs.get(name) !== value.$type) return `Fits<${present}, View>`
  return `Fits<${present}, K[${JSON.stringify(name)}]>`
}
