import { FormatError } from '../../errors.js'

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

class Lzo1x {
  private at = 0
  private done = 0

  constructor(
    private readonly input: Uint8Array,
    private readonly output: Uint8Array,
  ) {}

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

  private literals(count: number): void {
    if (this.at + count > this.input.length) throw this.damaged('literals end behind the data')
    this.checkRoom(count)
    const { input, output, at, done } = this
    for (let i = 0; i < count; i++) output[done + i] = input[at + i]!
    this.at += count
    this.done += count
  }

  private copy(distance: number, count: number): void {
    if (distance > this.done) throw this.damaged('a copy is from before the start')
    this.checkRoom(count)
    // Byte by byte: what is copied may overlap what it becomes.
    const { output } = this
    const end = this.done + count
    for (let to = this.done; to < end; to++) output[to] = output[to - distance]!
    this.done = end
  }

  private checkRoom(count: number): void {
    if (this.done + count > this.output.length) {
      throw this.damaged(`no more than ${this.output.length} bytes come out`)
    }
  }

  private damaged(expected: string): FormatError {
    return new FormatError('LZO data', this.at, expected)
  }
}
