import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { Btf } from '../../src/btf/btf.js'
import type { BtfStruct } from '../../src/btf/kinds.js'
import type { UntypedView } from '../../src/object/kernel_types.js'
import { ObjectSpace } from '../../src/object/space.js'
import { BytesMemory } from '../support/bytes_memory.js'
import { ScratchDirectory } from '../support/files.js'
import { describeLive } from '../support/live.js'

const BTF_FILE = '/sys/kernel/btf/vmlinux'
const START = 0xffff_8880_0000_0000n
const LARGEST = 16384

const btf = new Btf(readFileSync(BTF_FILE), { source: BTF_FILE })

/** Bytes that look random, and are the same each time. */
function noise(length: number): Uint8Array {
  const bytes = new Uint8Array(length)
  for (let at = 0; at < length; at += 32) {
    const block = createHash('sha256').update(String(at)).digest()
    bytes.set(block.subarray(0, Math.min(32, length - at)), at)
  }
  return bytes
}

/** The members that hold a number or a pointer, as paths from the struct. */
function scalars(type: BtfStruct): string[] {
  return [...btf.flatMembers(type)]
    .filter((member) => {
      const { kind, ...rest } = btf.resolve(member.type)
      // A _Bool that is neither 0 nor 1 means nothing in C, and a C compiler may print anything.
      if (kind === 'int') return !('bool' in rest && rest.bool) && btf.sizeOf(member.type) <= 8
      return kind === 'enum' || kind === 'enum64' || kind === 'ptr'
    })
    .map((member) => member.name)
    .filter((name, i, all) => all.indexOf(name) === i)
}

/** bpftool's header declares packed enums, which are smaller than an int, as if they were not. */
function holdsPackedEnum(id: number): boolean {
  const type = btf.resolve(id)
  if (type.kind === 'enum') return type.size !== 4
  if (type.kind === 'array') return holdsPackedEnum(type.type)
  if (type.kind !== 'struct' && type.kind !== 'union') return false
  return type.members.some((member) => holdsPackedEnum(member.type))
}

/** Structs with bit-fields, and every tenth of the others. */
function chosenStructs(): BtfStruct[] {
  const chosen: BtfStruct[] = []
  let count = 0
  for (const type of btf.types()) {
    if ((type.kind !== 'struct' && type.kind !== 'union') || type.name === '') continue
    if (type.size === 0 || type.size > LARGEST || holdsPackedEnum(type.id)) continue
    // Of types of the same name, bpftool's header renames all but one.
    if ([...btf.findAll(type.name, 'struct', 'union', 'fwd', 'typedef')].length > 1) continue
    const hasBits = type.members.some((member) => member.bitSize > 0)
    if (hasBits || count++ % 10 === 0) chosen.push(type)
  }
  return chosen
}

/** What a C compiler makes of the bytes: a line `struct.member value` each. */
function compiled(directory: string, structs: readonly BtfStruct[], bytes: Uint8Array): string[] {
  const header = execFileSync('bpftool', ['btf', 'dump', 'file', BTF_FILE, 'format', 'c'], {
    maxBuffer: 2 ** 28,
  })
  writeFileSync(join(directory, 'vmlinux.h'), header)
  writeFileSync(join(directory, 'bytes'), bytes)
  const prints = structs.map((type, i) => {
    const lines = scalars(type).map((member) => {
      return `  printf("${type.name}.${member} %lld\\n", (long long)p->${member});`
    })
    return `static void f${i}(${type.kind} ${type.name} *p) {\n${lines.join('\n')}\n}`
  })
  const source = `#include "vmlinux.h"
    int printf(const char *, ...);
    void *fopen(const char *, const char *);
    unsigned long fread(void *, unsigned long, unsigned long, void *);
    static char bytes[${bytes.length}] __attribute__((aligned(64)));
    ${prints.join('\n')}
    int main(int argc, char **argv) {
      fread(bytes, 1, sizeof(bytes), fopen(argv[1], "r"));
      ${structs.map((_, i) => `f${i}((void *)bytes);`).join('\n')}
      return 0;
    }`
  writeFileSync(join(directory, 'print.c'), source)
  const program = join(directory, 'print')
  // The kernel's own choice since Linux 6.2.
  const char = btf.get('char', 'int').signed ? '-fsigned-char' : '-funsigned-char'
  execFileSync('gcc', ['-w', '-O0', char, '-o', program, join(directory, 'print.c')])
  const output = execFileSync(program, [join(directory, 'bytes')], { maxBuffer: 2 ** 28 })
  return output.toString().trimEnd().split('\n')
}

/** The same, of views. */
function viewed(structs: readonly BtfStruct[], bytes: Uint8Array): string[] {
  const space = new ObjectSpace(btf, new BytesMemory(START, bytes))
  return structs.flatMap((type) => {
    const view = space.classOf(type).at(START) as UntypedView
    return scalars(type).map((member) => {
      const value = view[member]
      const number = value === null ? 0n : BigInt(value.$address ?? value)
      return `${type.name}.${member} ${BigInt.asIntN(64, number)}`
    })
  })
}

describeLive('views of arbitrary bytes', () => {
  test('have the values that a C compiler finds in them', () => {
    using directory = new ScratchDirectory()
    const structs = chosenStructs()
    const bytes = noise(LARGEST)
    const expected = compiled(directory.path, structs, bytes)
    const seen = viewed(structs, bytes)
    expect(seen.length).toBeGreaterThan(5000)
    const different = seen.flatMap((line, i) => (line === expected[i] ? [] : [[line, expected[i]]]))
    expect(different).toEqual([])
    expect(seen.length).toBe(expected.length)
  })
})
