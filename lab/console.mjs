// @ts-check

/** So many characters of the console are kept. */
const KEPT = 64 * 1024

/** What the guest's kernel printed on its console, as far as it is recent. */
export class Console {
  #text = ''

  /**
   * @param {import('node:stream').Readable | null} stream null where the terminal shows it
   * @param {() => void} onPanic called when the kernel panics
   */
  constructor(stream, onPanic) {
    stream?.setEncoding('utf8')
    stream?.on('data', (text) => {
      const before = this.#panicked
      this.#text = (this.#text + text).slice(-KEPT)
      if (!before && this.#panicked) onPanic()
    })
  }

  /** Not before the line that says why is complete. */
  get #panicked() {
    return /Kernel panic - not syncing.*\n/.test(this.#text)
  }

  /** Everything that is kept. */
  get text() {
    return this.#text.replaceAll('\r', '')
  }

  /** The last lines, for a message. */
  get tail() {
    return this.text.trimEnd().split('\n').slice(-25).join('\n')
  }
}
