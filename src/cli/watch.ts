import { setTimeout as sleep } from 'node:timers/promises'
import type { GlobalOptions } from './options.js'
import { present, type Result } from './present.js'
import { jsonLine } from './render/json.js'
import { AlternateScreen } from './screen.js'
import { writeOut } from './stdio.js'
import { isTerminal, outputPage } from './terminal.js'

export interface WatchOptions extends GlobalOptions {
  /** Seconds between two looks; not there to look once. */
  readonly watch?: number
}

/** Shows a result once, or with `--watch` again and again. */
export async function presentWatched(look: () => Result, options: WatchOptions): Promise<void> {
  if (options.watch === undefined) return present(look(), options)
  const milliseconds = options.watch * 1000
  if (isTerminal() && !options.json) return redraw(look, options, milliseconds)
  for (let first = true; ; first = false) {
    if (!first) await sleep(milliseconds)
    await append(look(), options, first)
  }
}

/** Where nothing can be redrawn: tables with a blank line between them, or a line of JSON each. */
async function append(result: Result, options: GlobalOptions, first: boolean): Promise<void> {
  if (options.json) return writeOut(`${jsonLine(result.json())}\n`)
  writeOut((first ? '' : '\n') + result.text(await outputPage(options.color)))
}

async function redraw(
  look: () => Result,
  options: GlobalOptions,
  milliseconds: number,
): Promise<never> {
  using screen = new AlternateScreen()
  for (;;) {
    const page = await outputPage(options.color)
    screen.draw(look().text(page).trimEnd().split('\n'), page.style)
    await screen.timeOrResize(milliseconds)
  }
}
