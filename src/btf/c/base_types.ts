import type { RawTypes } from '../raw.js'

/** Bytes of C's own arithmetic types on 64-bit Linux, by the word in their names that decides. */
const SIZES: readonly (readonly [word: string, size: number])[] = [
  ['_Bool', 1],
  ['char', 1],
  ['short', 2],
  ['__int128', 16],
  ['float', 4],
  ['double', 8],
  ['long', 8],
  ['int', 4],
  ['unsigned', 4],
  ['signed', 4],
]

/** Tells whether an int or float is one that C compilers know, and not one that needs a typedef. */
export function isStandard(types: RawTypes, id: number): boolean {
  return standardSize(nameOf(types, id)) === types.sizeOrType(id)
}

function standardSize(name: string): number | undefined {
  if (name === 'long double') return 16
  const words = name.split(' ')
  if (!words.every((word) => SIZES.some(([known]) => known === word))) return undefined
  return SIZES.find(([word]) => words.includes(word))?.[1]
}

function nameOf(types: RawTypes, id: number): string {
  const start = types.name(id)
  const bytes = types.strings.subarray(start, types.strings.indexOf(0, start))
  return String.fromCharCode(...bytes.subarray(0, 64))
}

/** C's own type of the same kind and size, for the typedef; undefined if C has none. */
export function standardLike(types: RawTypes, id: number): string | undefined {
  const size = types.sizeOrType(id)
  if (types.kind(id) === 16) return FLOATS.get(size)
  const encoding = types.words[types.at(id) + 3]! >>> 24
  if ((encoding & 4) !== 0 && size === 1) return '_Bool'
  const signed = (encoding & 1) !== 0
  return INTS.get(size)?.[signed ? 0 : 1]
}

const FLOATS = new Map([
  [2, '_Float16'],
  [4, 'float'],
  [8, 'double'],
  [16, 'long double'],
])

const INTS = new Map<number, readonly [signed: string, unsigned: string]>([
  [1, ['signed char', 'unsigned char']],
  [2, ['short', 'unsigned short']],
  [4, ['int', 'unsigned int']],
  [8, ['long', 'unsigned long']],
  [16, ['__int128', 'unsigned __int128']],
])
