import { FormatError } from '../../errors.js'

/** What the codecs of the family of LZ77 do: take literals, and copy what is there already. */
export abstract class LzBuffers {
  /** The next byte of the input. */
  protected at = 0
  /** How many bytes of the output there are. */
  protected done = 0

  /** `name` is that of the format in messages. */
  constructor(
    private readonly name: string,
    protected readonly input: Uint8Array,
    private readonly output: Uint8Array,
  ) {}

  protected literals(count: number): void {
    if (this.at + count > this.input.length) throw this.damaged('literals end behind the data')
    this.checkRoom(count)
    const { input, output, at, done } = this
    // There are few of them as a rule, and a view of them would take longer to make.
    for (let i = 0; i < count; i++) output[done + i] = input[at + i]!
    this.at += count
    this.done += count
  }

  protected copy(distance: number, count: number): void {
    if (distance === 0 || distance > this.done) {
      throw this.damaged('a copy is from before the start')
    }
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

  protected damaged(expected: string): FormatError {
    return new FormatError(`${this.name} data`, this.at, expected)
  }
}
