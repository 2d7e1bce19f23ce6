import { writeFileSync } from 'node:fs'
import { KsightError } from '../../errors.js'
import type { Kernel } from '../../kernel/kernel.js'
import { type Residency, vmaResidency } from '../../kernel/residency.js'
import { processSegments } from '../../kernel/segments.js'
import { addressSpace } from '../address_space.js'
import { openKernel } from '../open.js'
import type { GlobalOptions } from '../options.js'
import { pointerMode, showMessage, showPointers } from '../pointers.js'
import { present } from '../present.js'
import { findProcessMm, type ProcessMm, whileItLives } from '../process_mm.js'
import { labelled } from '../render/labelled.js'
import { printable } from '../render/printable.js'
import { vasMap } from '../render/vas_map.js'
import { totalsText } from '../render/vas_totals.js'
import { writeErr } from '../stdio.js'
import type { Page } from '../terminal.js'
import { vasCsv } from '../vas/csv.js'
import { fold } from '../vas/fold.js'
import { vasJson } from '../vas/json.js'
import { kernelHalf } from '../vas/kernel_half.js'
import { locationLines } from '../vas/locate.js'
import type { AddressRange, Part } from '../vas/part.js'
import { wholeSpace } from '../vas/parts.js'
import { type Totals, totalsOf } from '../vas/totals.js'

export interface VasOptions extends GlobalOptions {
  readonly user?: true
  readonly kernel?: true
  readonly locate?: AddressRange
  readonly csv?: string
}

/** An address space from the top of the kernel's half down to 0. */
export async function vas(pid: number, options: VasOptions): Promise<void> {
  using kernel = openKernel(options)
  const process = findProcessMm(kernel, pid)
  const seen = whileItLives(kernel, process, () => look(kernel, process, options))
  warn(seen, options)
  const pointer = showPointers(options)
  const hidesDistances = pointerMode(options) !== 'raw'
  if (options.csv !== undefined) writeCsv(options.csv, vasCsv(seen.parts, pointer, hidesDistances))
  const result = {
    json: () => vasJson(process, seen.parts, seen.totals, pointer, hidesDistances),
    text: (page: Page) => {
      const located = options.locate
      const shown = fold(seen.parts, located === undefined ? [] : [located])
      const places = located === undefined ? [] : locationLines(seen.parts, located)
      return [
        labelled(printable(`${process.comm} (PID ${process.pid}): `), SCALE, page.width),
        ...places.map((line) => `${printable(showMessage(line, options))}\n`),
        '\n',
        vasMap(shown, { page, pointer, hidesDistances, located }),
        seen.totals === undefined ? '' : `\n${totalsText(seen.totals, page.width)}`,
      ].join('')
    },
  }
  await present(result, options)
}

const SCALE = '█ in memory, ▒ in swap, ░ not; a line more is 64 times as much'

interface Seen {
  readonly parts: readonly Part[]
  readonly residency: Residency
  /** Of the user half, where it is shown. */
  readonly totals: Totals | undefined
}

function look(kernel: Kernel, { task, mm }: ProcessMm, options: VasOptions): Seen {
  const halves = {
    user: options.user === true || options.kernel !== true,
    kernel: options.kernel === true || options.user !== true,
  }
  const space = addressSpace(kernel)
  // As the paths are for whoever asks; in an image there is nobody to ask.
  const root = kernel.image === undefined ? kernel.current.fs.root : undefined
  const segments = processSegments(kernel, task, root)
  const residency = vmaResidency(kernel, mm, segments)
  const regions = halves.kernel ? kernelHalf(kernel) : []
  const parts = wholeSpace(space, segments, residency, regions, halves)
  const user = parts.filter(({ end }) => end <= space.user.last + 1n)
  const totals = halves.user
    ? totalsOf(user, space.user.last + 1n, residency, PAGE_SIZE)
    : undefined
  return { parts, residency, totals }
}

const PAGE_SIZE = 4096

/** What is incomplete says so. */
function warn({ residency: { skipped, outside } }: Seen, options: GlobalOptions): void {
  const tell = (text: string) => writeErr(`ksight: ${printable(showMessage(text, options))}\n`)
  for (const { level, why } of skipped.slice(0, 1)) {
    tell(`${skipped.length} page tables could not be read, the first a ${level} table: ${why}`)
  }
  if (outside.resident > 0) {
    tell(`${outside.resident >> 12} pages are in no mapping: they were mapped meanwhile`)
  }
}

function writeCsv(file: string, text: string): void {
  try {
    writeFileSync(file, text)
  } catch (error) {
    const why = (error as NodeJS.ErrnoException).code ?? String(error)
    throw new KsightError(`cannot write ${file}`, why, 'give another file')
  }
}
