import { LzBuffers } from './lz_buffers.js'

/** `state` after a run of four or more literals; otherwise it is how many there were. */
const LONG_RUN = 4
/** The distance that ends the data. */
const END = 0x4000

/**
 * Decompresses LZO1X (Documentation/staging/lzo.rst, version 0) into `output`, and gives how many bytes
 * that were. Throws {@link FormatError} at what does not fit into `output`, or is no such data.
 */
export function decompressLzo1x(input: Uint8Array, output: Uint8Array): number {
  return new Lzo1x(input, output).run()
}

class Lzo1x extends LzBuffers {
  constructor(input: Uint8Array, output: Uint8Array) {
    super('LZO', input, output)
  }

  run(): number {
    let state = this.firstLiterals()
    for (;;) {
      const code = this.byte()
      if (code < 16 && state === 0) {
        this.literals(this.length(code, 15) + 3)
        state = LONG_RUN
        continue
      }
      const last = this.block(code, state)
      if (last === undefined) return this.done
      state = last & 3
      this.literals(state)
    }
  }

  /** The first byte may be literals' count; gives the state after them. */
  private firstLiterals(): number {
    const first = this.byte()
    if (first < 18) {
      this.at--
      return 0
    }
    this.literals(first - 17)
    return Math.min(first - 17, LONG_RUN)
  }

  /** Copies what is there already; gives the byte that counts the literals behind, or undefined at the end. */
  private block(code: number, state: number): number | undefined {
    if (code >= 64) {
      const length = code >= 128 ? 5 + ((code >> 5) & 3) : 3 + ((code >> 5) & 1)
      this.copy((this.byte() << 3) + ((code >> 2) & 7) + 1, length)
      return code
    }
    if (code >= 32) {
      const length = this.length(code & 31, 31) + 2
      const operand = this.word()
      this.copy((operand >> 2) + 1, length)
      return operand
    }
    if (code >= 16) {
      const length = this.length(code & 7, 7) + 2
      const operand = this.word()
      const distance = END + ((code & 8) << 11) + (operand >> 2)
      if (distance === END) return undefined
      this.copy(distance, length)
      return operand
    }
    const nearest = (this.byte() << 2) + (code >> 2) + 1
    if (state === LONG_RUN) this.copy(nearest + 0x800, 3)
    else this.copy(nearest, 2)
    return code
  }

  /** A length of few bits; 0 says that it is more than they hold (`most`), and bytes follow. */
  private length(bits: number, most: number): number {
    if (bits !== 0) return bits
    let length = most
    for (;;) {
      const byte = this.byte()
      if (byte !== 0) return length + byte
      length += 255
    }
  }

  private byte(): number {
    if (this.at >= this.input.length) throw this.damaged('the data ends before its end mark')
    return this.input[this.at++]!
  }

  private word(): number {
    return this.byte() | (this.byte() << 8)
  }
}
