import type { Style } from './render/style.js'
import { writeOut } from './stdio.js'
import { terminalSize } from './terminal.js'

// xterm's control sequences, which every terminal of today knows.
const ENTER = '\x1b[?1049h\x1b[?25l'
const LEAVE = '\x1b[?25h\x1b[?1049l'
const HOME = '\x1b[H'
const CLEAR_TO_END_OF_LINE = '\x1b[K'
const CLEAR_BELOW = '\x1b[J'

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT'] as const

/** The terminal's second screen, without a cursor; the first comes back however the process ends. */
export class AlternateScreen implements Disposable {
  private before: ReadonlySet<string> | undefined

  constructor() {
    for (const signal of SIGNALS) process.on(signal, this.endBy)
    writeOut(ENTER)
  }

  /** Dies of the signal after all, so that the shell knows. */
  private readonly endBy = (signal: NodeJS.Signals): void => {
    this[Symbol.dispose]()
    process.kill(process.pid, signal)
  }

  /** Shows lines; those that were not there the last time stand out. */
  draw(lines: readonly string[], style: Style): void {
    const { rows } = terminalSize()
    const shown = lines.length <= rows ? lines : lines.slice(0, rows - 1)
    const drawn = shown.map((line) => {
      const isNew = this.before !== undefined && !this.before.has(line)
      return (isNew ? style.green(line) : line) + CLEAR_TO_END_OF_LINE
    })
    const hidden = lines.length - shown.length
    if (hidden > 0) drawn.push(style.dim(`… ${hidden} more`) + CLEAR_TO_END_OF_LINE)
    writeOut(HOME + drawn.join('\r\n') + CLEAR_BELOW)
    this.before = new Set(lines)
  }

  timeOrResize(milliseconds: number): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        clearTimeout(timer)
        process.stdout.off('resize', done)
        resolve()
      }
      const timer = setTimeout(done, milliseconds)
      process.stdout.once('resize', done)
    })
  }

  [Symbol.dispose](): void {
    for (const signal of SIGNALS) process.off(signal, this.endBy)
    try {
      writeOut(LEAVE)
    } catch {
      // The terminal is gone, and wants nothing back.
    }
  }
}
