// @ts-check
import { readFileSync } from 'node:fs'

/** Writes to a stream what is appended to a file. */
export class Follower {
  #written = 0
  #timer
  #path
  #stream

  /**
   * @param {string} path
   * @param {NodeJS.WritableStream} stream
   */
  constructor(path, stream) {
    this.#path = path
    this.#stream = stream
    this.#timer = setInterval(() => this.#write(), 100)
  }

  #write() {
    const news = readFileSync(this.#path).subarray(this.#written)
    this.#written += news.length
    if (news.length > 0) this.#stream.write(news)
  }

  end() {
    clearInterval(this.#timer)
    this.#write()
  }
}
