import type { GlobalOptions } from './options.js'
import { jsonDocument } from './render/json.js'
import { writeOut } from './stdio.js'
import { outputPage, type Page } from './terminal.js'

/** A result that can be shown in both forms. */
export interface Result {
  json(): unknown
  text(page: Page): string
}

export async function present(result: Result, options: GlobalOptions): Promise<void> {
  if (options.json) writeOut(`${jsonDocument(result.json())}\n`)
  else writeOut(result.text(await outputPage(options.color)))
}
