import { FormatError } from '../errors.js'

/**
 * 32-bit words that follow the three words of `struct btf_type`, by kind number: a fixed count, and
 * a count for each of the `vlen` entries.
 */
const TRAILING_WORDS: readonly (readonly [fixed: number, perEntry: number])[] = [
  [0, 0], // void is never written
  [1, 0], // int
  [0, 0], // ptr
  [3, 0], // array
  [0, 3], // struct
  [0, 3], // union
  [0, 2], // enum
  [0, 0], // fwd
  [0, 0], // typedef
  [0, 0], // volatile
  [0, 0], // const
  [0, 0], // restrict
  [0, 0], // func
  [0, 2], // func_proto
  [1, 0], // var
  [0, 3], // datasec
  [0, 0], // float
  [1, 0], // decl_tag
  [0, 0], // type_tag
  [0, 3], // enum64
]

export const kindOf = (info: number) => (info >>> 24) & 0x1f
export const vlenOf = (info: number) => info & 0xffff
export const kindFlagOf = (info: number) => info >>> 31 === 1

/** The word at which each type starts, in order of ids; the end of the section comes last. */
export function indexTypes(words: Uint32Array, source: string, fileOffset: number): Uint32Array {
  // No type is smaller than three words, so this is never too short.
  const starts = new Uint32Array(Math.floor(words.length / 3) + 1)
  let count = 0
  let at = 0
  while (at < words.length) {
    const info = words[at + 1] ?? 0
    const trailing = TRAILING_WORDS[kindOf(info)]
    if (trailing === undefined || kindOf(info) === 0) {
      throw new FormatError(
        source,
        fileOffset + at * 4,
        `BTF kind ${kindOf(info)} is not known`,
        'kinds 1 to 19 are; a newer kernel may need a newer ksight',
      )
    }
    const next = at + 3 + trailing[0] + trailing[1] * vlenOf(info)
    if (next > words.length) {
      throw new FormatError(source, fileOffset + at * 4, 'a type runs over the end of its section')
    }
    starts[count++] = at
    at = next
  }
  starts[count] = words.length
  return starts.subarray(0, count + 1)
}

/** Whether an int type uses only some of its bits, as bit-fields in the old encoding do. */
export function hasPartialInt(words: Uint32Array, starts: Uint32Array): boolean {
  for (let i = 0; i < starts.length - 1; i++) {
    const at = starts[i]!
    if (kindOf(words[at + 1]!) !== 1) continue
    const size = words[at + 2]!
    if ((words[at + 3]! & 0xffffff) !== size * 8) return true
  }
  return false
}
