// @ts-check

/** Talks to guest/agent, line by line. */
export class Agent {
  /** @type {Map<number, { resolve: (exitCode: number) => void, reject: (error: Error) => void }>} */
  #running = new Map()
  /** @type {Error | undefined} */
  #lost
  #received = ''
  #stream

  /** @param {import('node:stream').Duplex} stream */
  constructor(stream) {
    this.#stream = stream
    /** Fulfilled when the guest is up. */
    this.ready = this.#wait(0)
    // Whoever waits for it is told; nobody may be waiting yet.
    this.ready.catch(() => {})
    stream.setEncoding('utf8')
    stream.on('data', (text) => this.#receive(text))
    stream.on('error', () => {})
  }

  /**
   * Lets the guest run script number `number`, and gives its exit code.
   * @param {number} number above 0
   * @param {string} [request]
   */
  run(number, request = `run ${number}`) {
    const exitCode = this.#wait(number)
    this.send(request)
    return exitCode
  }

  /** @param {string} request */
  send(request) {
    this.#stream.write(`${request}\n`)
  }

  /**
   * The guest will not answer any more, and whoever waits is told why.
   * @param {Error} error
   */
  lose(error) {
    this.#lost ??= error
    for (const { reject } of this.#running.values()) reject(this.#lost)
    this.#running.clear()
  }

  /**
   * @param {number} number
   * @returns {Promise<number>}
   */
  #wait(number) {
    return new Promise((resolve, reject) => {
      if (this.#lost !== undefined) reject(this.#lost)
      else this.#running.set(number, { resolve, reject })
    })
  }

  /** @param {string} text */
  #receive(text) {
    const lines = (this.#received + text).split('\n')
    this.#received = lines.pop() ?? ''
    for (const line of lines) {
      const [, number = '', exitCode] = /^ended (\d+) (\d+)/.exec(line) ?? []
      this.#running.get(Number(number))?.resolve(Number(exitCode))
      this.#running.delete(Number(number))
    }
  }
}
