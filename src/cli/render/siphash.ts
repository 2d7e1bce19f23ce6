/**
 * SipHash-2-4 of one 64-bit word: `siphash_1u64()` of the kernel (include/linux/siphash.h), with
 * which it hashes the pointers that it prints. Gives the lower 32 bits, as `ptr_to_hashval()` does.
 */
export class SipHash {
  private readonly initial = new Int32Array(8)
  /** v0 to v3, each as its lower and its upper half. */
  private readonly v = new Int32Array(8)

  /** `key` is 16 bytes. */
  constructor(key: Uint8Array) {
    const view = new DataView(key.buffer, key.byteOffset, 16)
    // "somepseudorandomlygeneratedbytes", of the definition.
    const constants = [
      0x70736575, 0x736f6d65, 0x6e646f6d, 0x646f7261, 0x6e657261, 0x6c796765, 0x79746573,
      0x74656462,
    ]
    constants.forEach((constant, i) => {
      this.initial[i] = constant ^ view.getInt32((i % 4) * 4, true)
    })
  }

  hash32(word: bigint): number {
    const { v } = this
    v.set(this.initial)
    this.absorb(Number(word & 0xffffffffn), Number((word >> 32n) & 0xffffffffn))
    // The last block is what is left, here nothing, and the length in the uppermost byte.
    this.absorb(0, 8 << 24)
    v[4]! ^= 0xff
    for (let i = 0; i < 4; i++) this.round()
    return (v[0]! ^ v[2]! ^ v[4]! ^ v[6]!) >>> 0
  }

  private absorb(low: number, high: number): void {
    const { v } = this
    v[6]! ^= low
    v[7]! ^= high
    this.round()
    this.round()
    v[0]! ^= low
    v[1]! ^= high
  }

  private round(): void {
    const { v } = this
    mix(v, 0, 2, 13)
    swapHalves(v, 0)
    mix(v, 4, 6, 16)
    mix(v, 0, 6, 21)
    mix(v, 4, 2, 17)
    swapHalves(v, 4)
  }
}

/** `a += b; b = rol64(b, bits) ^ a` for bits < 32 */
function mix(v: Int32Array, a: number, b: number, bits: number): void {
  const low = (v[a]! >>> 0) + (v[b]! >>> 0)
  v[a + 1] = v[a + 1]! + v[b + 1]! + (low > 0xffffffff ? 1 : 0)
  v[a] = low
  const bLow = v[b]!
  const bHigh = v[b + 1]!
  v[b] = ((bLow << bits) | (bHigh >>> (32 - bits))) ^ v[a]!
  v[b + 1] = ((bHigh << bits) | (bLow >>> (32 - bits))) ^ v[a + 1]!
}

/** `a = rol64(a, 32)` */
function swapHalves(v: Int32Array, a: number): void {
  const low = v[a]!
  v[a] = v[a + 1]!
  v[a + 1] = low
}
