/** A type as `struct btf_type` and what follows it; a string stands for the offset of a name. */
export interface WrittenType {
  readonly kind: number
  readonly name?: string
  readonly vlen?: number
  readonly flag?: boolean
  readonly sizeOrType?: number
  readonly rest?: readonly (number | string)[]
}

/** BTF of these types, the first of which has id 1. */
export function btfBytes(types: readonly WrittenType[]): Uint8Array {
  const strings = [0]
  const offsets = new Map([['', 0]])
  const offsetOf = (name: string) => {
    const known = offsets.get(name)
    if (known !== undefined) return known
    const offset = strings.length
    offsets.set(name, offset)
    strings.push(...Buffer.from(name, 'latin1'), 0)
    return offset
  }
  const words = types.flatMap(({ kind, name = '', vlen = 0, flag, sizeOrType = 0, rest = [] }) => [
    offsetOf(name),
    ((flag ? 1 << 31 : 0) | (kind << 24) | vlen) >>> 0,
    sizeOrType,
    ...rest.map((word) => (typeof word === 'string' ? offsetOf(word) : word)),
  ])
  const header = new DataView(new ArrayBuffer(24))
  header.setUint16(0, 0xeb9f, true)
  header.setUint8(2, 1)
  const fields = [24, 0, words.length * 4, words.length * 4, strings.length]
  for (const [i, value] of fields.entries()) header.setUint32(4 + i * 4, value, true)
  return Buffer.concat([
    new Uint8Array(header.buffer),
    new Uint8Array(Uint32Array.from(words).buffer),
    Uint8Array.from(strings),
  ])
}
