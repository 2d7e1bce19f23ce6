import { run, scratchFile } from './btf_kernels.js'
import type { MemberBits } from './btf_structs.js'

export interface Wanted {
  /** `struct foo` */
  readonly name: string
  readonly members: readonly MemberBits[]
}

/**
 * Where a C compiler puts the members: a program is compiled with the header and run, which prints
 * the size of each struct, and for each member its first byte or, of a bit-field, `first bit:bits`.
 */
export function compiledLayouts(id: string, header: string, wanted: readonly Wanted[]): string[] {
  const tables = wanted.map(({ name, members }, i) => tablesOf(name, members, i))
  const source = [
    `#include "${scratchFile(`${id}.h`, header)}"`,
    ...tables.flatMap(({ objects }) => objects),
    'struct { unsigned long number; const unsigned char *object; unsigned long size; } facts[] = {',
    ...tables.flatMap(({ facts }) => facts),
    MAIN,
  ]
  const program = scratchFile(id, '')
  run('gcc', '-w', '-o', program, scratchFile(`${id}.c`, source.join('\n')))
  return run(program).trimEnd().split('\n')
}

const MAIN = `};
int main(void) {
  for (unsigned long i = 0; i < sizeof(facts) / sizeof(facts[0]); i++) {
    unsigned long first = -1, bits = 0;
    if (!facts[i].object) {
      __builtin_printf("%lu\\n", facts[i].number);
      continue;
    }
    for (unsigned long bit = 0; bit < facts[i].size * 8; bit++)
      if (facts[i].object[bit / 8] >> bit % 8 & 1) {
        if (first == -1) first = bit;
        bits++;
      }
    __builtin_printf("%lu:%lu\\n", first, bits);
  }
}
`

/** What {@link compiledLayouts} ought to give. */
export function expectedLayout(size: number, members: readonly MemberBits[]): string[] {
  return [
    `${size}`,
    ...members.map(({ firstBit, bits }) => (bits > 0 ? `${firstBit}:${bits}` : `${firstBit / 8}`)),
  ]
}

/** A bit-field has no address: an object in which only its bits are set shows where they are. */
function tablesOf(name: string, members: readonly MemberBits[], index: number) {
  const objects: string[] = []
  const facts = [`{ sizeof(${name}) },`]
  members.forEach(({ path, bits }, i) => {
    if (bits === 0) {
      facts.push(`{ __builtin_offsetof(${name}, ${path}) },`)
      return
    }
    objects.push(`static ${name} object${index}_${i} = { .${path} = -1 };`)
    facts.push(`{ 0, (void *)&object${index}_${i}, sizeof(${name}) },`)
  })
  return { objects, facts }
}
