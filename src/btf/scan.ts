import { FormatError } from '../errors.js'

/** 32-bit words that follow the three words of `struct btf_type`, by kind number. */
const FIXED_WORDS = Uint8Array.of(0, 1, 0, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 1, 0, 0)

/** 32-bit words that follow for each of the `vlen` entries, by kind number. */
const WORDS_PER_ENTRY = Uint8Array.of(0, 0, 0, 0, 3, 3, 2, 0, 0, 0, 0, 0, 0, 2, 0, 3, 0, 0, 0, 3)

const LAST_KIND = WORDS_PER_ENTRY.length - 1

export const kindOf = (info: number) => (info >>> 24) & 0x1f
export const vlenOf = (info: number) => info & 0xffff
export const kindFlagOf = (info: number) => info >>> 31 === 1

export interface TypeIndex {
  /** The word at which each type starts, in order of ids; the end of the section comes last. */
  readonly starts: Uint32Array
  /** The kind of each type. */
  readonly kinds: Uint8Array
}

/** Finds where each type starts. */
export function indexTypes(words: Uint32Array, source: string, fileOffset: number): TypeIndex {
  // No type is smaller than three words, so this is never too short.
  const starts = new Uint32Array(Math.floor(words.length / 3) + 1)
  const kinds = new Uint8Array(starts.length)
  let count = 0
  let at = 0
  while (at < words.length) {
    const info = words[at + 1] ?? 0
    const kind = kindOf(info)
    if (kind === 0 || kind > LAST_KIND) throw unknownKind(kind, source, fileOffset + at * 4)
    const next = at + 3 + FIXED_WORDS[kind]! + WORDS_PER_ENTRY[kind]! * vlenOf(info)
    if (next > words.length) {
      throw new FormatError(source, fileOffset + at * 4, 'a type runs over the end of its section')
    }
    kinds[count] = kind
    starts[count++] = at
    at = next
  }
  starts[count] = words.length
  return { starts: starts.subarray(0, count + 1), kinds: kinds.subarray(0, count) }
}

function unknownKind(kind: number, source: string, offset: number): FormatError {
  return new FormatError(
    source,
    offset,
    `BTF kind ${kind} is not known`,
    'kinds 1 to 19 are; a newer kernel may need a newer ksight',
  )
}

/** Whether an int type uses only some of its bits, as bit-fields in the old encoding do. */
export function hasPartialInt(words: Uint32Array, starts: Uint32Array, kinds: Uint8Array): boolean {
  for (let i = kinds.indexOf(1); i !== -1; i = kinds.indexOf(1, i + 1)) {
    const at = starts[i]!
    const size = words[at + 2]!
    if ((words[at + 3]! & 0xffffff) !== size * 8) return true
  }
  return false
}
