// Prints what ksight found out about the kernel, by each way to read its memory.
import { openKernel } from '../../../src/index.js'
import { findDirectMap } from '../../../src/kernel/find_vmcoreinfo.js'
import type { Kernel } from '../../../src/kernel/kernel.js'
import { liveHints } from '../../../src/live/hints.js'
import { VIAS, type Via } from '../../../src/live/open_memory.js'

const found = Object.fromEntries(VIAS.map((via) => [via, facts(via)]))
console.log(JSON.stringify(found, (_, value) => (typeof value === 'bigint' ? `${value}` : value)))

function facts(via: Via) {
  using kernel = openKernel({ via })
  return {
    facts: kernel.facts().map((fact) => (fact instanceof Error ? fact.message : fact)),
    initTask: kernel.initTask.$address,
    pageOffset: kernel.pageOffset,
    pageOffsetBySearch: searchPageOffset(kernel),
    kaslrOffset: kernel.kaslrOffset,
    vmcoreinfo: kernel.vmcoreinfo.text,
    vmcoreinfoAt: liveHints().vmcoreinfoPhysical,
    perCpuOffsets: kernel.cpus.map((cpu) => kernel.perCpuOffset(cpu)),
    threadSize: kernel.threadSize,
    stack: kernel.findTask(1)?.stack.$address,
  }
}

/** As on a kernel whose symbols do not tell page_offset_base. */
function searchPageOffset({ memory, release, initTask }: Kernel): bigint {
  const next = initTask.tasks.next.$address
  return findDirectMap(memory, release, liveHints().vmcoreinfoPhysical!, undefined, next).pageOffset
    .value
}
