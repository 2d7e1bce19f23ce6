// @ts-check

/** So many characters of the console are kept. */
const KEPT = 64 * 1024

/** What the guest's kernel printed on its console, as far as it is recent. */
export class Console {
  #text = ''

  /** @param {import('node:stream').Readable | null} stream null where the terminal shows it */
  constructor(stream) {
    /** Fulfilled when the kernel has panicked, and not before it has said everything about it. */
    this.panicked = new Promise((resolve) => {
      stream?.setEncoding('utf8')
      stream?.on('data', (text) => {
        this.#text = (this.#text + text).slice(-KEPT)
        if (/---\[ end Kernel panic - not syncing[^\n]*\n/.test(this.#text)) resolve(undefined)
      })
    })
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
