/** A type as BTF stores it: name, info, size or type, further words; names stand for their offset. */
export type EncodedType = readonly [name: string, info: number, sizeOrType: number, ...Word[]]
type Word = number | string

/** The `info` of `struct btf_type`. */
export const info = (kind: number, vlen = 0, flag = false) =>
  ((flag ? 0x80000000 : 0) | (kind << 24) | vlen) >>> 0

/** The bytes of a BTF with these types, the first of which has id 1. */
export function encodeBtf(types: readonly EncodedType[]): Uint8Array {
  const strings = new Map([['', 0]])
  let text = '\0'
  const offsetOf = (name: string) => {
    if (!strings.has(name)) {
      strings.set(name, text.length)
      text += `${name}\0`
    }
    return strings.get(name)!
  }
  const words = types.flat().map((word) => (typeof word === 'string' ? offsetOf(word) : word >>> 0))
  const header = [24, 0, words.length * 4, words.length * 4, text.length]
  const magic = Uint8Array.of(0x9f, 0xeb, 1, 0)
  const numbers = Buffer.alloc((header.length + words.length) * 4)
  for (const [i, word] of [...header, ...words].entries()) numbers.writeUInt32LE(word, i * 4)
  return Buffer.concat([magic, numbers, Buffer.from(text, 'latin1')])
}
