import type { Kernel } from '../../kernel/kernel.js'
import { type Residency, vmaResidency } from '../../kernel/residency.js'
import { processSegments, type Segment } from '../../kernel/segments.js'
import { type TaskMem, taskMem } from '../../kernel/task_mem.js'
import type { LevelName } from '../../memory/paging/mode.js'
import { openKernel } from '../open.js'
import type { GlobalOptions } from '../options.js'
import { present } from '../present.js'
import { findProcessMm, type ProcessMm, whileItLives } from '../process_mm.js'
import { amountText } from '../render/amount_text.js'
import { printable } from '../render/printable.js'
import { type Column, table } from '../render/table.js'
import type { Page } from '../terminal.js'
import { sumOf } from '../vas/amounts.js'

/** What memory a process has: the kernel's counters, and beside them what its page tables say. */
export async function mem(pid: number, options: GlobalOptions): Promise<void> {
  using kernel = openKernel(options)
  const process = findProcessMm(kernel, pid)
  const seen = whileItLives(kernel, process, () => look(kernel, process))
  const { comm } = process
  const rows = rowsOf(seen)
  const result = {
    json: () => ({ pid: process.pid, comm, ...jsonOf(rows) }),
    text: ({ style, width }: Page) => {
      const title = style.bold(printable(`${comm} (PID ${process.pid})`))
      return `${title}\n\n${table(rows, COLUMNS, { style, width })}`
    },
  }
  await present(result, options)
}

interface Seen {
  readonly counted: TaskMem
  readonly vmas: readonly Segment[]
  readonly walked: Residency
}

function look(kernel: Kernel, { task, mm }: ProcessMm): Seen {
  const vmas = processSegments(kernel, task)
  const walked = vmaResidency(kernel, mm, vmas)
  kernel.drop()
  return { counted: taskMem(kernel, kernel.at('mm_struct', mm.$address)), vmas, walked }
}

/** An amount in bytes by both ways; undefined where one does not tell it. */
interface Row {
  readonly name: string
  readonly counted: bigint | undefined
  readonly walked: bigint | undefined
  readonly what: string
}

const PAGE_SIZE = 4096n

/** `mm->pgtables_bytes` has tables of the other levels. */
const UNCOUNTED: ReadonlySet<LevelName> = new Set(['PGD', 'P4D'])

/** A huge page of anonymous memory has a PTE table set aside, for when it is split (`pgtable_trans_huge_deposit()`). */
const PAGE_TABLES = 'page tables; the kernel also counts one set aside for each huge page'

function rowsOf({ counted, vmas, walked }: Seen): Row[] {
  const size = vmas.reduce((sum, { start, end }) => sum + (end - start), 0n)
  const { resident, swapped, huge, hugetlb, special } = sumOf(walked.vmas)
  const row = (name: string, counted?: bigint, walked?: bigint | number, what = ''): Row => {
    return { name, counted, walked: walked === undefined ? undefined : BigInt(walked), what }
  }
  const below = [...walked.tables].reduce((sum, [level, count]) => {
    return UNCOUNTED.has(level) ? sum : sum + count
  }, 0)
  return [
    row('VmSize', counted.size, size, `${vmas.length} mappings`),
    row('VmPeak', counted.peak, undefined, 'the most that it was'),
    row('VmRSS', counted.resident, resident, 'in memory'),
    row('VmHWM', counted.residentPeak, undefined, 'the most that it was'),
    row('RssAnon', counted.anonymous, undefined, 'of it: its own'),
    row('RssFile', counted.file, undefined, 'of files'),
    row('RssShmem', counted.shmem, undefined, 'shared memory'),
    ...byMapping(vmas, walked).map(([name, bytes]) => {
      return row(name, undefined, bytes, `of VmRSS: in ${name.trim()} mappings`)
    }),
    row('huge', undefined, huge, 'of VmRSS: in transparent huge pages'),
    row('VmSwap', counted.swap, swapped, 'in swap, without shared memory'),
    row('HugetlbPages', counted.hugetlb, hugetlb, 'apart from VmRSS'),
    row('special', undefined, special, 'page of zeros, memory of devices: no part of VmRSS'),
    row('VmData', counted.data, undefined, 'private mappings that may be written'),
    row('VmStk', counted.stack, undefined, 'main stack'),
    row('VmExe', counted.text, undefined, 'code of the program'),
    row('VmLib', counted.library, undefined, 'code of libraries'),
    row('VmLck', counted.locked, undefined, 'locked by mlock(2)'),
    row('VmPin', counted.pinned, undefined, 'pinned for devices'),
    row('VmPTE', counted.pageTables, BigInt(below) * PAGE_SIZE, PAGE_TABLES),
    ...[...walked.tables].map(([level, count]) => {
      return row(`  ${level}`, undefined, BigInt(count) * PAGE_SIZE, tables(count))
    }),
  ]
}

/**
 * What is in memory by what it is mapped as. The kernel counts otherwise: pages that a private mapping of a
 * file got of its own by writing are RssAnon, those of files in a tmpfs RssShmem.
 */
function byMapping(vmas: readonly Segment[], { vmas: walked }: Residency): [string, number][] {
  const sum = (wanted: (segment: Segment) => boolean) => {
    return sumOf(walked.filter((_, i) => wanted(vmas[i]!))).resident
  }
  const isShared = ({ kind }: Segment) => kind === 'shared memory' || kind === 'memfd'
  return [
    ['  anonymous', sum(({ file }) => file === undefined)],
    ['  file', sum((vma) => vma.file !== undefined && !isShared(vma))],
    ['  shared', sum(isShared)],
  ]
}

const tables = (count: number) => (count === 1 ? '1 table' : `${count} tables`)

const amount = (bytes: bigint | undefined) => (bytes === undefined ? '' : amountText(bytes))

const COLUMNS: readonly Column<Row>[] = [
  { title: 'AMOUNT', cell: ({ name }) => name },
  { title: 'KERNEL', align: 'right', cell: ({ counted }) => amount(counted) },
  { title: 'WALK', align: 'right', cell: ({ walked }) => amount(walked) },
  { title: 'WHAT', cell: ({ what }) => what },
]

/** Both amounts by the name of the row, in bytes. */
function jsonOf(rows: readonly Row[]) {
  const pick = (amount: (row: Row) => bigint | undefined) => {
    const known = rows.flatMap((row) => {
      const bytes = amount(row)
      return bytes === undefined ? [] : [[row.name.trim(), bytes] as const]
    })
    return Object.fromEntries(known)
  }
  return { counted: pick(({ counted }) => counted), walked: pick(({ walked }) => walked) }
}
