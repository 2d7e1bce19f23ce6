/** Builds a small BTF: what the kernel wants to know about the functions of a program. */
const MAGIC = 0xeb9f
const HEADER_SIZE = 24
const KIND = { int: 1, func: 12, funcProto: 13 } as const
const INT_SIGNED = 1 << 24

export class BtfBuilder {
  private readonly words: number[] = []
  private readonly strings: number[] = [0]
  private types = 0

  /** A signed integer. Each method gives the id of the new type. */
  int(name: string, size: number): number {
    return this.add(name, KIND.int, 0, size, [INT_SIGNED | (size * 8)])
  }

  /** A function prototype without named parameters. */
  funcProto(returns: number, params: readonly number[] = []): number {
    return this.add(
      '',
      KIND.funcProto,
      params.length,
      returns,
      params.flatMap((type) => [0, type]),
    )
  }

  /** A function of static linkage. */
  func(name: string, proto: number): number {
    return this.add(name, KIND.func, 0, proto, [])
  }

  encode(): Uint8Array {
    const typesSize = this.words.length * 4
    const bytes = new Uint8Array(HEADER_SIZE + typesSize + this.strings.length)
    const view = new DataView(bytes.buffer)
    view.setUint16(0, MAGIC, true)
    view.setUint8(2, 1)
    const header = [HEADER_SIZE, 0, typesSize, typesSize, this.strings.length]
    header.concat(this.words).forEach((word, index) => {
      view.setUint32(4 + index * 4, word, true)
    })
    bytes.set(this.strings, HEADER_SIZE + typesSize)
    return bytes
  }

  private add(
    name: string,
    kind: number,
    vlen: number,
    sizeOrType: number,
    rest: number[],
  ): number {
    this.words.push(this.string(name), (kind << 24) | vlen, sizeOrType, ...rest)
    return ++this.types
  }

  private string(text: string): number {
    if (text === '') return 0
    const offset = this.strings.length
    this.strings.push(...new TextEncoder().encode(text), 0)
    return offset
  }
}
