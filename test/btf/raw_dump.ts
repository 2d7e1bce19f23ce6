import { execFileSync } from 'node:child_process'
import { expect } from 'vitest'
import type { Btf } from '../../src/btf/btf.js'
import type { BtfType } from '../../src/btf/kinds.js'

/** What `bpftool btf dump` says of all types in a file: a line for each type and for each entry. */
export function bpftoolDump(path: string, base?: string): string {
  const options = base === undefined ? [] : ['-B', base]
  const args = [...options, 'btf', 'dump', 'file', path, 'format', 'raw']
  return execFileSync('bpftool', args, { encoding: 'utf8', maxBuffer: 2 ** 30 })
}

/** The same of what ksight decoded, for a comparison as text. */
export function ourDump(btf: Btf): string {
  const lines: string[] = []
  for (let id = btf.firstId; id < btf.count; id++) lines.push(...linesOf(btf, btf.type(id)))
  return `${lines.join('\n')}\n`
}

const quoted = (name: string) => (name === '' ? "'(anon)'" : `'${name}'`)

function linesOf(btf: Btf, type: BtfType): string[] {
  const [details, entries = []] = describe(btf, type)
  const head = `[${type.id}] ${type.kind.toUpperCase()} ${quoted(type.name)}`
  return [`${head} ${details}`.trimEnd(), ...entries.map((entry) => `\t${entry}`)]
}

function describe(btf: Btf, type: BtfType): [details: string, entries?: string[]] {
  switch (type.kind) {
    case 'void':
      return ['']
    case 'int': {
      const encoding = type.signed ? 'SIGNED' : type.bool ? 'BOOL' : type.char ? 'CHAR' : '(none)'
      const bits = `bits_offset=${type.bitOffset} nr_bits=${type.bits}`
      return [`size=${type.size} ${bits} encoding=${encoding}`]
    }
    case 'array':
      return [`type_id=${type.type} index_type_id=${type.indexType} nr_elems=${type.length}`]
    case 'struct':
    case 'union':
      return [
        `size=${type.size} vlen=${type.members.length}`,
        type.members.map(({ name, type: id, bitOffset, bitSize }) => {
          const bitField = bitSize === 0 ? '' : ` bitfield_size=${bitSize}`
          return `${quoted(name)} type_id=${id} bits_offset=${bitOffset}${bitField}`
        }),
      ]
    case 'enum':
    case 'enum64': {
      const suffix = type.kind === 'enum' ? '' : type.signed ? 'LL' : 'ULL'
      return [
        `encoding=${type.signed ? 'SIGNED' : 'UNSIGNED'} size=${type.size} vlen=${type.values.length}`,
        type.values.map(({ name, value }) => `${quoted(name)} val=${value}${suffix}`),
      ]
    }
    case 'fwd':
      return [`fwd_kind=${type.of}`]
    case 'func':
      return [`type_id=${type.type} linkage=${type.linkage}`]
    case 'func_proto': {
      const dots = type.variadic ? [{ name: '', type: 0 }] : []
      const params = [...type.params, ...dots]
      return [
        `ret_type_id=${type.type} vlen=${params.length}`,
        params.map(({ name, type: id }) => `${quoted(name)} type_id=${id}`),
      ]
    }
    case 'var':
      return [`type_id=${type.type}, linkage=${type.linkage}`]
    case 'datasec':
      return [
        `size=${type.size} vlen=${type.vars.length}`,
        type.vars.map(({ type: id, offset, size }) => {
          const { kind, name } = btf.type(id)
          return `type_id=${id} offset=${offset} size=${size} (${kind.toUpperCase()} '${name}')`
        }),
      ]
    case 'float':
      return [`size=${type.size}`]
    case 'decl_tag':
      return [`type_id=${type.type} component_idx=${type.component}`]
    default:
      return [`type_id=${type.type}`]
  }
}

/** Compares dumps of millions of characters, of which a test is to show no more than a line. */
export function expectSameDump(ours: string, theirs: string): void {
  if (ours === theirs) return
  const expected = theirs.split('\n')
  const at = ours.split('\n').findIndex((line, i) => line !== expected[i])
  expect(`line ${at}: ${ours.split('\n')[at]}`).toBe(`line ${at}: ${expected[at]}`)
  expect(ours.length).toBe(theirs.length)
}
