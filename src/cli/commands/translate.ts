import { hex } from '../../bytes/hex.js'
import { NotFoundError, UsageError } from '../../errors.js'
import type { Kernel } from '../../kernel/kernel.js'
import { taskMm } from '../../kernel/mm.js'
import { mmPages } from '../../kernel/mm_pages.js'
import { type PageMapper, rmapWalk } from '../../kernel/rmap.js'
import type { UntypedView } from '../../object/kernel_types.js'
import { openKernel } from '../open.js'
import type { GlobalOptions } from '../options.js'
import { pagingMode } from '../paging_modes.js'
import { showPointers } from '../pointers.js'
import { present } from '../present.js'
import { mappersAsText } from '../render/mappers_text.js'
import { pagesAsText } from '../render/pages_text.js'
import { apartAsText, translationAsText } from '../render/translation_text.js'
import { type Translation, takeApart, translate as walkTo, whileSame } from '../translation.js'
import { apartAsJson, translationAsJson } from '../translation_json.js'

export interface TranslateOptions extends GlobalOptions {
  readonly pid?: number
  readonly mode?: string
  readonly all?: true
  readonly rmap?: true
}

/** An address taken apart, and walked through the page tables; or all pages of a process summed up. */
export async function translate(
  address: bigint | undefined,
  options: TranslateOptions,
): Promise<void> {
  if (options.all) return await everything(address, options)
  if (address === undefined) throw new UsageError('no address', 'there is nothing to translate')
  if (options.mode === undefined) await throughTables(address, options)
  else await asArithmetic(address, options.mode, options)
}

async function everything(address: bigint | undefined, options: TranslateOptions): Promise<void> {
  const { pid, mode } = options
  if (address !== undefined || mode !== undefined || options.rmap) {
    const what = '--all with an address, --mode or --rmap'
    throw new UsageError(what, 'it sums up all of a process')
  }
  if (pid === undefined) throw new UsageError('--all without a process', 'add -p PID')
  using kernel = openKernel(options)
  const task = findTask(kernel, pid)
  const mm = taskMm(task)
  if (mm === null) {
    throw new NotFoundError(`no address space of task ${pid}`, [], `${task.comm} has no mm`)
  }
  const comm: string = task.comm
  const pages = whileSame(kernel, task, () => mmPages(kernel, mm))
  const mapped = { pid, comm, mode: kernel.pageTables.mode.name, ...pages }
  await present({ json: () => mapped, text: () => pagesAsText(mapped) }, options)
}

/** Without any kernel. */
async function asArithmetic(
  address: bigint,
  name: string,
  options: TranslateOptions,
): Promise<void> {
  if (options.pid !== undefined || options.c !== undefined || options.rmap) {
    throw new UsageError('--mode with -p, --rmap or -c', 'it looks into no kernel')
  }
  const mode = pagingMode(name)
  const { signBit, halves } = mode.canonical
  if (halves === 'flat' && address >> BigInt(signBit) !== 0n) {
    throw new UsageError('wrong address', `${mode.name} has addresses of ${signBit} bits`)
  }
  const apart = takeApart(mode, address)
  await present(
    { json: () => apartAsJson(apart), text: (page) => apartAsText(apart, page) },
    options,
  )
}

async function throughTables(address: bigint, options: TranslateOptions): Promise<void> {
  using kernel = openKernel(options)
  const { pid } = options
  const task = pid === undefined ? undefined : findTask(kernel, pid)
  if (task === undefined && takeApart(kernel.pageTables.mode, address).half === 'lower') {
    throw new UsageError('no process given', 'each has user addresses of its own', 'add -p PID')
  }
  const read = () => walkTo(kernel, task, address)
  const found = task === undefined ? read() : whileSame(kernel, task, read)
  const mappers = options.rmap ? mappersOf(kernel, found) : undefined
  const show = showPointers(options)
  await present(
    {
      json: () => ({ ...translationAsJson(found, show), ...(mappers && mappersAsJson(mappers)) }),
      text: (page) => {
        const text = translationAsText(found, page, show)
        return mappers === undefined ? text : `${text}\n${mappersAsText(mappers)}`
      },
    },
    options,
  )
}

function mappersOf(kernel: Kernel, { walk, address }: Translation): PageMapper[] {
  if (walk?.end.kind === 'page') return rmapWalk(kernel, walk.end.physical >> 12n)
  throw new NotFoundError(
    `no page at ${hex(address)}`,
    [],
    'there is nothing that others could map',
  )
}

function mappersAsJson(mappers: readonly PageMapper[]) {
  return {
    mappers: mappers.map(({ pid, comm, address }) => ({ pid, comm, address: hex(address) })),
  }
}

function findTask(kernel: Kernel, pid: number): UntypedView {
  const found = kernel.findTask(pid)
  if (found !== undefined) return found
  throw new NotFoundError(`no task ${pid}`, [], 'no process or thread has this PID')
}
