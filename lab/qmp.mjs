// @ts-check

/** @typedef {{ return: any } | { error: { class: string, desc: string } }} Answer */

/** @type {Answer} */
const CLOSED = { error: { class: 'Closed', desc: 'the virtual machine has ended' } }

/** QEMU's machine protocol: JSON objects, one a line (docs/interop/qmp-spec). */
export class Qmp {
  /** @type {((answer: Answer) => void)[]} */
  #waiting = []
  #received = ''
  #stream
  #onEvent

  /**
   * @param {import('node:stream').Duplex} stream
   * @param {(event: string) => void} [onEvent] called with the name of each event
   */
  constructor(stream, onEvent = () => {}) {
    this.#stream = stream
    this.#onEvent = onEvent
    stream.setEncoding('utf8')
    stream.on('data', (text) => this.#receive(text))
    stream.on('error', () => {})
    stream.on('close', () => this.#close())
  }

  /**
   * Executes a command and gives what it returns.
   * @param {string} command
   * @param {object} [args]
   * @returns {Promise<any>}
   */
  async execute(command, args = {}) {
    const answer = await new Promise((resolve) => {
      if (this.#stream.destroyed) resolve(CLOSED)
      this.#waiting.push(resolve)
      this.#stream.write(`${JSON.stringify({ execute: command, arguments: args })}\n`)
    })
    if ('return' in answer) return answer.return
    throw new Error(`QEMU refuses ${command}: ${answer.error.desc}`)
  }

  /** @param {string} text */
  #receive(text) {
    const lines = (this.#received + text).split('\n')
    this.#received = lines.pop() ?? ''
    for (const line of lines) this.#take(JSON.parse(line))
  }

  /** @param {any} message */
  #take(message) {
    if ('event' in message) this.#onEvent(message.event)
    // The greeting is no answer either.
    if ('return' in message || 'error' in message) this.#waiting.shift()?.(message)
  }

  #close() {
    for (const resolve of this.#waiting.splice(0)) resolve(CLOSED)
  }
}
