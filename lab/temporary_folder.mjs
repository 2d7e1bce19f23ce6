// @ts-check
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/**
 * A folder that does not outlive this process, even if that is killed: another process waits for
 * its end, and removes the folder then.
 */
export class TemporaryFolder {
  #remover

  constructor() {
    this.path = mkdtempSync(join(tmpdir(), 'ksight-lab-'))
    // Killed with its owner, a guest may be writing there for a moment longer.
    const script = 'read -r end; until rm -rf "$1"; do sleep 0.1; done'
    this.#remover = spawn('sh', ['-c', script, 'sh', this.path], {
      stdio: ['pipe', 'ignore', 'ignore'],
      // Control-C in the terminal is not for it.
      detached: true,
    })
    // Neither keeps this process from ending.
    const stdin = /** @type {import('node:net').Socket} */ (this.#remover.stdin)
    stdin.unref()
    this.#remover.unref()
  }

  async remove() {
    if (this.#remover.exitCode !== null) return
    const removed = once(this.#remover, 'exit')
    this.#remover.ref()
    this.#remover.stdin.end()
    await removed
  }
}
