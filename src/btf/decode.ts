import type { BtfEnumerator, BtfMember, BtfParam, BtfSectionVar, BtfType } from './kinds.js'
import { kindFlagOf, kindOf, vlenOf } from './scan.js'

const LINKAGES = ['static', 'global', 'extern'] as const
const linkageOf = (value: number) => LINKAGES[value] ?? 'static'

/**
 * Decodes the type that starts at word `at`; `name` finds a string by its offset. Bit-fields in the
 * old encoding need the int type they use; that is resolved by the caller of `members`.
 */
export function decodeType(
  words: Uint32Array,
  at: number,
  id: number,
  nameAt: (offset: number) => string,
): BtfType {
  const info = words[at + 1]!
  const word = words[at + 2]!
  const vlen = vlenOf(info)
  const flag = kindFlagOf(info)
  const body = at + 3
  const name = nameAt(words[at]!)

  switch (kindOf(info)) {
    case 1:
      return { kind: 'int', id, name, size: word, ...decodeIntEncoding(words[body]!) }
    case 2:
      return { kind: 'ptr', id, name, type: word }
    case 3:
      return {
        kind: 'array',
        id,
        name,
        type: words[body]!,
        indexType: words[body + 1]!,
        length: words[body + 2]!,
      }
    case 4:
    case 5: {
      const kind = kindOf(info) === 4 ? 'struct' : 'union'
      return { kind, id, name, size: word, members: decodeMembers(words, body, vlen, flag, nameAt) }
    }
    case 6:
      return {
        kind: 'enum',
        id,
        name,
        size: word,
        signed: flag,
        values: entries(vlen, (i): BtfEnumerator => {
          const value = words[body + i * 2 + 1]!
          return { name: nameAt(words[body + i * 2]!), value: flag ? value | 0 : value }
        }),
      }
    case 7:
      return { kind: 'fwd', id, name, of: flag ? 'union' : 'struct' }
    case 8:
      return { kind: 'typedef', id, name, type: word }
    case 9:
      return { kind: 'volatile', id, name, type: word }
    case 10:
      return { kind: 'const', id, name, type: word }
    case 11:
      return { kind: 'restrict', id, name, type: word }
    case 12:
      return { kind: 'func', id, name, type: word, linkage: linkageOf(vlen) }
    case 13: {
      const params = entries(
        vlen,
        (i): BtfParam => ({ name: nameAt(words[body + i * 2]!), type: words[body + i * 2 + 1]! }),
      )
      // A last parameter without name and type stands for "...".
      const last = params.at(-1)
      const variadic = last !== undefined && last.name === '' && last.type === 0
      if (variadic) params.pop()
      return { kind: 'func_proto', id, name, type: word, params, variadic }
    }
    case 14:
      return { kind: 'var', id, name, type: word, linkage: linkageOf(words[body]!) }
    case 15:
      return {
        kind: 'datasec',
        id,
        name,
        size: word,
        vars: entries(vlen, (i): BtfSectionVar => {
          const [type, offset, size] = words.subarray(body + i * 3, body + i * 3 + 3)
          return { type: type!, offset: offset!, size: size! }
        }),
      }
    case 16:
      return { kind: 'float', id, name, size: word }
    case 17:
      return { kind: 'decl_tag', id, name, type: word, component: words[body]! | 0 }
    case 18:
      return { kind: 'type_tag', id, name, type: word }
    default:
      return {
        kind: 'enum64',
        id,
        name,
        size: word,
        signed: flag,
        values: entries(vlen, (i): BtfEnumerator => {
          const [nameOffset, low, high] = words.subarray(body + i * 3, body + i * 3 + 3)
          const value = (BigInt(high!) << 32n) | BigInt(low!)
          return { name: nameAt(nameOffset!), value: flag ? BigInt.asIntN(64, value) : value }
        }),
      }
  }
}

function entries<T>(count: number, entry: (i: number) => T): T[] {
  return Array.from({ length: count }, (_, i) => entry(i))
}

/** The word behind an int: encoding in bits 24 to 27, offset in 16 to 23, bits in 0 to 7. */
function decodeIntEncoding(word: number) {
  const encoding = (word >>> 24) & 0xf
  return {
    signed: (encoding & 1) !== 0,
    char: (encoding & 2) !== 0,
    bool: (encoding & 4) !== 0,
    bits: word & 0xff,
    bitOffset: (word >>> 16) & 0xff,
  }
}

/**
 * With the kind flag set (Linux 4.20, commit 9d5f9f701b18), the offset word holds the size of a
 * bit-field in its upper 8 bits; without it, it is the offset alone, and a bit-field is told by its
 * int type ({@link Btf} adds its size).
 */
function decodeMembers(
  words: Uint32Array,
  body: number,
  vlen: number,
  flag: boolean,
  nameAt: (offset: number) => string,
): BtfMember[] {
  return entries(vlen, (i) => {
    const offset = words[body + i * 3 + 2]!
    return {
      name: nameAt(words[body + i * 3]!),
      type: words[body + i * 3 + 1]!,
      bitOffset: flag ? offset & 0xffffff : offset,
      bitSize: flag ? offset >>> 24 : 0,
    }
  })
}
